#include "where_time_goes.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "protocols/crypto/hash.hpp"
#include "protocols/crypto/sign.hpp"
#include "tools/local/cluster.hpp"

namespace holdfast::bench {

namespace {

constexpr const char* names[] = {"actors, links, engines", "agreement log", "stores", "database's background", "compute pool", "timers",
                                 "other threads, callers"};
static_assert(std::size(names) == work_count);

work kind_of(const std::string& thread) {
  if (thread == "agreement-log") return work::agreement_log;
  if (thread == "store" || thread == "archive-sync") return work::stores;
  if (thread == "compute") return work::compute;
  if (thread.starts_with("rocksdb")) return work::database;
  if (thread == "caf.clock") return work::timers;
  return thread.starts_with("caf.") || thread.ends_with("_bench") ? work::actors : work::other;
}

std::uint64_t whole_process(pid_t pid) {
  std::string line;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), line);
  unsigned long user = 0, system = 0;
  auto behind_name = line.rfind(')');
  if (behind_name == std::string::npos) return 0;
  std::sscanf(line.c_str() + behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (user + system) * (1'000'000'000ull / static_cast<unsigned long>(sysconf(_SC_CLK_TCK)));
}

/// Threads that have ended are in the process' sum alone.
cpu_times of_process(pid_t pid) {
  cpu_times times{};
  std::error_code gone;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", gone)) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    std::uint64_t on_cpu_ns = 0;
    std::ifstream(thread.path() / "schedstat") >> on_cpu_ns;
    times[static_cast<std::size_t>(kind_of(name))] += on_cpu_ns;
  }
  auto known = std::accumulate(times.begin(), times.end(), std::uint64_t{0});
  times[static_cast<std::size_t>(work::other)] += std::max(whole_process(pid), known) - known;
  return times;
}

template <class Action>
double us_each(Action action) {
  constexpr int rounds = 2000;
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) action();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / rounds;
}

}  // namespace

cpu_account::cpu_account(const std::filesystem::path& profile) {
  tools::local_cluster cluster(std::filesystem::absolute(profile).parent_path(), {}, std::chrono::seconds(1), [](const std::string&) {},
                               [] { return false; });
  auto nodes = cluster.status();
  if (!nodes) return;
  for (const auto& node : *nodes) {
    if (node.pid != 0) nodes_.push_back(node.pid);
  }
}

std::map<pid_t, cpu_times> cpu_account::read() const {
  std::map<pid_t, cpu_times> all{{getpid(), of_process(getpid())}};
  for (auto pid : nodes_) all[pid] = of_process(pid);
  return all;
}

void cpu_account::print(double operations, const char* unit) const {
  struct column {
    const char* name;
    cpu_times sum{};
    int processes = 0;
  };
  std::array<column, 3> columns{{{"client"}, {"ring members"}, {"other nodes"}}};
  for (const auto& [pid, now] : read()) {
    auto spent = now;
    auto before = before_.find(pid);
    for (std::size_t i = 0; i < work_count && before != before_.end(); ++i) spent[i] -= std::min(spent[i], before->second[i]);
    auto member = spent[static_cast<std::size_t>(work::agreement_log)] > 0;
    auto& c = columns[pid == getpid() ? 0 : member ? 1 : 2];
    ++c.processes;
    for (std::size_t i = 0; i < work_count; ++i) c.sum[i] += spent[i];
  }
  std::printf("\nwhere the time goes: microseconds of processor, each %s\n%-26s", unit, "");
  for (const auto& c : columns) std::printf("%18s", (std::string(c.name) + " (" + std::to_string(c.processes) + ")").c_str());
  std::printf("%10s\n", "together");
  std::array<double, 4> totals{};
  auto line = [](const char* name, const std::array<double, 4>& values) {
    std::printf("%-26s%18.1f%18.1f%18.1f%10.1f\n", name, values[0], values[1], values[2], values[3]);
  };
  for (std::size_t i = 0; i < work_count; ++i) {
    std::array<double, 4> values{};
    for (std::size_t k = 0; k < columns.size(); ++k) {
      values[k] = static_cast<double>(columns[k].sum[i]) / 1000 / operations;
      values[3] += values[k];
    }
    for (std::size_t k = 0; k < values.size(); ++k) totals[k] += values[k];
    line(names[i], values);
  }
  line("together", totals);
}

void print_unit_costs(std::size_t update_bytes) {
  seeded_random random(1);
  auto key = crypto::signing_key::generate(random);
  bytes statement(100, 1), content(update_bytes, 2);
  auto sig = key.sign("bench", statement);
  auto sign_us = us_each([&] { sig = key.sign("bench", statement); });
  bool held = true;
  auto verify_us = us_each([&] { held = crypto::verify(key.pub(), "bench", statement, sig) && held; });
  auto hash_us = us_each([&] { content[0] ^= crypto::hash("bench", {content}).raw[0]; });
  std::printf("beside, on one thread now: sign %.1f us, check a signature %.1f us (each member once an update), hash %zu bytes %.1f us%s\n", sign_us,
              verify_us, update_bytes, hash_us, held ? "" : " (a signature did not hold)");
}

}  // namespace holdfast::bench

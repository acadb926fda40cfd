// Small updates through a running cluster: how long one takes with a single client, how many a second 64 threads get through, and where
// the processor's time goes while they do, if the profile is a local cluster's.
//
//   update_bench PROFILE [SECONDS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "actors/base/log.hpp"
#include "actors/client/client.hpp"
#include "tools/profile/profile_file.hpp"
#include "where_time_goes.hpp"

namespace {

using namespace holdfast;
using steady = std::chrono::steady_clock;

constexpr std::size_t update_bytes = 4096;
constexpr int writers = 64;

double ms_since(steady::time_point start) { return std::chrono::duration<double, std::milli>(steady::now() - start).count(); }

int fail_with(const error& e) {
  std::fprintf(stderr, "update_bench: %s\n", e.message().c_str());
  return 1;
}

/// Updates one file until the time is over; the latencies in ms.
std::vector<double> keep_updating(actors::client& client, const actors::file_handle& file, double seconds, std::atomic<int>& failures) {
  bytes content(update_bytes, 7);
  std::vector<double> latencies;
  auto start = steady::now();
  while (ms_since(start) < seconds * 1000) {
    auto began = steady::now();
    if (client.update(file, content)) {
      latencies.push_back(ms_since(began));
    } else {
      ++failures;
    }
  }
  return latencies;
}

void print(const char* what, std::vector<double> latencies, double seconds, int failures) {
  std::sort(latencies.begin(), latencies.end());
  if (latencies.empty()) latencies.push_back(0);
  auto at = [&](double part) { return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))]; };
  std::printf("%-44s %8.1f/s   p50 %7.2f ms   p99 %7.2f ms   failed %d\n", what, static_cast<double>(latencies.size()) / seconds, at(0.5), at(0.99),
              failures);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: update_bench PROFILE [SECONDS]\n");
    return 2;
  }
  auto seconds = argc > 2 ? std::atof(argv[2]) : 10.0;
  actors::log::options quiet;
  quiet.least = actors::log::level::error;
  actors::log::configure(quiet);
  auto profile = tools::load_profile(argv[1]);
  if (!profile) return fail_with(profile.error());
  auto client = actors::client::open(*profile);
  if (!client) return fail_with(client.error());

  std::vector<actors::file_handle> files;
  for (int i = 0; i < writers; ++i) {
    auto path = "bench/updates/" + std::to_string(i);
    bool sent = false;
    auto source = [&](mutable_bytes_view out) -> result<std::size_t> {
      if (std::exchange(sent, true)) return 0;
      out[0] = 1;
      return 1;
    };
    if (auto made = client->put(path, source); !made) return fail_with(made.error());
    auto file = client->find(path);
    if (!file) return fail_with(file.error());
    files.push_back(std::move(*file));
  }

  std::atomic<int> failures{0};
  print("4 kB updates, one client (aim: p50 <= 6 ms)", keep_updating(*client, files[0], seconds, failures), seconds, failures);
  failures = 0;
  std::vector<std::vector<double>> each(writers);
  bench::cpu_account account(argv[1]);
  account.begin();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < writers; ++i) threads.emplace_back([&, i] { each[i] = keep_updating(*client, files[i], seconds, failures); });
  }
  std::vector<double> all;
  for (const auto& latencies : each) all.insert(all.end(), latencies.begin(), latencies.end());
  print("4 kB updates, 64 at once (aim: >= 3000/s)", all, seconds, failures);
  account.print(static_cast<double>(std::max<std::size_t>(all.size(), 1)), "update");
  bench::print_unit_costs(update_bytes);
  return 0;
}

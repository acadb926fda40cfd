#include "tests/simulation/simulate.hpp"

#include <atomic>
#include <mutex>
#include <thread>

#include "tests/simulation/agreement/agreement_run.hpp"
#include "tests/simulation/dispersal/dispersal_run.hpp"
#include "tests/simulation/ring/ring_run.hpp"

namespace holdfast::simulation {

run_report simulate(const scenario& plan, std::uint64_t seed, bool tracing) {
  switch (plan.subject) {
    case subject_kind::agreement: return run_agreement(plan, seed, tracing);
    case subject_kind::dispersal: return run_dispersal(plan, seed, tracing);
    case subject_kind::ring: return run_ring(plan, seed, tracing);
  }
  return {};
}

sweep simulate_seeds(const scenario& plan, std::uint64_t first, std::uint64_t count, [[maybe_unused]] planted_bug bug) {
  sweep all;
  std::mutex mutex;
  std::atomic<std::uint64_t> next{first};
  std::atomic<bool> failed{false};
  auto work = [&] {
#ifdef HOLDFAST_PLANTED_BUGS
    planted_now() = bug;
#endif
    for (auto seed = next++; seed < first + count && !failed; seed = next++) {
      auto report = simulate(plan, seed);
      std::lock_guard lock(mutex);
      ++all.runs;
      all.events += report.events;
      for (const auto& [name, number] : report.counts) all.counts[name] += number;
      if (report.violations.empty()) continue;
      failed = true;
      if (all.failed_seed && *all.failed_seed < seed) continue;
      all.failed_seed = seed;
      all.failure = std::move(report);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  work();
  for (auto& t : threads) t.join();
  return all;
}

std::string repeat_command(const scenario& plan, std::uint64_t seed) {
  return HOLDFAST_SIMULATION_PROGRAM " --run_test=one_seed -- --scenario " + plan.name + " --seed " + std::to_string(seed) + " --trace";
}

}  // namespace holdfast::simulation

// Runs scenarios: one seed, or a range of them on all cores; and says how to repeat what failed.
#pragma once

#include "protocols/base/plant.hpp"
#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"

namespace holdfast::simulation {

/// One run. The same arguments give the same report, on every machine.
run_report simulate(const scenario& plan, std::uint64_t seed, bool tracing = false);

/// What came of a range of seeds.
struct sweep {
  std::uint64_t runs = 0, events = 0;
  std::map<std::string, std::uint64_t> counts;
  std::optional<std::uint64_t> failed_seed;  ///< the least one that failed
  run_report failure;                        ///< its report
};

/// Runs the seeds [first, first + count) on all cores. Stops soon after a failure. `bug` is planted in each run; only a build
/// with planted bugs has any.
sweep simulate_seeds(const scenario& plan, std::uint64_t first, std::uint64_t count, planted_bug bug = planted_bug::none);

/// The command that repeats a run and prints what happens in it.
std::string repeat_command(const scenario& plan, std::uint64_t seed);

}  // namespace holdfast::simulation

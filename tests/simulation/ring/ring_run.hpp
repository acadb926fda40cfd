#pragma once

#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"

namespace holdfast::simulation {

/// One run of a scenario whose subject is `ring`: the ring engine as a whole, and its clients.
run_report run_ring(const scenario& plan, std::uint64_t seed, bool tracing);

}  // namespace holdfast::simulation

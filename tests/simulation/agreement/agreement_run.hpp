// One run of an agreement scenario: a ring, its clients, the seed's faults and liars; then healing; then the questions whether
// everything asked for is done, known to all, done once, and whether the ring has its wits back.
#pragma once

#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"

namespace holdfast::simulation {

run_report run_agreement(const scenario& plan, std::uint64_t seed, bool tracing);

}  // namespace holdfast::simulation

// One run of a dispersal scenario: archive servers, writers and readers, the seed's faults and liars; then healing; then every
// acknowledged block is read while as many of its servers as its coding allows are lost.
#pragma once

#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"

namespace holdfast::simulation {

run_report run_dispersal(const scenario& plan, std::uint64_t seed, bool tracing);

}  // namespace holdfast::simulation

// Proof that the simulator can fail: each planted bug is caught within a stated number of seeds, and the same seeds pass without it.
#include <iostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/simulation/simulate.hpp"

using namespace holdfast;
using namespace holdfast::simulation;

namespace {

struct planting {
  std::string name;
  planted_bug bug;
  std::string scenario;   ///< in which it is caught
  std::uint64_t seeds;    ///< within so many
};

std::ostream& operator<<(std::ostream& out, const planting& p) { return out << p.name << " in " << p.scenario; }

const std::vector<planting> plantings{
    {"a vote before fsync", planted_bug::vote_before_fsync, "attrition", 10},
    {"a skipped hash check of a batch", planted_bug::skipped_hash_check, "forging_primary", 40},
    {"a skipped hash check of a fragment", planted_bug::skipped_hash_check, "dispersal_liars", 40},
    {"an accepted duplicate", planted_bug::accepted_duplicate, "weather", 10},
    {"a prepare counted twice", planted_bug::prepare_counted_twice, "weather", 40},
    {"a view change that forgets a prepared batch", planted_bug::view_change_forgets_prepared, "partitions", 60},
    {"a receipt before the write is durable", planted_bug::receipt_before_durable, "dispersal_calm", 10},
    {"a vote before fsync, with the whole engine", planted_bug::vote_before_fsync, "ring_attrition", 120},
    {"a read that asks one member what it must see", planted_bug::read_without_quorum, "ring_old_answers", 40},
    {"an absence claimed before the log is executed", planted_bug::absence_before_execution, "ring_alone", 40},
    {"a replica's head that goes back", planted_bug::head_goes_back, "dispersal_calm", 10},
};

scenario load(const std::string& name) {
  auto plan = parse_scenario(std::filesystem::path(HOLDFAST_SCENARIOS) / (name + "_sim.toml"));
  BOOST_REQUIRE_MESSAGE(plan, (plan ? "" : plan.error().message()));
  return *plan;
}

}  // namespace

BOOST_DATA_TEST_CASE(a_planted_bug_is_caught, boost::unit_test::data::make(plantings), planting) {
  auto plan = load(planting.scenario);
  auto found = simulate_seeds(plan, 0, planting.seeds, planting.bug);
  BOOST_REQUIRE_MESSAGE(found.failed_seed, planting.name << " was not caught in " << planting.seeds << " seeds of " << plan.name);
  std::cout << planting.name << ": caught by seed " << *found.failed_seed << " of " << plan.name << "\n  " << found.failure.violations.front()
            << '\n';
  auto sound = simulate_seeds(plan, *found.failed_seed, 1);
  BOOST_TEST(!sound.failed_seed);
}

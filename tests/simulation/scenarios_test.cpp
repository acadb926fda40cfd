// Every scenario over its seeds. After `--`, or by environment:
//   --scenario NAME    only this one
//   --seed N           only this seed (with --trace: print what happens)
//   --first N          the first seed (HOLDFAST_SIM_FIRST); else 0
//   --seeds N          how many of each scenario (HOLDFAST_SIM_SEEDS); else what the scenario says
#include <cstdlib>
#include <iostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/simulation/simulate.hpp"

using namespace holdfast;
using namespace holdfast::simulation;

namespace {

struct options {
  std::string only;
  std::optional<std::uint64_t> seed, first, seeds;
  bool tracing = false;
};

std::optional<std::uint64_t> from_environment(const char* name) {
  auto text = std::getenv(name);
  return text ? std::optional<std::uint64_t>(std::stoull(text)) : std::nullopt;
}

options read_options() {
  options o;
  o.first = from_environment("HOLDFAST_SIM_FIRST");
  o.seeds = from_environment("HOLDFAST_SIM_SEEDS");
  auto& suite = boost::unit_test::framework::master_test_suite();
  for (int i = 1; i < suite.argc; ++i) {
    std::string name = suite.argv[i];
    if (name == "--trace") {
      o.tracing = true;
      continue;
    }
    BOOST_REQUIRE_MESSAGE(i + 1 < suite.argc, "option " << name << " needs a value");
    std::string value = suite.argv[++i];
    if (name == "--scenario") {
      o.only = value;
    } else if (name == "--seed") {
      o.seed = std::stoull(value);
    } else if (name == "--first") {
      o.first = std::stoull(value);
    } else if (name == "--seeds") {
      o.seeds = std::stoull(value);
    } else {
      BOOST_FAIL("unknown option " << name << " (known: --scenario, --seed, --first, --seeds, --trace)");
    }
  }
  return o;
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(HOLDFAST_SCENARIOS)) {
    auto file = entry.path().filename().string();
    if (file.ends_with("_sim.toml")) names.push_back(file.substr(0, file.size() - std::string_view("_sim.toml").size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

scenario load(const std::string& name) {
  auto plan = parse_scenario(std::filesystem::path(HOLDFAST_SCENARIOS) / (name + "_sim.toml"));
  BOOST_REQUIRE_MESSAGE(plan, (plan ? "" : plan.error().message()));
  return *plan;
}

void print(const std::map<std::string, std::uint64_t>& counts) {
  for (const auto& [name, number] : counts) std::cout << "  " << name << ' ' << number;
  std::cout << '\n';
}

void blame(const scenario& plan, std::uint64_t seed, const run_report& report) {
  std::string sentences;
  for (const auto& v : report.violations) sentences += "\n  " + v;
  BOOST_ERROR(plan.name << " fails with seed " << seed << ':' << sentences << "\n  repeat: " << repeat_command(plan, seed));
}

}  // namespace

BOOST_DATA_TEST_CASE(scenario_holds, boost::unit_test::data::make(scenario_names()), name) {
  auto o = read_options();
  if (o.seed || (!o.only.empty() && o.only != name)) return;
  auto plan = load(name);
  auto found = simulate_seeds(plan, o.first.value_or(0), o.seeds.value_or(plan.seeds));
  std::cout << name << ": " << found.runs << " runs, " << found.events << " events";
  print(found.counts);
  if (found.failed_seed) blame(plan, *found.failed_seed, found.failure);
}

BOOST_AUTO_TEST_CASE(one_seed) {
  auto o = read_options();
  if (!o.seed || o.only.empty()) return;
  auto plan = load(o.only);
  auto report = simulate(plan, *o.seed, o.tracing);
  std::cout << plan.name << " seed " << *o.seed << ": " << report.events << " events, trace " << std::hex << report.trace_hash << std::dec;
  print(report.counts);
  if (!report.violations.empty()) blame(plan, *o.seed, report);
}

BOOST_DATA_TEST_CASE(the_same_seed_runs_the_same, boost::unit_test::data::make(scenario_names()), name) {
  auto plan = load(name);
  auto once = simulate(plan, 1), again = simulate(plan, 1), other = simulate(plan, 2);
  BOOST_TEST(once.trace_hash == again.trace_hash);
  BOOST_TEST(once.events == again.events);
  BOOST_TEST(once.trace_hash != other.trace_hash);
}

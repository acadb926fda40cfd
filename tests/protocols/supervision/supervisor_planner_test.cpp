// OTP's rules, and that a supervisor under random deaths keeps them.
#include "protocols/supervision/supervisor_planner.hpp"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

#include "protocols/base/random.hpp"

namespace holdfast::supervision {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

supervisor_spec family(strategy how, restart policy = restart::permanent) {
  return {.id = "s", .how = how, .children = {{"a", policy}, {"b", policy}, {"c", policy}}};
}

supervisor_planner running(supervisor_spec spec, instant now) {
  auto planner = *supervisor_planner::make(spec);
  planner.start(now);
  for (const auto& child : spec.children) planner.on_started(child.id, now);
  return planner;
}

std::string text(const actions& list) {
  std::string out;
  for (const auto& a : list) {
    if (!out.empty()) out += ' ';
    if (auto* x = std::get_if<start_child>(&a)) out += "+" + x->child;
    if (auto* x = std::get_if<stop_child>(&a)) out += "-" + x->child;
    if (auto* x = std::get_if<wait>(&a)) out += "wait(" + std::to_string(x->delay.count() / 1000) + ")";
    if (auto* x = std::get_if<supervisor_report>(&a)) out += "!" + x->offender;
    if (std::get_if<escalate>(&a)) out += "escalate";
    if (std::get_if<stopped>(&a)) out += "stopped";
  }
  return out;
}

const death broken{false, "broken"};
const death done{true, "done"};
const instant t0{seconds(10)};

BOOST_AUTO_TEST_CASE(children_start_in_order_and_stop_in_reverse) {
  auto p = *supervisor_planner::make(family(strategy::one_for_one));
  BOOST_TEST(text(p.start(t0)) == "+a");
  BOOST_TEST(text(p.on_started("a", t0)) == "+b");
  BOOST_TEST(text(p.on_started("b", t0)) == "+c");
  BOOST_TEST(text(p.on_started("c", t0)) == "");
  BOOST_TEST(text(p.stop(t0)) == "-c");
  BOOST_TEST(text(p.on_died("c", done, t0)) == "-b");
  BOOST_TEST(text(p.on_died("b", broken, t0)) == "!b -a");
  BOOST_TEST(text(p.on_died("a", done, t0)) == "stopped");
  BOOST_TEST(p.finished());
}

BOOST_AUTO_TEST_CASE(one_for_one_restarts_the_one) {
  auto p = running(family(strategy::one_for_one), t0);
  BOOST_TEST(text(p.on_died("b", broken, t0)) == "!b +b");
  BOOST_TEST(text(p.on_started("b", t0)) == "");
  BOOST_TEST(p.children()[1].restarts == 1u);
  BOOST_TEST(p.children()[1].last_death == "broken");
}

BOOST_AUTO_TEST_CASE(rest_for_one_restarts_those_behind_it) {
  auto p = running(family(strategy::rest_for_one), t0);
  BOOST_TEST(text(p.on_died("b", broken, t0)) == "!b -c");
  BOOST_TEST(text(p.on_died("c", done, t0)) == "+b");
  BOOST_TEST(text(p.on_started("b", t0)) == "+c");
}

BOOST_AUTO_TEST_CASE(one_for_all_stops_everything_before_anything_starts) {
  auto p = running(family(strategy::one_for_all), t0);
  BOOST_TEST(text(p.on_died("b", broken, t0)) == "!b -c");
  BOOST_TEST(text(p.on_died("c", done, t0)) == "-a");
  BOOST_TEST(text(p.on_died("a", done, t0)) == "+a");
  BOOST_TEST(text(p.on_started("a", t0)) == "+b");
  BOOST_TEST(text(p.on_started("b", t0)) == "+c");
}

BOOST_AUTO_TEST_CASE(a_death_within_a_groups_restart_joins_it) {
  auto p = running(family(strategy::rest_for_one), t0);
  BOOST_TEST(text(p.on_died("b", broken, t0)) == "!b -c");
  BOOST_TEST(text(p.on_died("a", broken, t0)) == "!a");
  BOOST_TEST(text(p.on_died("c", done, t0)) == "+a");
  BOOST_TEST(text(p.on_started("a", t0)) == "+b");
}

BOOST_AUTO_TEST_CASE(waiting_doubles_to_its_longest_and_forgets_after_a_settled_run) {
  auto spec = family(strategy::one_for_one);
  spec.intensity = 100;
  spec.wait = {milliseconds(100), milliseconds(350), seconds(30)};
  auto p = running(spec, t0);
  BOOST_TEST(text(p.on_died("a", broken, t0)) == "!a +a");
  for (auto* expected : {"!a wait(100)", "!a wait(200)", "!a wait(350)", "!a wait(350)"}) {
    auto out = p.on_died("a", broken, t0);
    BOOST_TEST(text(out) == expected);
    BOOST_TEST(text(p.on_timer(std::get<wait>(out.back()).timer, t0)) == "+a");
  }
  p.on_started("a", t0);
  BOOST_TEST(text(p.on_died("a", broken, t0 + seconds(30))) == "!a +a");
}

BOOST_AUTO_TEST_CASE(a_waiting_group_starts_nothing_of_itself) {
  auto spec = family(strategy::one_for_all);
  auto p = running(spec, t0);
  auto fall = [&](const char* who) {
    auto out = p.on_died(who, broken, t0);
    for (auto* other : {"c", "b", "a"}) {
      if (std::string(other) != who) {
        for (auto& a : p.on_died(other, done, t0)) out.push_back(a);
      }
    }
    return out;
  };
  BOOST_TEST(text(fall("b")) == "!b -c -a +a");
  for (auto* child : {"a", "b", "c"}) p.on_started(child, t0);
  auto out = fall("b");
  BOOST_TEST(text(out) == "!b wait(100) -c -a");
  BOOST_TEST(text(p.on_timer(1, t0)) == "+a");
}

BOOST_AUTO_TEST_CASE(restart_policies) {
  auto transient = running(family(strategy::one_for_one, restart::transient), t0);
  BOOST_TEST(text(transient.on_died("a", done, t0)) == "");
  BOOST_TEST(text(transient.on_died("b", broken, t0)) == "!b +b");
  auto temporary = running(family(strategy::one_for_one, restart::temporary), t0);
  BOOST_TEST(text(temporary.on_died("a", broken, t0)) == "!a");
  BOOST_TEST(temporary.children().size() == 2u);
  auto permanent = running(family(strategy::one_for_one), t0);
  BOOST_TEST(text(permanent.on_died("a", done, t0)) == "+a");
}

BOOST_AUTO_TEST_CASE(too_many_deaths_escalate_after_everything_stopped) {
  auto spec = family(strategy::one_for_one);
  spec.intensity = 2;
  spec.window = seconds(10);
  auto p = running(spec, t0);
  p.on_died("a", broken, t0);
  p.on_started("a", t0);
  p.on_died("b", broken, t0 + seconds(1));
  p.on_started("b", t0 + seconds(1));
  BOOST_TEST(text(p.on_died("c", broken, t0 + seconds(2))) == "!c -b");
  BOOST_TEST(text(p.on_died("b", done, t0 + seconds(2))) == "-a");
  auto out = p.on_died("a", done, t0 + seconds(2));
  BOOST_REQUIRE(text(out) == "escalate");
  BOOST_TEST((std::get<escalate>(out[0]).last == supervisor_report{"s", context::child_terminated, "broken", "c"}));
  BOOST_TEST(p.finished());
}

BOOST_AUTO_TEST_CASE(deaths_outside_the_window_do_not_count) {
  auto spec = family(strategy::one_for_one);
  spec.intensity = 1;
  spec.window = seconds(10);
  auto p = running(spec, t0);
  for (int i = 1; i < 20; ++i) {
    auto now = t0 + seconds(60 * i);
    BOOST_TEST(text(p.on_died("a", broken, now)) == "!a +a");
    p.on_started("a", now);
  }
}

BOOST_AUTO_TEST_CASE(a_failed_start_is_reported_as_one) {
  auto p = *supervisor_planner::make(family(strategy::one_for_one));
  p.start(t0);
  auto out = p.on_died("a", broken, t0);
  BOOST_TEST((std::get<supervisor_report>(out[0]).what == context::start_error));
}

BOOST_AUTO_TEST_CASE(children_come_and_go) {
  auto p = running(family(strategy::one_for_one), t0);
  BOOST_TEST(text(*p.add({"d"}, t0)) == "+d");
  BOOST_TEST(p.add({"d"}, t0).error().is(errc::already_exists));
  BOOST_TEST(text(*p.remove("b", t0)) == "-b");
  BOOST_TEST(text(p.on_died("b", done, t0)) == "");
  BOOST_TEST(p.children().size() == 3u);
  BOOST_TEST(p.remove("b", t0).error().is(errc::not_found));
  p.stop(t0);
  BOOST_TEST(p.add({"e"}, t0).error().is(errc::unavailable));
}

BOOST_AUTO_TEST_CASE(bad_specifications_are_refused) {
  auto twice = family(strategy::one_for_one);
  twice.children[1].id = "a";
  BOOST_TEST(!supervisor_planner::make(twice));
  auto nameless = family(strategy::one_for_one);
  nameless.children[0].id.clear();
  BOOST_TEST(!supervisor_planner::make(nameless));
  auto timeless = family(strategy::one_for_one);
  timeless.window = {};
  BOOST_TEST(!supervisor_planner::make(timeless));
}

// Under any interleaving: never two lives of one child, stops only of what lives, and all come back once deaths cease.
BOOST_AUTO_TEST_CASE(random_deaths_never_confuse_it) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    seeded_random random(seed);
    auto spec = family(static_cast<strategy>(seed % 3));
    spec.intensity = 1000;
    auto p = *supervisor_planner::make(spec);
    auto now = t0;
    enum { down, starting, up, stopping };
    std::map<std::string, int> children{{"a", down}, {"b", down}, {"c", down}};
    std::set<std::uint64_t> timers;
    auto carry_out = [&](const actions& list) {
      for (const auto& a : list) {
        if (auto* x = std::get_if<start_child>(&a)) {
          BOOST_REQUIRE(children[x->child] == down);
          children[x->child] = starting;
        } else if (auto* y = std::get_if<stop_child>(&a)) {
          BOOST_REQUIRE((children[y->child] == starting || children[y->child] == up));
          children[y->child] = stopping;
        } else if (auto* z = std::get_if<wait>(&a)) {
          timers.insert(z->timer);
        }
      }
    };
    auto settle_one = [&](bool may_die) {
      now += milliseconds(10);
      auto child = std::next(children.begin(), random.below(3));
      if (child->second == starting && (!may_die || random.below(4) != 0)) {
        child->second = up;
        carry_out(p.on_started(child->first, now));
      } else if (child->second == stopping || (may_die && child->second != down)) {
        child->second = down;
        carry_out(p.on_died(child->first, broken, now));
      } else if (!timers.empty()) {
        auto timer = *timers.begin();
        timers.erase(timers.begin());
        carry_out(p.on_timer(timer, now));
      }
    };
    carry_out(p.start(now));
    for (int i = 0; i < 200; ++i) settle_one(true);
    for (int i = 0; i < 200; ++i) settle_one(false);
    for (const auto& [id, state] : children) BOOST_REQUIRE(state == up);
  }
}

}  // namespace
}  // namespace holdfast::supervision

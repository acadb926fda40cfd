// The detector under rhythms it must learn, jitter it must forgive and silences it must call by name.
#include "protocols/membership/failure_detector.hpp"

#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"

namespace holdfast::membership {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

node_id peer(std::uint8_t n) {
  node_id id;
  id.raw[0] = n;
  return id;
}

struct world {
  failure_detector detector{detector_config{}};
  seeded_random random{7};
  instant now{seconds(100)};
  std::vector<failure_detector::change> changes;

  // Runs for `length`: the detector polls every 100 ms, and peer 1 beats every 200 ms plus up to `jitter` unless `silent`.
  void run(duration length, duration jitter, bool silent = false) {
    auto end = now + length;
    auto beat = now + milliseconds(200);
    auto poll = now + milliseconds(100);
    while (std::min(beat, poll) <= end) {
      now = std::min(beat, poll);
      if (now == poll) {
        for (const auto& c : detector.poll(now)) changes.push_back(c);
        poll += milliseconds(100);
      } else {
        if (!silent) {
          if (auto c = detector.heard(peer(1), now)) changes.push_back(*c);
        }
        beat += milliseconds(200) + duration(jitter.count() ? random.below(jitter.count()) : 0);
      }
    }
    now = end;
  }
};

BOOST_AUTO_TEST_CASE(a_steady_peer_is_never_suspected_and_its_silence_is_noticed_soon) {
  world w;
  w.detector.watch(peer(1), w.now);
  w.run(seconds(60), milliseconds(20));
  BOOST_TEST(w.changes.empty());
  auto learnt = w.detector.judge(peer(1), w.now);
  BOOST_REQUIRE(learnt);
  BOOST_TEST(learnt->suspect_after.count() <= 800'000);

  w.run(seconds(5), {}, true);
  BOOST_REQUIRE(w.changes.size() == 2u);
  BOOST_TEST((w.changes[0].now == verdict::suspect));
  BOOST_TEST(w.changes[0].silent.count() <= 900'000);
  BOOST_TEST((w.changes[1].now == verdict::unreachable));
  BOOST_TEST(w.changes[1].silent.count() <= 3'500'000);

  w.run(seconds(1), {});
  BOOST_REQUIRE(w.changes.size() == 3u);
  BOOST_TEST((w.changes[2].before == verdict::unreachable));
  BOOST_TEST((w.changes[2].now == verdict::alive));
}

BOOST_AUTO_TEST_CASE(jitter_is_learnt) {
  world w;
  w.detector.watch(peer(1), w.now);
  w.run(seconds(120), milliseconds(1500));
  auto early = w.changes.size();
  w.changes.clear();
  w.run(seconds(600), milliseconds(1500));
  BOOST_TEST(early <= 6u);
  BOOST_TEST(w.changes.size() <= 4u);
  for (const auto& c : w.changes) BOOST_TEST((c.now != verdict::unreachable));
}

BOOST_AUTO_TEST_CASE(an_outage_does_not_blind_the_detector) {
  world w;
  w.detector.watch(peer(1), w.now);
  w.run(seconds(30), {});
  auto before = w.detector.judge(peer(1), w.now)->suspect_after;
  w.run(seconds(60), {}, true);
  w.run(milliseconds(400), {});
  BOOST_TEST((w.detector.judge(peer(1), w.now)->suspect_after == before));
}

BOOST_AUTO_TEST_CASE(own_sleep_is_held_against_nobody) {
  world w;
  w.detector.watch(peer(1), w.now);
  w.run(seconds(30), {});
  w.now += seconds(30);  // this process was frozen; the first thing it does is to poll
  BOOST_TEST(w.detector.poll(w.now).empty());
  w.run(seconds(10), {});
  BOOST_TEST(w.changes.empty());
}

BOOST_AUTO_TEST_CASE(a_broken_connection_is_suspected_at_once) {
  world w;
  w.detector.watch(peer(1), w.now);
  w.run(seconds(10), {});
  auto c = w.detector.disconnected(peer(1), w.now);
  BOOST_REQUIRE(c);
  BOOST_TEST((c->now == verdict::suspect));
  BOOST_TEST(!w.detector.disconnected(peer(1), w.now));
  auto again = w.detector.heard(peer(1), w.now + milliseconds(100));
  BOOST_REQUIRE(again);
  BOOST_TEST((again->now == verdict::alive));

  w.run(seconds(1), {});
  w.detector.disconnected(peer(1), w.now);
  w.run(seconds(1), {}, true);
  BOOST_REQUIRE(!w.changes.empty());
  BOOST_TEST((w.changes.back().now == verdict::unreachable));
  BOOST_TEST(w.changes.back().silent.count() < 1'500'000);
}

BOOST_AUTO_TEST_CASE(a_busy_peer_is_not_held_to_its_busiest_rhythm) {
  world w;
  w.detector.watch(peer(1), w.now);
  for (int i = 0; i < 10'000; ++i) {
    w.now += milliseconds(1);
    w.detector.heard(peer(1), w.now);
    if (i % 100 == 0) BOOST_TEST(w.detector.poll(w.now).empty());
  }
  w.run(seconds(20), {});
  BOOST_TEST(w.changes.empty());
}

BOOST_AUTO_TEST_CASE(tables_are_bounded_and_strangers_ignored) {
  detector_config small;
  small.peers_max = 2;
  failure_detector d(small);
  instant now{seconds(1)};
  BOOST_TEST(d.watch(peer(1), now));
  BOOST_TEST(d.watch(peer(2), now));
  BOOST_TEST(!d.watch(peer(3), now));
  BOOST_TEST(!d.heard(peer(3), now));
  BOOST_TEST(!d.disconnected(peer(3), now));
  BOOST_TEST(!d.judge(peer(3), now));
  d.forget(peer(1));
  BOOST_TEST(d.watch(peer(3), now));
}

BOOST_AUTO_TEST_CASE(unordered_times_are_refused) {
  BOOST_TEST(check(detector_config{}).has_value());
  detector_config c;
  c.suspect_min = c.heartbeat;
  BOOST_TEST(!check(c).has_value());
  c = {};
  c.unreachable_max = seconds(1);
  BOOST_TEST(!check(c).has_value());
}

}  // namespace
}  // namespace holdfast::membership

#include <boost/test/unit_test.hpp>

#include "tests/protocols/agreement/ring_pump.hpp"

using namespace holdfast;
using namespace holdfast::agreement;
using namespace holdfast::agreement::test;

BOOST_AUTO_TEST_CASE(a_log_gives_back_what_was_executed) {
  for (std::size_t n : {1, 3, 4}) {
    ring_pump ring(n);
    ring.run_for(50ms);
    for (int i = 0; i < 300; ++i) {
      ring.submit(0, std::to_string(i));
      ring.executed_everywhere(static_cast<std::size_t>(i) + 1);
    }
    auto before = ring.members[0].executed;
    for (seat_index i = 0; i < n; ++i) ring.kill(i);
    for (seat_index i = 0; i < n; ++i) ring.start(i);
    ring.submit(0, "after");
    BOOST_TEST(ring.executed_everywhere(301, 10s), "n = " << n);
    before.push_back("after");
    BOOST_TEST(ring.members[0].executed == before);
    BOOST_TEST(ring.agree());
  }
}

BOOST_AUTO_TEST_CASE(a_laggard_fetches_what_it_missed_despite_a_lying_donor) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(3);
  for (int i = 0; i < 500; ++i) {
    ring.submit(0, std::to_string(i));
    ring.executed_everywhere(static_cast<std::size_t>(i) + 1);
  }
  std::size_t lies = 0;
  ring.filter = [&](seat_index from, seat_index to, const message& m) {
    auto* answer = std::get_if<batches>(&m);
    if (from != 1 || !answer) return true;
    batches lie = *answer;
    for (auto& entry : lie.list) {
      entry.body = batch{{1}, {text("lie")}};
      entry.batch_digest = digest_of(*entry.body);
    }
    ++lies;
    ring.at(100us, [&ring, to, lie] { if (ring.members[to].engine) ring.members[to].engine->on_message(ring.reading(), 1, lie); });
    return false;
  };
  ring.start(3);
  BOOST_TEST(ring.executed_everywhere(500, 30s));
  BOOST_TEST(lies > 0u);
  BOOST_TEST(ring.agree());
  ring.run_for(2s);
  BOOST_TEST(ring.members[3].engine->stable() == ring.members[0].engine->stable());
  BOOST_TEST(ring.saw(3, event_kind::caught_up));
}

BOOST_AUTO_TEST_CASE(no_crash_makes_a_replica_vote_twice) {
  // Crashes after random steps; each prepare and pre-prepare that ever left is compared by seat, view and sequence.
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    ring_pump ring(4, seed);
    std::map<std::tuple<seat_index, std::uint64_t, std::uint64_t>, digest> said;
    bool twice = false;
    ring.filter = [&](seat_index from, auto, const message& m) {
      auto note = [&](const ballot& what) {
        auto [at, fresh] = said.try_emplace({from, what.view, what.sequence}, what.batch);
        twice |= !fresh && at->second != what.batch;
      };
      if (auto* p = std::get_if<prepare>(&m)) note(p->what);
      if (auto* p = std::get_if<pre_prepare>(&m)) note(p->what);
      if (auto* c = std::get_if<commit>(&m)) note(c->what);
      return true;
    };
    for (int i = 0; i < 60; ++i) {
      ring.at(20ms * i + 50ms, [&ring, i] {
        for (seat_index s = 0; s < 4; ++s) ring.submit(s, std::to_string(i) + "/" + std::to_string(s));
      });
      if (i % 3 != 0) continue;
      ring.at(duration(20000 * i + 50000 + ring.random.below(3000)), [&ring] { ring.restart(static_cast<seat_index>(ring.random.below(4))); });
    }
    ring.run_for(2s);
    BOOST_TEST(!twice, "seed " << seed);
    BOOST_TEST(ring.agree());
    auto before = ring.members[0].executed.size();
    ring.submit(1, "alive");
    BOOST_TEST(ring.run_until([&] { return ring.members[0].executed.size() > before; }, 30s), "seed " << seed);
  }
}

BOOST_AUTO_TEST_CASE(agreement_and_liveness_under_loss_crashes_and_partitions) {
  for (std::size_t n : {3, 4, 7}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      ring_pump ring(n, seed * 100 + n);
      ring.loss_percent = 5;
      ring.duplicate_percent = 5;
      ring.jitter_us = 20000;
      ring.run_for(500ms);
      seat_index cut = 0;
      bool partition = false;
      ring.filter = [&](seat_index from, seat_index to, const message&) { return !partition || (from != cut && to != cut); };
      for (int i = 0; i < 100; ++i) {
        ring.at(100ms * i, [&ring, i, n] { ring.submit(static_cast<seat_index>(i % n), "r" + std::to_string(i)); });
      }
      for (int i = 0; i < 5; ++i) {
        ring.at(2s * i + 100ms, [&] { cut = static_cast<seat_index>(ring.random.below(n)), partition = true; });
        ring.at(2s * i + 1s, [&] { partition = false, ring.restart(static_cast<seat_index>(ring.random.below(n))); });
      }
      ring.run_for(12s);
      partition = false;
      ring.loss_percent = 0;
      ring.jitter_us = 200;
      ring.submit(0, "last");
      ring.submit(1, "last");
      auto done = [&] {
        return std::all_of(ring.members.begin(), ring.members.end(),
                           [](auto& m) { return std::find(m.executed.begin(), m.executed.end(), "last") != m.executed.end(); });
      };
      BOOST_TEST(ring.run_until(done, 120s), "n = " << n << ", seed " << seed);
      BOOST_TEST(ring.agree(), "n = " << n << ", seed " << seed);
      for (seat_index i = 0; i < n; ++i) BOOST_TEST(!ring.saw(i, event_kind::diverged));
    }
  }
}

BOOST_AUTO_TEST_CASE(without_its_log_a_replica_is_mute_until_it_is_safe_and_an_idle_ring_goes_on_for_its_sake) {
  for (seat_index lost : {3u, 0u}) {  // a backup, and the primary
    ring_pump ring(4);
    ring.run_for(50ms);
    for (int i = 0; i < 200; ++i) {
      ring.submit(0, std::to_string(i));
      ring.executed_everywhere(static_cast<std::size_t>(i) + 1);
    }
    auto voted_through = ring.members[lost].engine->committed();
    ring.kill(lost);
    ring.members[lost].log.clear();  // not even flagged: the peers' memory of its boots tells
    ring.start(lost);
    std::uint64_t lowest_vote = ~std::uint64_t{0};
    ring.filter = [&](seat_index from, auto, const message& m) {
      auto note = [&](std::uint64_t sequence) {
        if (from == lost) lowest_vote = std::min(lowest_vote, sequence);
      };
      if (auto* v = std::get_if<pre_prepare>(&m)) note(v->what.sequence);
      if (auto* v = std::get_if<prepare>(&m)) note(v->what.sequence);
      if (auto* v = std::get_if<commit>(&m)) note(v->what.sequence);
      return true;
    };
    BOOST_TEST(ring.run_until([&] { return ring.members[lost].engine->mute() && ring.saw(lost, event_kind::muted); }, 5s));
    BOOST_TEST(ring.run_until([&] { return !ring.members[lost].engine->mute(); }, 60s));
    BOOST_TEST(lowest_vote > voted_through);
    ring.submit(1, "with four");
    BOOST_TEST(ring.executed_everywhere(201, 10s));
    ring.submit(1, "with its vote");
    BOOST_TEST(ring.executed_everywhere(202, 10s));
    BOOST_TEST((lowest_vote > voted_through && lowest_vote != ~std::uint64_t{0}));
    BOOST_TEST(ring.agree());
  }
}

BOOST_AUTO_TEST_CASE(a_seat_that_always_claims_to_have_lost_its_log_does_not_keep_the_ring_busy) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.submit(0, "one");
  ring.executed_everywhere(1);
  ring.filter = [&](seat_index from, seat_index to, const message& m) {
    auto* s = std::get_if<status>(&m);
    if (from != 3 || !s || s->mute) return true;
    auto lie = *s;
    lie.mute = true;
    lie.silent_through = s->stable.sequence + 512;
    ring.send(3, to, lie);
    return false;
  };
  ring.run_for(200s);
  BOOST_TEST(ring.members[0].engine->committed() <= 1 + 4 * (2 * 256 + 128 + 1));
}

BOOST_AUTO_TEST_CASE(bodies_missing_in_a_new_view_come_from_a_preparer) {
  ring_pump ring(4);
  ring.run_for(50ms);
  // Seat 3 hears of no proposal; 0, 1 and 2 prepare, nobody commits; then the primary dies.
  ring.filter = [](seat_index from, seat_index to, const message& m) {
    return !std::holds_alternative<commit>(m) && !(from == 0 && to == 3 && std::holds_alternative<pre_prepare>(m));
  };
  ring.submit(0, "hidden");
  ring.run_for(20ms);
  ring.kill(0);
  ring.filter = nullptr;
  ring.submit(1, "next");
  BOOST_TEST(ring.executed_everywhere(2, 5s));
  BOOST_TEST(ring.members[3].executed.front() == "hidden");
  BOOST_TEST(ring.agree());
}

BOOST_AUTO_TEST_CASE(a_log_of_a_long_catch_up_is_read_without_holding_it) {
  log_replay replay;
  std::uint64_t last = 10'000;
  for (std::uint64_t sequence = 1; sequence <= last; ++sequence) {
    auto body = std::make_shared<const batch>(batch{wall_time{static_cast<std::int64_t>(sequence)}, {bytes(100)}});
    replay.add(fetched_record{sequence, body});
    replay.add(committed_record{{0, sequence, digest_of(*body)}});
  }
  ballot accepted{1, last + 1, digest_of(batch{})};
  replay.add(accepted_record{accepted, {}, std::make_shared<const batch>()});
  replay.add(committed_record{accepted});
  auto log = replay.take();
  BOOST_TEST(log.committed == last + 1);
  BOOST_REQUIRE(log.slots.size() == 1u);
  BOOST_TEST(log.slots.contains(last + 1), "what this seat voted for is held until it is stable");
}

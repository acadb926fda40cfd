#include <boost/test/unit_test.hpp>

#include "tests/protocols/agreement/ring_pump.hpp"

using namespace holdfast;
using namespace holdfast::agreement;
using namespace holdfast::agreement::test;

BOOST_AUTO_TEST_CASE(quorums_follow_the_fault_bounds) {
  std::map<std::size_t, std::array<std::size_t, 3>> expected{{1, {1, 1, 1}}, {3, {2, 1, 2}}, {4, {3, 2, 2}}, {7, {5, 3, 3}}, {10, {7, 4, 4}}};
  for (auto [n, sizes] : expected) {
    std::vector<crypto::signing_key> keys;
    auto ring = make_ring(n, keys);
    BOOST_TEST(ring.quorum() == sizes[0]);
    BOOST_TEST(ring.weak_quorum() == sizes[1]);
    BOOST_TEST(ring.certificate_size() == sizes[2]);
    BOOST_TEST(2 * ring.quorum() - n >= ring.byzantine_max + 1);            // quorums share an honest seat
    BOOST_TEST(n - ring.byzantine_max - ring.crash_max >= ring.quorum());   // and the honest ones are enough
  }
}

BOOST_AUTO_TEST_CASE(a_ring_of_any_size_orders_alike) {
  for (std::size_t n : {1, 3, 4, 7, 10}) {
    ring_pump ring(n, n);
    ring.run_for(50ms);
    for (int i = 0; i < 40; ++i) BOOST_TEST_REQUIRE(ring.submit(static_cast<seat_index>(i % n), "request " + std::to_string(i)));
    BOOST_TEST(ring.executed_everywhere(40, 2s), "n = " << n);
    BOOST_TEST(ring.agree());
    BOOST_TEST(ring.members[0].engine->view() == 0u);
    BOOST_TEST(ring.members[0].engine->pending_requests() == 0u);
    for (auto& m : ring.members) BOOST_TEST(m.executed.size() == 40u);
  }
}

BOOST_AUTO_TEST_CASE(one_replica_commits_after_one_store) {
  ring_pump ring(1);
  ring.run_for(10ms);
  auto syncs = ring.members[0].log.size();
  BOOST_TEST_REQUIRE(ring.submit(0, "only"));
  BOOST_TEST(ring.members[0].executed.empty());
  ring.run_for(250us);
  BOOST_TEST(ring.members[0].executed.size() == 1u);
  BOOST_TEST(ring.members[0].log.size() == syncs + 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_before_it_is_durable) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.stores = false;
  std::size_t votes = 0;
  ring.filter = [&](seat_index, seat_index, const message& m) {
    votes += !std::holds_alternative<status>(m) && !std::holds_alternative<request>(m);
    return true;
  };
  ring.submit(0, "a");
  ring.submit(1, "b");
  ring.run_for(300ms);
  BOOST_TEST(votes == 0u);
}

BOOST_AUTO_TEST_CASE(what_does_not_hold_is_not_ordered) {
  ring_pump ring(4);
  ring.run_for(50ms);
  BOOST_TEST(!ring.submit(0, "bad one"));
  // A primary that proposes it all the same gets no vote, and is replaced once honest work waits.
  batch b{ring.reading().wall, {text("bad one")}};
  ballot what{0, 1, digest_of(b)};
  identity::ring_description d = ring.ring;
  certifier c(ring.cluster, d, 0, ring.keys[0], {});
  for (seat_index to : {1, 2, 3}) ring.send(0, to, pre_prepare{what, c.sign(phase::pre_prepare, what), std::make_shared<const batch>(b)});
  ring.kill(0);
  ring.submit(1, "honest");
  BOOST_TEST(ring.executed_everywhere(1));
  BOOST_TEST(ring.members[1].executed.front() == "honest");
}

BOOST_AUTO_TEST_CASE(no_primary_makes_up_the_time) {
  auto now = ring_pump(4).reading().wall.ms;
  for (std::int64_t made_up : {std::numeric_limits<std::int64_t>::min(), now - 60'000, now + 60'000, std::numeric_limits<std::int64_t>::max()}) {
    ring_pump ring(4);
    ring.run_for(50ms);
    batch b{wall_time{made_up}, {text("in its own time")}};
    ballot what{0, 1, digest_of(b)};
    certifier c(ring.cluster, ring.ring, 0, ring.keys[0], {});
    for (seat_index to : {1, 2, 3}) ring.send(0, to, pre_prepare{what, c.sign(phase::pre_prepare, what), std::make_shared<const batch>(b)});
    ring.kill(0);
    ring.submit(1, "honest");
    BOOST_TEST(ring.executed_everywhere(1));
    BOOST_TEST(ring.members[1].executed.front() == "honest");
  }
}

BOOST_AUTO_TEST_CASE(a_full_queue_keeps_the_old_and_says_so) {
  limits few;
  few.pending_requests_max = 8;
  ring_pump ring(4, 1, few);
  ring.run_for(50ms);
  ring.filter = [](auto, auto, const message& m) { return std::holds_alternative<status>(m); };
  for (int i = 0; i < 8; ++i) BOOST_TEST(ring.submit(1, std::to_string(i)));
  BOOST_TEST(ring.submit(1, "3"));  // known: not queued twice
  BOOST_TEST(!ring.submit(1, "9"));
  BOOST_TEST(ring.members[1].engine->pending_requests() == 8u);
}

BOOST_AUTO_TEST_CASE(checkpoints_become_stable_and_free_the_window) {
  ring_pump ring(4);
  ring.run_for(50ms);
  std::size_t sent = 0;
  for (int i = 0; i < 700; ++i) {
    ring.submit(0, std::to_string(sent++));
    ring.run_until([&] { return ring.members[0].executed.size() == sent; });
  }
  BOOST_TEST(ring.executed_everywhere(700));
  ring.run_for(100ms);
  for (auto& m : ring.members) BOOST_TEST(m.engine->stable() == 640u);
}

BOOST_AUTO_TEST_CASE(an_idle_ring_orders_a_null_batch) {
  ring_pump ring(4);
  ring.run_for(50ms);
  auto& m = ring.members[0];
  auto s = m.engine->request_null(ring.reading());
  BOOST_TEST(s.persists.size() == 1u);
  BOOST_TEST(m.engine->request_null(ring.reading()).persists.empty());  // one at a time
  BOOST_TEST(ring.members[1].engine->request_null(ring.reading()).persists.empty());
}

BOOST_AUTO_TEST_CASE(forged_and_repeated_prepares_do_not_count) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.filter = [](seat_index from, auto, const message& m) { return from == 0 || !std::holds_alternative<prepare>(m); };
  ring.submit(0, "x");
  ring.run_for(20ms);
  auto& backup = *ring.members[1].engine;
  batch b;
  for (auto& r : ring.members[1].log) {
    if (auto* a = std::get_if<accepted_record>(&r)) b = **a->body;
  }
  ballot what{0, 1, digest_of(b)};
  certifier two(ring.cluster, ring.ring, 2, ring.keys[2], {});
  auto own = two.sign(phase::prepare, what);
  auto writes = [](const step& s) { return s.persists.size(); };
  // Seat 1 has the proposal and its own prepare; one more honest one completes three. Until then nothing does.
  BOOST_TEST(writes(backup.on_message(ring.reading(), 3, prepare{what, own})) == 0u);                                // 2's, as 3's
  BOOST_TEST(writes(backup.on_message(ring.reading(), 2, prepare{what, two.sign(phase::pre_prepare, what)})) == 0u);  // another phase's
  certifier elsewhere(cluster_id{{1}}, ring.ring, 2, ring.keys[2], {});
  BOOST_TEST(writes(backup.on_message(ring.reading(), 2, prepare{what, elsewhere.sign(phase::prepare, what)})) == 0u);  // another cluster's
  certifier zero(ring.cluster, ring.ring, 0, ring.keys[0], {});
  BOOST_TEST(writes(backup.on_message(ring.reading(), 0, prepare{what, zero.sign(phase::prepare, what)})) == 0u);     // the primary's second vote
  BOOST_TEST(backup.prepared() == 0u);
  BOOST_TEST(writes(backup.on_message(ring.reading(), 2, prepare{what, own})) == 1u);
  BOOST_TEST(backup.prepared() == 1u);
  BOOST_TEST(writes(backup.on_message(ring.reading(), 2, prepare{what, own})) == 0u);
}

BOOST_AUTO_TEST_CASE(decoders_refuse_what_is_not_canonical) {
  seeded_random random(5);
  message m = status{{3, 5}, {{1, 0}, {2, 0}, {3, 5}, {4, 0}}, 7, true, false, false, 0, 99, {}};
  auto data = codec::encode(m);
  BOOST_TEST(codec::decode<message>(data).has_value());
  data.push_back(0);
  BOOST_TEST(!codec::decode<message>(data).has_value());
  for (int i = 0; i < 20000; ++i) {
    bytes noise(random.below(200));
    random.fill(noise);
    if (!noise.empty()) noise[0] %= 14;
    auto read = codec::decode<message>(noise);
    if (read) BOOST_TEST((codec::encode(*read) == noise));
  }
}

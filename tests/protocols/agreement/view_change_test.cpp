#include <boost/test/unit_test.hpp>

#include "tests/protocols/agreement/ring_pump.hpp"

using namespace holdfast;
using namespace holdfast::agreement;
using namespace holdfast::agreement::test;

BOOST_AUTO_TEST_CASE(a_dead_primary_is_replaced_within_three_seconds) {
  for (std::size_t n : {3, 4, 7, 10}) {
    ring_pump ring(n, n);
    ring.run_for(50ms);
    ring.submit(0, "first");
    BOOST_TEST(ring.executed_everywhere(1));
    ring.kill(0);
    ring.submit(1, "second");
    BOOST_TEST(ring.executed_everywhere(2, 3s), "n = " << n);
    BOOST_TEST(ring.members[1].engine->view() == 1u);
    BOOST_TEST(ring.agree());
    ring.start(0);
    ring.submit(0, "third");
    BOOST_TEST(ring.executed_everywhere(3, 5s), "n = " << n);
    BOOST_TEST(ring.members[0].engine->view() == 1u);
    BOOST_TEST(!ring.members[0].engine->mute());
  }
}

BOOST_AUTO_TEST_CASE(a_lost_link_to_the_primary_hastens_the_change) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(0);
  for (seat_index i : {1, 2, 3}) ring.members[i].engine->on_peer_lost(ring.reading(), 0);
  for (seat_index i : {1, 2, 3}) ring.submit(i, "work");
  BOOST_TEST(ring.executed_everywhere(1, 400ms));
}

BOOST_AUTO_TEST_CASE(what_was_prepared_survives_and_gaps_become_null) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.submit(0, "zero");
  BOOST_TEST(ring.executed_everywhere(1));
  // Sequence 2 is prepared everywhere and committed nowhere.
  ring.filter = [](auto, auto, const message& m) { return !std::holds_alternative<commit>(m); };
  ring.submit(0, "prepared");
  BOOST_TEST(ring.run_until([&] {
    return std::all_of(ring.members.begin(), ring.members.end(), [](auto& m) { return m.engine->prepared() == 2; });
  }));
  ring.kill(0);
  ring.filter = nullptr;
  ring.submit(2, "later");
  BOOST_TEST(ring.executed_everywhere(3, 5s));
  BOOST_TEST(ring.members[1].executed[1] == "prepared");
  BOOST_TEST(ring.agree());
}

BOOST_AUTO_TEST_CASE(a_plan_takes_the_highest_view_and_fills_gaps) {
  auto certificate = [](std::uint64_t view, std::uint64_t sequence, std::uint8_t name) {
    return prepared_certificate{{view, sequence, digest{{name}}}, {}, {}};
  };
  view_change_statement a, b;
  a.stable.sequence = 128;
  a.prepared = {certificate(1, 130, 7)};
  b.prepared = {certificate(1, 100, 9), certificate(2, 130, 8), certificate(0, 132, 6)};
  auto plan = plan_new_view(3, 4, {a, b});
  BOOST_TEST(plan.stable.sequence == 128u);
  BOOST_TEST_REQUIRE(plan.proposals.size() == 4u);
  BOOST_TEST((plan.proposals[0].what.batch == null_digest()));
  BOOST_TEST((plan.proposals[1].what == ballot{3, 130, digest{{8}}}));
  BOOST_TEST((plan.proposals[2].what.batch == null_digest()));
  BOOST_TEST((plan.proposals[3].what.batch == digest{{6}}));
}

BOOST_AUTO_TEST_CASE(silent_primaries_in_a_row_are_passed_and_timeouts_come_back_down) {
  ring_pump ring(7);
  ring.run_for(50ms);
  ring.kill(0);
  ring.kill(1);
  ring.submit(3, "after two");
  BOOST_TEST(ring.executed_everywhere(1, 10s));
  BOOST_TEST(ring.members[3].engine->view() == 2u);
  for (int i = 0; i < 10; ++i) {
    ring.submit(3, std::to_string(i));
    BOOST_TEST(ring.executed_everywhere(static_cast<std::size_t>(i) + 2, 1s));
  }
  ring.start(0);
  ring.start(1);
  BOOST_TEST(ring.executed_everywhere(11, 10s));
  ring.run_for(2s);
  ring.kill(2);
  ring.submit(4, "quick again");
  BOOST_TEST(ring.executed_everywhere(12, 3s));
}

BOOST_AUTO_TEST_CASE(lost_view_changes_and_new_views_are_sent_again) {
  ring_pump ring(4, 3);
  ring.run_for(50ms);
  ring.kill(0);
  ring.filter = [&](auto, auto, const message& m) {
    auto early = ring.now.time_since_epoch() < 4s;
    return !early || (!std::holds_alternative<agreement::view_change>(m) && !std::holds_alternative<agreement::new_view>(m));
  };
  ring.submit(1, "patient");
  BOOST_TEST(ring.executed_everywhere(1, 20s));
  BOOST_TEST(ring.agree());
}

BOOST_AUTO_TEST_CASE(a_primary_that_was_mute_while_it_was_left_joins_those_who_left) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(3);
  ring.kill(0);
  // It starts anew and is not confirmed yet when the others ask for the next view: all three are needed.
  ring.filter = [](auto, seat_index to, const message& m) { return to != 0 || !std::holds_alternative<status>(m); };
  ring.start(0);
  ring.submit(1, "waits");
  ring.submit(2, "waits");
  BOOST_TEST_REQUIRE(ring.run_until([&] { return ring.members[1].engine->changing_view() && ring.members[2].engine->changing_view(); }, 10s));
  ring.run_for(1s);
  BOOST_TEST(ring.members[0].engine->mute());
  BOOST_TEST(ring.members[0].engine->view() == 0u);
  ring.filter = nullptr;
  BOOST_TEST(ring.executed_everywhere(1, 10s));
  BOOST_TEST(ring.members[0].engine->view() == 1u);
}

BOOST_AUTO_TEST_CASE(an_equivocating_primary_is_caught_and_replaced) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(0);
  certifier c(ring.cluster, ring.ring, 0, ring.keys[0], {});
  auto propose = [&](seat_index to, std::string_view request) {
    batch b{ring.reading().wall, {text(request)}};
    ballot what{0, 1, digest_of(b)};
    ring.send(0, to, pre_prepare{what, c.sign(phase::pre_prepare, what), std::make_shared<const batch>(b)});
  };
  propose(1, "left");
  propose(2, "right");
  propose(3, "right");
  ring.run_for(5ms);
  for (seat_index to : {1, 2, 3}) propose(to, to == 1 ? "right" : "left");
  ring.run_for(100ms);
  for (seat_index i : {1, 2, 3}) BOOST_TEST(ring.saw(i, event_kind::equivocation));
  ring.submit(2, "honest");
  ring.run_until([&] {
    return std::all_of(ring.members.begin() + 1, ring.members.end(), [](auto& m) { return !m.executed.empty() && m.executed.back() == "honest"; });
  });
  BOOST_TEST(ring.agree());
  BOOST_TEST(ring.members[1].executed.back() == "honest");
}

BOOST_AUTO_TEST_CASE(a_censoring_primary_is_replaced) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.filter = [](auto, seat_index to, const message& m) {
    auto* r = std::get_if<request>(&m);
    return !r || to != 0 || as_text(r->body) != "unloved";
  };
  ring.submit(1, "unloved");
  for (int i = 0; i < 200; ++i) ring.at(10ms * i, [&ring, i] { ring.submit(2, "loved " + std::to_string(i)); });
  auto served = [&] {
    auto& done = ring.members[1].executed;
    return std::find(done.begin(), done.end(), "unloved") != done.end();
  };
  BOOST_TEST(ring.run_until(served, 5s));
  BOOST_TEST(ring.members[1].engine->view() >= 1u);
}

BOOST_AUTO_TEST_CASE(new_views_that_do_not_follow_from_their_reasons_are_refused) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(0);
  ring.kill(1);
  std::vector<signed_view_change> reasons;
  for (seat_index i : {1, 2, 3}) {
    certifier c(ring.cluster, ring.ring, i, ring.keys[i], {});
    reasons.push_back(c.sign_view_change(1, {}, {}));
  }
  certifier one(ring.cluster, ring.ring, 1, ring.keys[1], {});
  auto& backup = *ring.members[2].engine;
  auto entered = [&](signed_new_view v) {
    backup.on_message(ring.reading(), 1, agreement::new_view{std::move(v)});
    return backup.view() == 1;
  };
  ballot extra{1, 1, null_digest()};
  BOOST_TEST(!entered(one.sign_new_view(1, reasons, {one.sign(phase::pre_prepare, extra)})));  // more than demanded
  BOOST_TEST(!entered(one.sign_new_view(1, {reasons[0], reasons[1]}, {})));                     // too few reasons
  BOOST_TEST(!entered(one.sign_new_view(1, {reasons[0], reasons[1], reasons[1]}, {})));         // a seat twice
  auto forged = reasons;
  forged[2].sig = {};
  BOOST_TEST(!entered(one.sign_new_view(1, forged, {})));
  certifier three(ring.cluster, ring.ring, 3, ring.keys[3], {});
  BOOST_TEST(!entered(three.sign_new_view(1, reasons, {})));                                    // not the primary
  BOOST_TEST(entered(one.sign_new_view(1, reasons, {})));
}

BOOST_AUTO_TEST_CASE(who_alone_loses_patience_stays_in_the_view) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.filter = [](auto, seat_index to, auto&) { return to != 3; };
  ring.submit(3, "first");
  ring.run_for(5s);
  BOOST_TEST(!ring.members[3].engine->changing_view());
  ring.filter = nullptr;
  BOOST_TEST(ring.executed_everywhere(1, 2s));
  for (auto& m : ring.members) BOOST_TEST((m.engine->view() == 0 && !m.engine->changing_view()));
  ring.kill(2);
  ring.submit(1, "second");
  BOOST_TEST(ring.executed_everywhere(2, 500ms), "the ring has one more to lose");
}

BOOST_AUTO_TEST_CASE(seats_that_start_anew_amid_a_change_are_not_left_behind_by_one_that_went_on) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.kill(1);  // who would open view 1
  ring.filter = [](auto, auto, const message& m) { return !std::holds_alternative<pre_prepare>(m); };
  for (seat_index i : {0, 2, 3}) ring.submit(i, "work");
  auto all_ask_for = [&](std::uint64_t view) {
    return std::all_of(ring.members.begin(), ring.members.end(), [&](auto& m) { return !m.engine || m.engine->view() == view; });
  };
  BOOST_REQUIRE(ring.run_until([&] { return all_ask_for(1); }));
  ring.run_for(10ms);
  ring.kill(2);
  ring.kill(3);
  BOOST_REQUIRE(ring.run_until([&] { return all_ask_for(2); }));
  ring.filter = nullptr;
  ring.start(2);
  ring.start(3);
  BOOST_TEST(ring.executed_everywhere(1, 30s));
}

BOOST_AUTO_TEST_CASE(a_proposal_that_no_quorum_takes_up_is_left_though_nobody_waits_for_it) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.submit(0, "first");
  BOOST_REQUIRE(ring.executed_everywhere(1));
  ring.kill(3);
  ring.filter = [](seat_index from, auto, const message& m) {
    auto* c = std::get_if<commit>(&m);
    return from != 0 || !c || c->what.view > 0;  // the primary sees to it that nothing is committed in its view
  };
  ring.request_null(0);
  BOOST_TEST(ring.run_until([&] { return ring.members[1].engine->view() == 1 && !ring.members[1].engine->changing_view(); }, 10s));
  BOOST_TEST(ring.run_until([&] { return ring.members[1].engine->committed() == 2; }, 10s));
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_again_after_it_was_executed_does_not_drive_the_ring_from_view_to_view) {
  ring_pump ring(4);
  ring.run_for(50ms);
  ring.submit(0, "once");
  BOOST_REQUIRE(ring.executed_everywhere(1));
  // A frozen seat's clients' tries reach the others late, when what they ask for is done; then the view is left.
  ring.filter = [](seat_index from, auto, const message& m) { return from != 0 || !std::holds_alternative<pre_prepare>(m); };
  for (seat_index i : {1, 2, 3}) ring.submit(i, "once");
  BOOST_REQUIRE(ring.run_until([&] { return ring.members[1].engine->view() == 1 && !ring.members[1].engine->changing_view(); }, 20s));
  ring.filter = nullptr;
  ring.run_for(30s);
  for (auto& m : ring.members) BOOST_TEST(m.engine->view() == 1u);
}

BOOST_AUTO_TEST_CASE(a_seat_that_lags_commits_nothing_that_its_view_change_would_not_carry) {
  ring_pump ring(3);
  ring.run_for(50ms);
  ring.kill(2);
  for (int i = 0; i < 299; ++i) {
    ring.submit(0, std::to_string(i));
    BOOST_REQUIRE(ring.executed_everywhere(static_cast<std::size_t>(i) + 1));
  }
  // Seat 2 comes back far behind and stays there; batch 300 is certified at seat 1 alone when the primary dies.
  ring.filter = [](seat_index from, seat_index to, const message& m) {
    if (to == 2 && std::holds_alternative<batches>(m)) return false;
    auto* vote = std::get_if<prepare>(&m);
    return !(vote && from == 1 && to == 0 && vote->what.sequence == 300);
  };
  ring.start(2);
  ring.run_for(100ms);
  ring.submit(0, "one");
  ring.run_for(5ms);
  ring.kill(0);
  ring.run_until([&] { return ring.members[1].engine->committed() == 300; }, 10s);
  ring.kill(1);
  ring.run_until([&] { return ring.members[2].engine->view() == 2; }, 20s);
  ring.filter = nullptr;
  ring.start(0);
  ring.submit(2, "other");
  ring.run_for(20s);
  ring.start(1);
  BOOST_TEST(ring.executed_everywhere(301, 30s));
  BOOST_TEST(ring.agree());
}

BOOST_AUTO_TEST_CASE(a_proposal_that_grew_too_old_on_its_way_is_proposed_anew_without_another_client) {
  ring_pump ring(3);
  ring.run_for(50ms);
  ring.filter = [](seat_index from, auto, const message&) { return from != 0; };  // the primary is heard by nobody
  ring.submit(0, "late");
  ring.run_for(6s);  // longer than clocks may differ
  ring.filter = nullptr;
  BOOST_TEST(ring.executed_everywhere(1, 20s));
  BOOST_TEST(ring.members[1].engine->view() > 0u);
  BOOST_TEST(ring.agree());
}

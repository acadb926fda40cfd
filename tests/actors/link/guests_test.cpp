// What must never happen: those who have shown no admission, or take nothing of what is sent to them, leave others no room.
#include <boost/test/unit_test.hpp>

#include "actors/link/outbox.hpp"
#include "tests/actors/link/town.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using namespace std::chrono_literals;
using link::message_kind;
using link::refusal_reason;
using link::traffic_class;

namespace {

using crowd = std::vector<std::unique_ptr<raw_peer>>;

void let_in(crowd& c, const town& t, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    c.push_back(std::make_unique<raw_peer>(t.port));
    BOOST_REQUIRE(c.back()->greet(0, 1, traffic_class::foreground));
  }
}

bytes header_bytes(link::frame_header h) {
  bytes out;
  link::append_header(out, h);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_too_many_strangers_the_longest_there_go) {
  town t([](link_config& c) { c.strangers_max = 4; });
  t.node.echo(message_kind::membership);
  crowd strangers;
  let_in(strangers, t, 8);
  BOOST_TEST(t.refuses(refusal_reason::too_many_connections, 4));
  BOOST_TEST(strangers.front()->closed_within(10s));
  BOOST_TEST(eventually([&] { return t.node.port().counters().sessions_up == 4u; }));
  process newcomer({.id = 0});
  BOOST_REQUIRE(newcomer.connect(t.node.address()));
  BOOST_TEST(newcomer.ask({node_named(1), traffic_class::foreground, message_kind::membership, make_payload({1})}).has_value());
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(when_all_connections_are_taken_strangers_make_room_for_a_member) {
  town t([](link_config& c) { c.connections_max = 6; });
  crowd strangers;
  let_in(strangers, t, 6);
  BOOST_REQUIRE(eventually([&] { return t.node.port().counters().sessions_up == 6u; }));
  BOOST_TEST(t.serves());
  BOOST_TEST(strangers.front()->closed_within(10s));
}

BOOST_AUTO_TEST_CASE(a_stranger_that_says_nothing_is_shown_out) {
  town t([](link_config& c) { c.idle_timeout = 300ms; });
  crowd strangers;
  let_in(strangers, t, 1);
  BOOST_TEST(strangers.front()->closed_within(5s));
  BOOST_TEST(t.refuses(refusal_reason::idle));
}

BOOST_AUTO_TEST_CASE(a_flood_from_one_address_shuts_out_nobody_elsewhere) {
  town t([](link_config& c) { c.half_open_max = 40; });
  raw_peer slow(t.port, 2);
  BOOST_REQUIRE(slow.connected());
  BOOST_REQUIRE(eventually([&] { return t.node.port().counters().accepted == 1u; }));
  crowd flood;
  for (int i = 0; i < 120; ++i) flood.push_back(std::make_unique<raw_peer>(t.port));
  BOOST_REQUIRE(t.refuses(refusal_reason::too_many_connections, 70));
  BOOST_TEST(slow.greet(3, 1, traffic_class::foreground));
  BOOST_TEST(slow.greetings(2, 5s).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_stranger_fills_no_memory_with_what_it_does_not_finish) {
  town t;
  raw_peer large(t.port), kind(t.port), member(t.port);
  BOOST_REQUIRE(large.greet(0, 1, traffic_class::foreground));
  BOOST_REQUIRE(large.send_plain(header_bytes({256u << 10, message_kind::membership, link::frame_flags::more, 1})));
  BOOST_TEST(large.closed_within(5s));
  BOOST_TEST(t.refuses(refusal_reason::too_large));
  BOOST_REQUIRE(kind.greet(0, 1, traffic_class::foreground));
  BOOST_REQUIRE(kind.send_plain(header_bytes({1000, message_kind::ring, 0, 1})));
  BOOST_TEST(kind.closed_within(5s));
  BOOST_TEST(t.refuses(refusal_reason::not_allowed));
  // A member's is counted for as long as it is there.
  BOOST_REQUIRE(member.greet(3, 1, traffic_class::foreground));
  auto frame = header_bytes({256u << 10, message_kind::ring, link::frame_flags::more, 1});
  frame.resize(frame.size() + (256u << 10));
  BOOST_REQUIRE(member.send_plain(frame));
  BOOST_TEST(eventually([&] { return t.node.port().counters().unfinished_bytes == (256 << 10); }));
  BOOST_REQUIRE(member.send_plain(header_bytes({0xffff'fff0, message_kind::ring, 0, 1})));
  BOOST_TEST(eventually([&] { return t.node.port().counters().unfinished_bytes == 0; }));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(a_stranger_has_little_unanswered_at_once) {
  signal s;
  std::vector<inbound> kept;
  town t;
  t.node.handle(message_kind::membership, [&](const inbound& m) { s.change([&] { kept.push_back(m); }); });
  crowd strangers;
  let_in(strangers, t, 1);
  bytes body(60'000);
  for (std::uint64_t i = 1; i <= 10; ++i) strangers.front()->send(message_kind::membership, body, i);
  BOOST_TEST(strangers.front()->closed_within(5s));
  BOOST_TEST(t.refuses(refusal_reason::credit_exceeded));
  BOOST_TEST(t.node.port().counters().held_bytes <= static_cast<std::int64_t>(link::limits::stranger_bytes_max));
}

namespace {

/// Asks for 64 KiB each time and reads nothing of it.
void ask_and_read_nothing(raw_peer& p, std::uint64_t times) {
  for (std::uint64_t i = 1; i <= times; ++i) p.send(message_kind::membership, bytes{1}, i);
}

void answer_at_length(process& node) {
  auto body = make_payload(bytes(64u << 10));
  node.handle(message_kind::membership, [&node, body](const inbound& m) { std::ignore = node.port().reply(m, body); });
}

}  // namespace

BOOST_AUTO_TEST_CASE(strangers_that_read_nothing_leave_room_for_what_others_are_sent) {
  constexpr std::int64_t budget = 2 << 20;
  town t([](link_config& c) { c.budget_bytes = budget; });
  answer_at_length(t.node);
  crowd strangers;
  let_in(strangers, t, 4);
  for (auto& p : strangers) ask_and_read_nothing(*p, 400);
  BOOST_REQUIRE(eventually([&] { return t.node.port().counters().refused_sends >= 400u; }));
  BOOST_TEST(t.serves());
  BOOST_TEST(t.node.port().counters().queued_bytes <= 4 * static_cast<std::int64_t>(link::limits::stranger_bytes_max));
}

BOOST_AUTO_TEST_CASE(who_takes_nothing_of_what_waits_for_it_is_sent_away) {
  town t([](link_config& c) { c.stall_timeout = 500ms; });
  answer_at_length(t.node);
  crowd strangers;
  let_in(strangers, t, 1);
  auto sent_away = [&] {
    bool gone = t.node.closed(refusal_reason::timeout) == 1;
    if (!gone) ask_and_read_nothing(*strangers.front(), 20);  // what was refused room is asked for again, until no credit is left
    return gone;
  };
  BOOST_TEST(eventually(sent_away, 8s));  // its silence alone would take 10 s
  BOOST_TEST(eventually([&] { return t.node.port().counters().queued_bytes == 0; }));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(members_that_take_nothing_leave_something_of_the_budget_for_the_next) {
  constexpr std::uint64_t budget = 8u << 20;
  link_counters counters;
  outbox all(counters, budget);
  auto push = [&](std::uint8_t id, traffic_class lane) {
    return all.push(node_named(id), lane, {message_kind::ring, false, 0, make_payload(bytes(10'000))}).has_value();
  };
  for (std::uint8_t id = 1; id <= 8; ++id) {
    all.know(node_named(id), {"127.0.0.1:1"});
    std::size_t taken = 0;
    for (auto lane : {traffic_class::foreground, traffic_class::background}) {
      while (push(id, lane)) ++taken;
    }
    BOOST_TEST(taken > 0u, "nothing is left for " << int{id});
  }
  BOOST_TEST(counters.queued_bytes < static_cast<std::int64_t>(budget));
  BOOST_TEST(push(1, traffic_class::agreement));  // votes are not held up by bulk
}

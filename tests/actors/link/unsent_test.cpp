// What becomes of messages that could not leave: they fail soon, or leave by the next session; nobody waits for what cannot come.
#include <boost/test/unit_test.hpp>

#include "actors/link/address.hpp"
#include "protocols/link/frame_codec.hpp"
#include "tests/actors/link/cluster.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using namespace std::chrono_literals;
using link::message_kind;
using link::traffic_class;

namespace {

outgoing to(std::uint8_t node, std::size_t size, traffic_class lane = traffic_class::foreground) {
  return {node_named(node), lane, message_kind::ring, make_payload(bytes(size))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(while_an_unreachable_peer_is_tried_again_messages_fail_at_once) {
  auto silent = open_listener({"127.0.0.1", 0});  // the system accepts for it, and nobody speaks
  BOOST_REQUIRE(silent);
  process a({.id = 1, .adjust = [](link_config& c) { c.handshake_timeout = 1s; }});
  caf::anon_send(a.manager(), keep_atom::value, node_named(2), std::vector<std::string>{"127.0.0.1:" + std::to_string(silent->port)});
  BOOST_REQUIRE(eventually([&] { return a.port().counters().dialled >= 4u; }));  // both of its lanes, for the second time
  auto refused = a.port().send(to(2, 1));
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(errc::unavailable));
  BOOST_TEST(a.port().counters().queued_bytes == 0);
  ::close(silent->socket);
}

BOOST_AUTO_TEST_CASE(what_a_session_had_not_begun_to_send_ends_with_the_lane) {
  signal s;
  std::vector<inbound> kept;
  std::size_t ended = 0, unsent = 0;
  process a({.id = 1});
  auto b = std::make_unique<process>(options{.id = 2});
  BOOST_REQUIRE(b->listen() != 0);
  b->handle(message_kind::ring, [&](const inbound& m) { s.change([&] { kept.push_back(m); }); });
  a.port().know(node_named(2), {b->address()});
  constexpr std::size_t count = 1000, size = 10'000;  // more than there is credit for
  for (std::size_t i = 0; i < count; ++i) {
    a.port().request(to(2, size, traffic_class::background), 60s, [&](result<inbound> r) {
      s.change([&] {
        ++ended;
        unsent += !r && r.error().is(errc::unavailable) ? 1 : 0;
      });
    });
  }
  BOOST_REQUIRE(s.wait([&] { return kept.size() >= link::limits::credit_window_bytes / (size + link::frame_header_bytes); }));
  auto arrived = kept.size();
  b.reset();
  BOOST_TEST(s.wait([&] { return ended == count; }));
  BOOST_TEST(unsent >= count - arrived - 1);  // of one a part may have left
  s.change([&] { kept.clear(); });
}

BOOST_AUTO_TEST_CASE(what_a_session_had_not_begun_to_send_leaves_by_the_next_one) {
  constexpr std::uint64_t budget = 1u << 20;
  link_counters counters;
  outbox o(counters, budget);
  auto peer = std::make_shared<link::peer_info>();
  peer->id = node_named(2);
  peer->admitted = true;
  auto lane = traffic_class::foreground;
  o.attach(peer->end(), lane, {1, {}, peer});
  o.attach(peer->end(), lane, {2, {}, peer});
  for (std::uint64_t i = 1; i <= 3; ++i) BOOST_REQUIRE(o.push(peer->end(), lane, {message_kind::ring, false, i, make_payload(bytes(100))}));
  auto pulled = o.pull(peer->end(), lane, 1, 200);
  BOOST_TEST_REQUIRE(pulled.size() == 2u);
  auto queued = counters.queued_bytes.load();
  o.give_back(peer->end(), lane, {pulled.begin(), pulled.end()});
  BOOST_TEST(counters.queued_bytes == 3 * queued);
  o.detach(peer->end(), lane, 1);
  auto next = o.pull(peer->end(), lane, 2, 10'000);
  BOOST_TEST_REQUIRE(next.size() == 3u);
  for (std::uint64_t i = 1; i <= 3; ++i) BOOST_TEST(next[i - 1].correlation == i);
  BOOST_TEST(counters.queued_bytes == 0);
}

BOOST_AUTO_TEST_CASE(the_largest_message_leaves_whatever_was_sent_before) {
  process a({.id = 1}), b({.id = 2});
  BOOST_REQUIRE(b.listen() != 0);
  b.handle(message_kind::ring, [&](const inbound& m) { std::ignore = b.port().reply(m, make_payload({1})); });
  a.port().know(node_named(2), {b.address()});
  // Of these the receiver grants nothing as they are consumed: too little each time to tell of, or to grant.
  for (std::size_t size : {760u << 10, 700u << 10, 760u << 10}) BOOST_REQUIRE(a.ask(to(2, size)));
  auto answer = a.ask(to(2, 4u << 20), 5s);
  BOOST_TEST(answer.has_value(), (answer ? "" : answer.error().message()));
}

BOOST_AUTO_TEST_CASE(a_request_after_the_links_have_closed_ends_at_once) {
  signal s;
  bool ended = false;
  process a({.id = 1});
  a.port().know(node_named(2), {"127.0.0.1:1"});
  caf::scoped_actor self(a.system());
  auto manager = caf::actor_cast<caf::actor>(a.manager());
  self->monitor(manager);
  caf::anon_send(manager, close_atom::value);
  self->receive([](const caf::down_msg&) {});
  a.port().request(to(2, 1), 60s, [&](const result<inbound>& r) {
    BOOST_TEST((!r && r.error().is(errc::unavailable)));
    s.change([&] { ended = true; });
  });
  BOOST_TEST(s.wait([&] { return ended; }, 5s));
}

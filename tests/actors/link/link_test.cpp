#include <boost/test/unit_test.hpp>

#include "tests/actors/link/cluster.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using namespace std::chrono_literals;
using link::message_kind;
using link::refusal_reason;
using link::traffic_class;

namespace {

outgoing to(std::uint8_t node, message_kind kind, bytes body, traffic_class lane = traffic_class::foreground) {
  return {node_named(node), lane, kind, make_payload(std::move(body))};
}

}  // namespace

BOOST_AUTO_TEST_CASE(requests_come_back_over_all_classes_and_sizes) {
  process a({.id = 1}), b({.id = 2});
  BOOST_REQUIRE(b.listen() != 0);
  for (auto kind : {message_kind::agreement, message_kind::ring, message_kind::archive}) b.echo(kind);
  a.port().know(node_named(2), {b.address()});
  for (auto lane : {traffic_class::agreement, traffic_class::foreground, traffic_class::background}) {
    for (std::size_t size : {0u, 1u, 1000u, 65'537u, 300'000u, 4u << 20}) {
      bytes body(size, static_cast<std::uint8_t>(size));
      auto answer = a.ask(to(2, message_kind::ring, body, lane));
      BOOST_REQUIRE_MESSAGE(answer, answer.error().message());
      BOOST_TEST(*answer->payload == body);
      BOOST_TEST((answer->lane == lane));
      BOOST_TEST((answer->from->id == node_named(2)));
      BOOST_TEST(answer->from->name == "n2");
    }
  }
  BOOST_TEST(a.port().counters().sessions_up == 3u);
  auto too_long = a.port().send(to(2, message_kind::ring, bytes((4u << 20) + 1)));
  BOOST_REQUIRE(!too_long);
  BOOST_TEST(too_long.error().is(errc::over_limit));
}

BOOST_AUTO_TEST_CASE(ipv6_and_host_names_can_be_dialled) {
  process a({.id = 1}), b({.id = 2});
  auto port = b.listen("[::1]:0");
  if (port != 0) {  // a machine without IPv6 has no ::1
    auto peer = a.connect("[::1]:" + std::to_string(port));
    BOOST_REQUIRE_MESSAGE(peer, peer.error().message());
    BOOST_TEST(((*peer)->id == node_named(2)));
  }
  BOOST_REQUIRE(b.listen() != 0);
  auto by_name = a.connect("localhost" + b.address().substr(b.address().find(':')));
  BOOST_REQUIRE_MESSAGE(by_name, by_name.error().message());
}

BOOST_AUTO_TEST_CASE(sending_to_nobody_fails_at_once_and_to_the_dead_soon) {
  process a({.id = 1});
  auto nobody = a.port().send(to(9, message_kind::ring, {1}));
  BOOST_REQUIRE(!nobody);
  BOOST_TEST(nobody.error().is(errc::unavailable));
  a.port().know(node_named(2), {"127.0.0.1:1"});
  auto dead = a.ask(to(2, message_kind::ring, {1}));
  BOOST_REQUIRE(!dead);
  BOOST_TEST(dead.error().is(errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_request_without_reply_ends_as_unknown_never_as_failed) {
  signal s;
  int arrived = 0;
  std::optional<result<inbound>> lost;
  process a({.id = 1});
  auto b = std::make_unique<process>(options{.id = 2});
  BOOST_REQUIRE(b->listen() != 0);
  b->handle(message_kind::ring, [&](const inbound&) { s.change([&] { ++arrived; }); });
  a.port().know(node_named(2), {b->address()});
  auto late = a.ask(to(2, message_kind::ring, {1}), 100ms);
  BOOST_REQUIRE(!late);
  BOOST_TEST(late.error().is(errc::outcome_unknown));

  a.port().request(to(2, message_kind::ring, {2}), 20s, [&](result<inbound> r) { s.change([&] { lost = std::move(r); }); });
  BOOST_REQUIRE(s.wait([&] { return arrived == 2; }));
  b.reset();
  BOOST_REQUIRE(s.wait([&] { return lost.has_value(); }));
  BOOST_REQUIRE(!*lost);
  BOOST_TEST(lost->error().is(errc::outcome_unknown));
}

BOOST_AUTO_TEST_CASE(strangers_may_ask_for_membership_and_nothing_else) {
  signal s;
  int heard = 0;
  process node({.id = 1}), stranger({.id = 0});
  BOOST_REQUIRE(node.listen() != 0);
  node.echo(message_kind::membership);
  node.handle(message_kind::ring, [&](const inbound&) { s.change([&] { ++heard; }); });
  auto peer = stranger.connect(node.address());
  BOOST_REQUIRE_MESSAGE(peer, peer.error().message());
  auto answer = stranger.ask(to(1, message_kind::membership, {7, 7}));
  BOOST_REQUIRE_MESSAGE(answer, answer.error().message());
  BOOST_TEST((*answer->payload == bytes{7, 7}));
  auto refused = stranger.ask(to(1, message_kind::ring, {1}));
  BOOST_REQUIRE(!refused);
  BOOST_TEST(eventually([&] { return node.closed(refusal_reason::not_allowed) == 1; }));
  BOOST_TEST(heard == 0);
  auto agreement = stranger.connect(node.address(), traffic_class::agreement);
  BOOST_TEST(!agreement);
  BOOST_TEST(node.closed(refusal_reason::wrong_class) == 1u);
}

BOOST_AUTO_TEST_CASE(whoever_may_not_in_is_refused_with_a_reason_and_counted) {
  auto revoked = std::make_shared<revocations>();
  revoked->revoked.insert(5);
  process node({.id = 1, .revoked = revoked});
  BOOST_REQUIRE(node.listen() != 0);
  struct wrong {
    options o;
    refusal_reason reason;
  };
  for (const auto& w : {wrong{{.id = 2, .cluster = 9}, refusal_reason::wrong_cluster},
                        wrong{{.id = 2, .stolen = true}, refusal_reason::bad_admission}, wrong{{.id = 5}, refusal_reason::revoked}}) {
    process other(w.o);
    auto peer = other.connect(node.address());
    BOOST_REQUIRE(!peer);
    BOOST_TEST_MESSAGE(peer.error().message());
    BOOST_TEST(peer.error().is(errc::denied));
    BOOST_TEST(eventually([&] { return node.closed(w.reason) == 1; }));
  }
  // Whom the dialler itself does not accept has not turned it away.
  auto distrusted = std::make_shared<revocations>();
  distrusted->revoked.insert(1);
  process wary({.id = 6, .revoked = distrusted});
  auto peer = wary.connect(node.address());
  BOOST_TEST((!peer && peer.error().is(errc::unavailable)));
  process friendly({.id = 2});
  BOOST_TEST(friendly.connect(node.address()).has_value());
  process mistaken({.id = 3});
  mistaken.port().know(node_named(4), {node.address()});
  BOOST_TEST(!mistaken.ask(to(4, message_kind::ring, {1})));
  BOOST_TEST(eventually([&] { return mistaken.closed(refusal_reason::wrong_peer) >= 1; }));
}

BOOST_AUTO_TEST_CASE(a_revoked_peer_loses_its_links) {
  auto revoked = std::make_shared<revocations>();
  process node({.id = 1, .revoked = revoked}), other({.id = 2});
  BOOST_REQUIRE(node.listen() != 0);
  BOOST_REQUIRE(other.connect(node.address()));
  {
    std::lock_guard lock(revoked->mutex);
    revoked->revoked.insert(2);
  }
  caf::anon_send(node.manager(), recheck_atom::value);
  BOOST_TEST(eventually([&] { return node.closed(refusal_reason::revoked) == 1; }));
  BOOST_TEST(eventually([&] { return !node.port().is_up(node_named(2), traffic_class::foreground); }));
  BOOST_TEST(!other.connect(node.address()));
}

BOOST_AUTO_TEST_CASE(kept_links_come_back_when_the_peer_does) {
  signal s;
  int up = 0, down = 0, heard = 0;
  process a({.id = 1});
  auto b = std::make_unique<process>(options{.id = 2});
  auto port = b->listen();
  a.watch([&](const peer_up&) { s.change([&] { ++up; }); }, [&](const peer_down&) { s.change([&] { ++down; }); },
          [&](const peer_heard& h) { s.change([&] { heard += h.round_trip > 0us; }); });
  caf::anon_send(a.manager(), keep_atom::value, node_named(2), std::vector<std::string>{b->address()});
  BOOST_REQUIRE(s.wait([&] { return up == 2 && heard >= 2; }));
  b.reset();
  BOOST_REQUIRE(s.wait([&] { return down == 2; }));
  b = std::make_unique<process>(options{.id = 2});
  BOOST_REQUIRE(b->listen("127.0.0.1:" + std::to_string(port)) == port);
  b->echo(message_kind::ring);
  BOOST_REQUIRE(s.wait([&] { return up == 4; }));
  BOOST_TEST(a.ask(to(2, message_kind::ring, {1, 2})).has_value());
}

BOOST_AUTO_TEST_CASE(both_may_dial_at_once_and_messages_keep_their_order) {
  signal s;
  std::vector<std::uint32_t> seen;
  process a({.id = 1}), b({.id = 2});
  BOOST_REQUIRE(a.listen() != 0);
  BOOST_REQUIRE(b.listen() != 0);
  b.handle(message_kind::agreement, [&](const inbound& m) {
    auto n = codec::decode<std::uint32_t>(m.body());
    s.change([&] { seen.push_back(n.value_or(0)); });
  });
  caf::anon_send(a.manager(), keep_atom::value, node_named(2), std::vector<std::string>{b.address()});
  caf::anon_send(b.manager(), keep_atom::value, node_named(1), std::vector<std::string>{a.address()});
  BOOST_REQUIRE(eventually([&] { return a.port().is_up(node_named(2), traffic_class::agreement); }));
  for (std::uint32_t i = 0; i < 20'000; ++i) BOOST_REQUIRE(a.port().send(to(2, message_kind::agreement, codec::encode(i), traffic_class::agreement)));
  BOOST_REQUIRE(s.wait([&] { return seen.size() == 20'000; }));
  BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
}

namespace {

/// All sessions of a process that are up.
std::vector<session_status> sessions_of(process& p) {
  std::vector<session_status> out;
  caf::scoped_actor self(p.system());
  self->request(p.manager(), 20s, sessions_atom::value)
      .receive([&](const std::vector<session_status>& s) { out = s; }, [](const caf::error&) {});
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_stranger_that_is_admitted_keeps_its_link) {
  signal s;
  std::vector<inbound> seen;
  process node({.id = 1}), newcomer({.id = 0});
  BOOST_REQUIRE(node.listen() != 0);
  node.handle(message_kind::ring, [&](const inbound& m) {
    s.change([&] { seen.push_back(m); });
    std::ignore = node.port().reply(m, m.payload);
  });
  BOOST_REQUIRE(newcomer.connect(node.address()));
  BOOST_REQUIRE(eventually([&] { return sessions_of(node).size() == 1; }));
  auto stranger = sessions_of(node).front().peer;
  BOOST_TEST(!stranger->admitted);
  link::local_identity admitted{cluster_named(1), node_named(7), {7, 0}, 0, 0, 0};
  append(admitted.admission, stranger->tls_key.view());
  caf::anon_send(newcomer.manager(), identify_atom::value, admitted);
  auto answer = newcomer.ask(to(1, message_kind::ring, {1}));  // at once, over the same link
  BOOST_REQUIRE_MESSAGE(answer, answer.error().message());
  BOOST_REQUIRE(s.wait([&] { return seen.size() == 1; }));
  BOOST_TEST(seen[0].from->admitted);
  BOOST_TEST((seen[0].from->id == node_named(7)));
  BOOST_TEST(node.port().is_up(node_named(7), traffic_class::foreground));
  BOOST_TEST(!node.port().is_up(stranger->end(), traffic_class::foreground));
  BOOST_TEST(node.port().counters().accepted == 1u);
}

namespace {

/// Another admission of a member of the tests, over the TLS key that its peer has seen.
link::local_identity renewed(std::uint8_t id, const digest& tls_key) {
  link::local_identity self{cluster_named(1), node_named(id), {id, 0}, 0, 0, 0};
  append(self.admission, tls_key.view());
  self.admission.push_back(1);
  return self;
}

}  // namespace

BOOST_AUTO_TEST_CASE(over_an_expired_admission_membership_is_taken_and_nothing_else) {
  signal s;
  int heard = 0;
  process node({.id = 1});
  BOOST_REQUIRE(node.listen() != 0);
  node.echo(message_kind::membership);
  constexpr std::array others = {message_kind::agreement, message_kind::ring,    message_kind::archive,
                                 message_kind::mesh,      message_kind::monitor, message_kind::replica};
  for (auto kind : others) node.handle(kind, [&](const inbound&) { s.change([&] { ++heard; }); });
  std::uint64_t refused = 0;
  for (auto kind : others) {
    process late({.id = 2, .expired = true});
    auto peer = late.connect(node.address());
    BOOST_REQUIRE_MESSAGE(peer, peer.error().message());
    BOOST_TEST(late.ask(to(1, message_kind::membership, {7})).has_value());
    BOOST_TEST(node.closed(refusal_reason::expired) == refused + 1);
    BOOST_TEST(!node.port().is_up(node_named(2), traffic_class::foreground));
    BOOST_TEST(!late.ask(to(1, kind, {1})));
    ++refused;
    BOOST_TEST(eventually([&] { return node.closed(refusal_reason::not_allowed) == refused; }), to_string(kind));
  }
  BOOST_TEST(heard == 0);
  process late({.id = 2, .expired = true});
  for (auto lane : {traffic_class::agreement, traffic_class::background}) BOOST_TEST(!late.connect(node.address(), lane));
  BOOST_TEST(eventually([&] { return node.closed(refusal_reason::expired) == refused + 2; }));
}

BOOST_AUTO_TEST_CASE(an_expired_member_holds_its_tongue_until_it_has_renewed) {
  process node({.id = 1}), late({.id = 2, .expired = true});
  BOOST_REQUIRE(node.listen() != 0);
  node.echo(message_kind::membership);
  node.echo(message_kind::ring);
  auto self = *late.port().identity();
  self.expired = true;
  late.port().identify(self);
  BOOST_REQUIRE(late.connect(node.address()));
  auto early = late.ask(to(1, message_kind::ring, {1}));
  BOOST_REQUIRE(!early);
  BOOST_TEST(early.error().is(errc::unavailable));
  BOOST_TEST(late.ask(to(1, message_kind::membership, {7})).has_value());
  BOOST_TEST(node.closed(refusal_reason::not_allowed) == 0u);

  auto seen = sessions_of(node);
  BOOST_REQUIRE(seen.size() == 1);
  caf::anon_send(late.manager(), identify_atom::value, renewed(2, seen.front().peer->tls_key));
  BOOST_REQUIRE(eventually([&] { return node.port().is_up(node_named(2), traffic_class::foreground); }));
  auto answer = late.ask(to(1, message_kind::ring, {1}));
  BOOST_REQUIRE_MESSAGE(answer, answer.error().message());
  BOOST_TEST(node.port().counters().accepted == 1u);
  BOOST_TEST(node.closed(refusal_reason::expired) == 1u);
}

BOOST_AUTO_TEST_CASE(a_renewed_admission_loses_no_request_under_way) {
  signal s;
  std::vector<inbound> asked;
  std::optional<result<inbound>> answer;
  process node({.id = 1}), other({.id = 2});
  BOOST_REQUIRE(node.listen() != 0);
  node.handle(message_kind::ring, [&](const inbound& m) { s.change([&] { asked.push_back(m); }); });
  other.port().know(node_named(1), {node.address()});
  other.port().request(to(1, message_kind::ring, {9}), 20s, [&](result<inbound> r) { s.change([&] { answer = std::move(r); }); });
  BOOST_REQUIRE(s.wait([&] { return asked.size() == 1; }));
  caf::anon_send(other.manager(), identify_atom::value, renewed(2, asked[0].from->tls_key));
  BOOST_REQUIRE(eventually([&] { return sessions_of(node).size() == 1 && sessions_of(node).front().peer->name == "n2 renewed"; }));
  std::ignore = node.port().reply(asked[0], make_payload({9}));
  BOOST_REQUIRE(s.wait([&] { return answer.has_value(); }));
  BOOST_REQUIRE_MESSAGE(*answer, answer->error().message());
  BOOST_TEST(node.port().counters().accepted == 1u);
  BOOST_TEST(other.closed(refusal_reason::replaced) == 0u);
}

// What must never happen: a peer that keeps to no rule stops, fills or slows a node that others use.
#include <boost/test/unit_test.hpp>

#include <filesystem>

#include "tests/actors/link/town.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using namespace std::chrono_literals;
using link::message_kind;
using link::refusal_reason;
using link::traffic_class;

namespace {

std::size_t open_files() {
  auto files = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

bytes header_bytes(link::frame_header h) {
  bytes out;
  link::append_header(out, h);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_bytes_and_other_protocols_are_closed) {
  town t;
  seeded_random random(5);
  for (int i = 0; i < 20; ++i) {
    raw_peer p(t.port);
    bytes noise(1 + random.below(5000));
    random.fill(noise);
    p.write(noise);
    ::usleep(100);
  }
  raw_peer http(t.port);
  http.write(as_bytes_view("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  BOOST_TEST(http.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::tls_failed));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(a_length_bomb_costs_nothing) {
  town t;
  raw_peer before_hello(t.port);
  BOOST_REQUIRE(before_hello.greet(3, 9, traffic_class::foreground));
  BOOST_TEST(before_hello.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::wrong_cluster));
  raw_peer p(t.port);
  BOOST_REQUIRE(p.greet(3, 1, traffic_class::foreground));
  BOOST_REQUIRE(p.send_plain(header_bytes({0xffff'fff0, message_kind::ring, 0, 1})));
  BOOST_TEST(p.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::too_large));
  raw_peer kind(t.port);
  BOOST_REQUIRE(kind.greet(3, 1, traffic_class::foreground));
  BOOST_REQUIRE(kind.send_plain(header_bytes({1, static_cast<message_kind>(77), 0, 1})));
  BOOST_TEST(kind.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::malformed));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(a_message_before_the_handshake_is_done_is_refused) {
  signal s;
  int heard = 0;
  town t;
  t.node.handle(message_kind::archive, [&](const inbound&) { s.change([&] { ++heard; }); });
  raw_peer p(t.port);
  BOOST_REQUIRE(p.greet(3, 9, traffic_class::foreground));  // of another cluster
  p.send(message_kind::archive, bytes{1});
  BOOST_TEST(p.closed_within(10s));
  BOOST_TEST(heard == 0);
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(half_open_connections_are_dropped) {
  town t([](link_config& c) { c.handshake_timeout = 300ms; });
  raw_peer silent(t.port), slow(t.port);
  slow.write(bytes{22, 3, 3});  // the beginning of a TLS record, and no more
  BOOST_TEST(silent.closed_within(10s));
  BOOST_TEST(slow.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::timeout, 2));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(a_flood_of_half_open_connections_keeps_nobody_out_and_leaks_nothing) {
  town t([](link_config& c) { c.half_open_max = 8; });
  BOOST_REQUIRE(t.serves());
  auto before = open_files();
  {
    std::vector<std::unique_ptr<raw_peer>> flood;
    for (int i = 0; i < 100; ++i) flood.push_back(std::make_unique<raw_peer>(t.port));
    BOOST_TEST(t.refuses(refusal_reason::too_many_connections, 50));
    process late({.id = 4});
    BOOST_TEST(late.connect(t.node.address()).has_value());
  }
  BOOST_TEST(eventually([&] { return open_files() <= before; }));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(too_many_connections_of_one_address_are_refused) {
  town t([](link_config& c) { c.connections_per_address_max = 4; });
  BOOST_REQUIRE(t.serves());
  std::vector<std::unique_ptr<raw_peer>> many;
  for (int i = 0; i < 6; ++i) many.push_back(std::make_unique<raw_peer>(t.port));
  BOOST_TEST(many.back()->closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::too_many_connections));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(a_stalled_receiver_stalls_its_sender_and_memory_stays_bounded) {
  signal s;
  std::vector<inbound> kept;
  std::size_t arrived = 0;
  bool stalled = true;
  town t;
  t.node.handle(message_kind::archive, [&](const inbound& m) {
    s.change([&] {
      ++arrived;
      if (stalled) kept.push_back(m);
    });
  });
  constexpr std::size_t size = 256u << 10, count = 100;  // 25 MiB
  std::size_t sent = 0;
  auto body = make_payload(bytes(size));
  auto send_some = [&] {
    while (sent < count && t.guest.port().send({node_named(1), traffic_class::background, message_kind::archive, body})) ++sent;
  };
  send_some();
  BOOST_TEST(sent < count);  // the queue to the peer is full: the sender hears of it
  auto window = link::limits::credit_window_bytes;
  BOOST_REQUIRE(s.wait([&] { return arrived >= window / size - 1; }));
  BOOST_TEST(t.serves());  // another class is not touched
  BOOST_TEST(arrived <= window / size);
  BOOST_TEST(t.node.port().counters().held_bytes <= static_cast<std::int64_t>(window));
  s.change([&] {
    stalled = false;
    kept.clear();
  });
  BOOST_TEST(eventually([&] {
    send_some();
    return sent == count;
  }));
  BOOST_TEST(s.wait([&] { return arrived == count; }));
  BOOST_TEST(eventually([&] { return t.node.port().counters().held_bytes == 0; }));
  BOOST_TEST(t.guest.port().counters().queued_bytes == 0);
}

BOOST_AUTO_TEST_CASE(who_sends_beyond_its_credit_is_cut_off) {
  signal s;
  std::vector<inbound> kept;
  town t;
  t.node.handle(message_kind::archive, [&](const inbound& m) { s.change([&] { kept.push_back(m); }); });
  raw_peer greedy(t.port);
  BOOST_REQUIRE(greedy.greet(3, 1, traffic_class::foreground));
  bytes body(256u << 10);
  for (int i = 0; i < 40; ++i) greedy.send(message_kind::archive, body);
  BOOST_TEST(greedy.closed_within(10s));
  BOOST_TEST(t.refuses(refusal_reason::credit_exceeded));
  BOOST_TEST(t.serves());
}

BOOST_AUTO_TEST_CASE(an_agreement_link_that_floods_is_paused_not_believed) {
  signal s;
  std::vector<inbound> kept;
  town t;
  t.node.handle(message_kind::agreement, [&](const inbound& m) { s.change([&] { kept.push_back(m); }); });
  auto body = make_payload(bytes(1u << 20));
  for (int i = 0; i < 60; ++i) {
    while (!t.guest.port().send({node_named(1), traffic_class::agreement, message_kind::agreement, body})) {
      if (t.node.port().counters().reading_paused > 0) break;
      ::usleep(1000);
    }
    if (t.node.port().counters().reading_paused > 0) break;
  }
  BOOST_TEST(eventually([&] { return t.node.port().counters().reading_paused > 0; }));
  BOOST_TEST(t.node.port().counters().held_bytes <= static_cast<std::int64_t>(link::limits::agreement_inbound_bytes_max + (2u << 20)));
  // It is looked at again every 20 ms, and must still be read when there is room at last.
  for (auto end = std::chrono::steady_clock::now() + 150ms; std::chrono::steady_clock::now() < end;) BOOST_TEST(t.serves());
  s.change([&] { kept.clear(); });
  auto unsent = [&] { return t.guest.port().counters().queued_bytes.load(); };
  BOOST_TEST(eventually([&] {
    s.change([&] { kept.clear(); });
    return unsent() == 0;
  }));
}

BOOST_AUTO_TEST_CASE(all_links_together_keep_to_their_budget) {
  constexpr std::int64_t budget = 2 << 20;
  signal s;
  std::vector<inbound> kept;
  bool keeping = true;
  town t([](link_config& c) { c.budget_bytes = budget; });
  t.node.handle(message_kind::archive, [&](const inbound& m) {
    s.change([&] {
      if (keeping) kept.push_back(m);
    });
  });
  std::vector<std::unique_ptr<process>> others;
  for (std::uint8_t id = 10; id < 14; ++id) {
    others.push_back(std::make_unique<process>(options{.id = id}));
    others.back()->port().know(node_named(1), {t.node.address()});
    for (int i = 0; i < 16; ++i) {
      BOOST_REQUIRE(others.back()->port().send({node_named(1), traffic_class::background, message_kind::archive, make_payload(bytes(100'000))}));
    }
  }
  BOOST_TEST(eventually([&] { return t.node.port().counters().reading_paused > 0; }));
  BOOST_TEST(t.node.port().counters().held_bytes <= budget + 4 * (1 << 20));  // each may finish the burst it is reading
  s.change([&] {
    keeping = false;
    kept.clear();
  });
  BOOST_TEST(eventually([&] { return t.node.port().counters().received_messages >= 64; }));
  BOOST_TEST(t.serves());
}

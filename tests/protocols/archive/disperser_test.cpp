// Dispersal succeeds whenever enough servers live, in bounded memory and bounded time, and never with a receipt that is not right.
#include "protocols/archive/disperser.hpp"
#include "tests/protocols/archive/world.hpp"

using namespace holdfast;
using namespace holdfast::archive;
using namespace holdfast::archive::test;

namespace {

// Disperses blocks of random content, as a writer that reads its input as fast as it is taken.
struct writer {
  writer(world& w, coding code, std::size_t count, std::size_t block_bytes = 400'000)
      : w(w), codec(code), count(count), block_bytes(block_bytes), d(config(w, code), w.c.directory) {
    w.receivers[client] = [this](const node_id& from, const service_reply& reply) { act(d.on_reply(this->w.clock(), from, reply)); };
    w.on_lost[client] = [this](const node_id& peer) { act(d.on_peer_lost(this->w.clock(), peer)); };
    w.every(disperser::tick, [this] {
      if (!started) return true;
      act(d.on_timer(this->w.clock()));
      return !d.outcome();
    });
  }

  static disperser_config config(world& w, coding code) {
    disperser_config c;
    c.ring = w.c.ring;
    c.origin = origin();
    c.code = code;
    c.order = placement_order(w.c.directory, id_of(origin()), placement_candidates(code));
    c.window_bytes = 1'000'000;
    c.queue_bytes = 2'000'000;
    return c;
  }

  void act(disperser_step step) {
    events.insert(events.end(), step.events.begin(), step.events.end());
    for (auto& request : step.requests) upload(std::move(request));
    most_queued = std::max(most_queued, d.queued_bytes());
    if (feeding) return;  // adding answers with a step too
    feeding = true;
    while (d.wants_more() && d.blocks().size() < count) {
      act(d.add(w.clock(), code_block(codec, content(block_bytes, d.blocks().size()))));
      if (d.blocks().size() == stop_at) pause();
    }
    if (d.blocks().size() == count && !closed && !d.outcome()) {
      closed = true;
      act(d.close(w.clock()));
    }
    feeding = false;
  }

  /// At once, or on a slow uplink that the links to all servers share fairly.
  void upload(outgoing_request request) {
    if (uplink_bytes_per_s == 0) return w.send(client, request);
    uplink[request.to].push_back(std::move(request));
    if (!std::exchange(uplink_busy, true)) send_next();
  }

  void send_next() {
    auto next = uplink.upper_bound(last_served);
    if (next == uplink.end()) next = uplink.begin();
    uplink_busy = next != uplink.end();
    if (!uplink_busy) return;
    last_served = next->first;
    auto request = std::move(next->second.front());
    next->second.pop_front();
    if (next->second.empty()) uplink.erase(next);
    auto time = std::chrono::microseconds(codec::encode(request.request).size() * 1'000'000 / uplink_bytes_per_s);
    w.after(time, [this, request = std::move(request)] {
      w.send(client, request);
      send_next();
    });
  }

  void start() {
    started = true;
    act(d.start(w.clock()));
  }

  bool run() {
    if (!started) start();
    return w.run([&] { return d.outcome().has_value(); });
  }

  /// The claim, which must verify.
  extent_claim claim() {
    BOOST_REQUIRE(d.outcome() && *d.outcome());
    auto claim = **d.outcome();
    auto slots = verify_claim(claim, w.c.directory, w.c.ring, w.clock().wall);
    BOOST_REQUIRE_MESSAGE(slots, (slots ? "" : slots.error().message()));
    return claim;
  }

  std::size_t server_of(std::uint8_t slot) { return server_of(w, codec.code(), slot); }
  static std::size_t server_of(world& w, coding code, std::uint8_t slot) {
    auto order = config(w, code).order;
    return static_cast<std::size_t>(std::find(w.c.nodes.begin(), w.c.nodes.end(), order[slot]) - w.c.nodes.begin());
  }

  world& w;
  node_id client = origin().client;
  reed_solomon codec;
  std::size_t count, block_bytes;
  disperser d;
  std::vector<slot_event> events;
  std::uint64_t most_queued = 0;
  std::uint64_t uplink_bytes_per_s = 0;
  std::map<node_id, std::deque<outgoing_request>> uplink;  ///< what waits, by server
  node_id last_served;
  bool uplink_busy = false;
  std::size_t stop_at = static_cast<std::size_t>(-1);
  std::function<void()> pause = [] {};
  bool started = false, feeding = false, closed = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_coding_disperses_with_all_receipts) {
  for (coding code : {coding{1, 1}, coding{1, 2}, coding{1, 3}, coding{2, 4}, coding{4, 6}}) {
    world w(code.n);
    writer t(w, code, 7);
    BOOST_REQUIRE(t.run());
    auto claim = t.claim();
    BOOST_TEST(claim.receipts.size() == code.n);
    BOOST_TEST(claim.blocks == 7u);
    BOOST_TEST(t.events.empty());
    for (const auto& request : t.d.settle_requests()) w.send(t.client, request);
    w.settle(100ms);
    for (auto& [node, host] : w.hosts) BOOST_TEST(host.queries.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_by_the_windows) {
  world w(6);
  writer t(w, {4, 6}, 200);
  BOOST_REQUIRE(t.run());
  t.claim();
  BOOST_TEST(t.most_queued <= 6 * (2'000'000 + 100'032));
}

BOOST_AUTO_TEST_CASE(dead_servers_are_replaced_by_spares_before_anything_is_acknowledged) {
  world w(9);
  writer t(w, {4, 6}, 20);
  for (std::uint8_t slot : {0, 3, 5}) w.kill(t.server_of(slot));
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 6u);
  BOOST_TEST(t.events.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_server_frozen_from_the_start_goes_to_a_spare) {
  world w(7);
  writer t(w, {4, 6}, 60);  // more than is queued while it is waited for
  w.freeze(t.server_of(2));
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 6u);
}

BOOST_AUTO_TEST_CASE(any_one_server_dying_or_freezing_midway_costs_its_slot_only) {
  for (bool freeze : {false, true}) {
    for (std::uint8_t slot = 0; slot < 6; ++slot) {
      world w(6);
      writer t(w, {4, 6}, 40);
      t.stop_at = 25;
      t.pause = [&] { freeze ? w.freeze(t.server_of(slot)) : w.kill(t.server_of(slot)); };
      auto began = w.now;
      BOOST_REQUIRE(t.run());
      BOOST_TEST(t.claim().receipts.size() == 5u);
      BOOST_TEST((w.now - began < 5s));
    }
  }
}

BOOST_AUTO_TEST_CASE(too_few_servers_is_an_error_in_bounded_time_and_leaves_nothing) {
  world w(6);
  writer t(w, {4, 6}, 40);
  t.stop_at = 25;
  t.pause = [&] {
    w.kill(t.server_of(0));
    w.freeze(t.server_of(1));
  };
  BOOST_REQUIRE(t.run());
  BOOST_TEST((*t.d.outcome()).error().is(errc::unavailable));
  w.settle(1s);
  for (auto& [node, host] : w.hosts) {
    if (!host.dead && !host.frozen) BOOST_TEST(host.engine->uncommitted().extents().empty());
  }
}

BOOST_AUTO_TEST_CASE(a_restarted_server_that_forgot_is_given_up_a_broken_link_is_resumed) {
  for (bool restart : {false, true}) {
    world w(6);
    writer t(w, {4, 6}, 80);
    t.stop_at = 40;
    t.pause = [&] {
      w.after(3ms, [&] {
        auto i = t.server_of(4);
        if (restart) {
          w.restart(i);
        } else {
          t.w.at(i).engine->on_peer_lost(w.clock(), t.client);
          t.act(t.d.on_peer_lost(w.clock(), w.c.nodes[i]));
        }
      });
    };
    BOOST_REQUIRE(t.run());
    BOOST_TEST(t.claim().receipts.size() == (restart ? 5u : 6u));
  }
}

BOOST_AUTO_TEST_CASE(a_frozen_server_that_thaws_in_time_keeps_its_slot) {
  world w(6);
  writer t(w, {4, 6}, 40);
  t.stop_at = 25;
  t.pause = [&] {
    w.freeze(t.server_of(1));
    w.after(1s, [&] { w.thaw(t.server_of(1)); });
  };
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 6u);
}

BOOST_AUTO_TEST_CASE(false_receipts_are_not_taken) {
  world w(6);
  writer t(w, {4, 6}, 10);
  auto liar = t.server_of(2);
  w.at(liar).lie = [&](service_reply& reply) {
    if (auto* sealed = std::get_if<extent_sealed>(&reply.body)) {
      auto r = *sealed->receipt.peek();
      r.index = 3;
      sealed->receipt = signed_receipt::make(r, w.c.keys.at(w.c.nodes[liar]));
    }
  };
  auto forger = t.server_of(0);
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 5u);

  world v(6);
  writer u(v, {4, 6}, 10);
  v.at(forger).lie = [](service_reply& reply) {
    if (auto* sealed = std::get_if<extent_sealed>(&reply.body)) sealed->receipt.sig.raw[1] ^= 1;
  };
  BOOST_REQUIRE(u.run());
  BOOST_TEST(u.claim().receipts.size() == 5u);
}

BOOST_AUTO_TEST_CASE(answers_that_make_no_sense_do_no_harm) {
  world w(6);
  writer t(w, {4, 6}, 30);
  auto liar = t.server_of(5);
  seeded_random random(5);
  w.at(liar).lie = [&](service_reply& reply) {
    switch (random.below(4)) {
      case 0: reply.id += random.below(5); break;
      case 1: reply.body = fragment_kept{id_of(origin()), static_cast<std::uint32_t>(random.below(50))}; break;
      case 2: reply.body = extent_progress{id_of(origin()), static_cast<std::uint32_t>(random.below(50)), std::nullopt}; break;
      default: reply.body = extent_sealed{}; break;
    }
  };
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() >= 5u);
}

BOOST_AUTO_TEST_CASE(a_slow_writer_is_not_given_up) {
  world w(4);
  writer t(w, {2, 4}, 2);
  t.count = 1;
  t.closed = true;  // holds the input back
  t.start();
  w.settle(10min);
  BOOST_TEST(!t.d.outcome());
  t.count = 2;
  t.closed = false;
  t.act({});
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 4u);
}

BOOST_AUTO_TEST_CASE(an_idle_writer_outlives_links_that_close_for_want_of_use) {
  world w(4);
  writer t(w, {2, 4}, 2);
  t.count = 1;
  t.closed = true;  // holds the input back
  t.start();
  for (int minute = 0; minute < 10; ++minute) {
    w.settle(1min);
    for (const auto& node : w.c.nodes) {
      w.hosts.at(node).engine->on_peer_lost(w.clock(), t.client);
      t.act(t.d.on_peer_lost(w.clock(), node));
    }
  }
  t.count = 2;
  t.closed = false;
  t.act({});
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 4u);
}

BOOST_AUTO_TEST_CASE(on_a_slow_uplink_no_server_loses_its_slot_and_a_frozen_one_does) {
  for (bool freeze : {false, true}) {
    world w(6);
    writer t(w, {4, 6}, 20);
    t.uplink_bytes_per_s = 200'000;  // each server is heard of every 3 s
    if (freeze) {
      t.stop_at = 10;
      t.pause = [&] { w.freeze(t.server_of(1)); };
    }
    BOOST_REQUIRE(t.run());
    BOOST_TEST(t.claim().receipts.size() == (freeze ? 5u : 6u));
    BOOST_TEST(t.events.size() == (freeze ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_refusal_for_now_is_waited_out) {
  world w(6);
  writer t(w, {4, 6}, 40);
  int refusals = 0;
  // While it opens and in the midst of fragments: each time the request that is answered has no effect.
  w.at(t.server_of(3)).lie = [&](service_reply& reply) {
    bool opening = std::holds_alternative<extent_progress>(reply.body) && refusals < 3;
    bool kept = std::holds_alternative<fragment_kept>(reply.body) && refusals == 3;
    if (!opening && !kept) return;
    ++refusals;
    reply.body = refusal{errc::unavailable, "busy; try again"};
  };
  BOOST_REQUIRE(t.run());
  BOOST_TEST(refusals == 4);
  BOOST_TEST(t.events.empty());
  BOOST_TEST(t.claim().receipts.size() == 6u);
}

BOOST_AUTO_TEST_CASE(what_is_given_up_in_the_midst_is_abandoned_at_every_server) {
  world w(6);
  writer t(w, {4, 6}, 40);
  t.stop_at = 25;
  t.pause = [&] { t.count = 25, t.closed = true; };
  t.start();
  w.settle(1s);
  BOOST_TEST(!t.d.outcome());
  w.send(t.client, t.d.abandon_requests());
  w.settle(1s);
  for (auto& [node, host] : w.hosts) BOOST_TEST(host.engine->uncommitted().extents().empty());
}

BOOST_AUTO_TEST_CASE(answers_that_overtake_each_other_count) {
  world w(6);
  writer t(w, {4, 6}, 7);
  auto late = w.c.nodes[t.server_of(2)];
  auto deliver = w.receivers[t.client];
  std::vector<service_reply> held;
  w.receivers[t.client] = [&](const node_id& from, const service_reply& reply) {
    if (from != late || !std::holds_alternative<fragment_kept>(reply.body)) return deliver(from, reply);
    held.push_back(reply);
    if (held.size() < 3 && t.d.blocks().size() < 7) return;
    for (auto at = held.rbegin(); at != held.rend(); ++at) deliver(from, *at);
    held.clear();
  };
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.claim().receipts.size() == 6u);
  BOOST_TEST(t.events.empty());
}

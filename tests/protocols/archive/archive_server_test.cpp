// What an archive server must never do: keep what does not prove itself, receipt what is not durable, drop what it receipted.
#include "protocols/base/plant.hpp"
#include "tests/protocols/archive/world.hpp"

using namespace holdfast;
using namespace holdfast::archive;
using namespace holdfast::archive::test;

namespace {

const coding code{2, 4};

// A client that talks to server 0 by hand.
struct by_hand {
  explicit by_hand(server_limits limits = {}) : w(4, limits) {
    w.receivers[client] = [this](const node_id&, const service_reply& reply) { replies.push_back(reply); };
    for (std::uint64_t i = 0; i < 3; ++i) blocks.push_back(code_block(reed_solomon(code), content(300000, i)));
  }

  world w;
  node_id client = origin().client;
  std::vector<coded_block> blocks;
  std::vector<service_reply> replies;
  std::uint64_t ids = 0;

  /// Sends a request and answers with the last reply to it, if any.
  std::optional<reply_body> ask(request_body body, node_id from = origin().client) {
    auto id = ++ids;
    replies.clear();
    if (from != client) w.receivers[from] = w.receivers[client];
    w.send(from, {w.c.nodes[0], {id, std::move(body)}});
    w.settle(50ms);
    return replies.empty() ? std::nullopt : std::optional(replies.back().body);
  }

  open_extent opening(std::uint64_t operation = 1) { return {w.c.ring, origin(operation), code, 1, 1, 2'000'000}; }

  std::optional<reply_body> put(const coded_block& block, std::uint32_t ordinal, std::uint8_t index = 1, std::uint64_t operation = 1) {
    std::optional<reply_body> last;
    const auto& f = block.fragments[index];
    for (std::size_t offset = 0; offset < f.data.size(); offset += piece_bytes_max) {
      auto part = bytes_view(f.data).subspan(offset);
      part = part.first(std::min<std::size_t>(part.size(), piece_bytes_max));
      put_piece piece{id_of(origin(operation)), ordinal, static_cast<std::uint32_t>(offset), std::nullopt, to_bytes(part)};
      if (offset == 0) piece.header = block_header{block.entry, f.path};
      last = ask(piece);
    }
    return last;
  }

  seal_extent sealing(std::uint64_t operation = 1) {
    seal_extent s{id_of(origin(operation)), {}, 0, 0};
    std::vector<block_entry> entries;
    for (const auto& b : blocks) {
      entries.push_back(b.entry);
      s.bytes += b.entry.length;
    }
    s.blocks = static_cast<std::uint32_t>(entries.size());
    s.list = list_hash(entries);
    return s;
  }

  signed_receipt write_all(std::uint64_t operation = 1) {
    ask(opening(operation));
    for (std::uint32_t i = 0; i < blocks.size(); ++i) put(blocks[i], i, 1, operation);
    auto reply = ask(sealing(operation));
    BOOST_REQUIRE(reply && std::holds_alternative<extent_sealed>(*reply));
    return std::get<extent_sealed>(*reply).receipt;
  }

  coding_record record(std::optional<node_id> in_slot_1) {
    coding_record r;
    r.extent = id_of(origin());
    r.code = code;
    r.list = sealing().list;
    r.blocks = 3;
    r.slots = {w.c.nodes[1], in_slot_1, w.c.nodes[2], w.c.nodes[3]};
    return r;
  }
};

bool refused_with(const std::optional<reply_body>& reply, errc code) {
  return reply && std::holds_alternative<refusal>(*reply) && std::get<refusal>(*reply).code == code;
}

template <class T>
bool is(const std::optional<reply_body>& reply) {
  return reply && std::holds_alternative<T>(*reply);
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_extent_is_kept_and_receipted_and_served) {
  by_hand t;
  auto receipt = open_receipt(t.write_all(), t.w.c.directory);
  BOOST_REQUIRE(receipt);
  BOOST_TEST((receipt->list == t.sealing().list));
  BOOST_TEST(receipt->blocks == 3u);
  BOOST_TEST(receipt->index == 1);
  auto got = t.ask(get_fragment{id_of(origin()), 2});
  BOOST_TEST(t.replies.size() == 2u);
  bytes data;
  for (auto& r : t.replies) append(data, std::get<fragment_piece>(r.body).data);
  BOOST_TEST((data == t.blocks[2].fragments[1].data));
  BOOST_TEST(std::get<fragment_piece>(*got).last);
  auto chunk = t.ask(get_chunk{id_of(origin()), 1, 3});
  BOOST_REQUIRE(is<chunk_proof>(chunk));
  BOOST_TEST(verify_chunk(std::get<chunk_proof>(*chunk), code));
  auto list = t.ask(get_list{id_of(origin()), 1});
  BOOST_REQUIRE(is<list_part>(list));
  BOOST_TEST(std::get<list_part>(*list).entries.size() == 2u);
  auto inventory = t.ask(get_inventory{});
  BOOST_TEST(std::get<inventory_part>(*inventory).entries.size() == 1u);
  BOOST_TEST(refused_with(t.ask(get_fragment{id_of(origin()), 9}), errc::not_found));
  BOOST_TEST(refused_with(t.ask(get_chunk{id_of(origin()), 0, 999}), errc::malformed));
}

BOOST_AUTO_TEST_CASE(no_receipt_before_the_store_says_durable) {
  for (auto bug : {planted_bug::none, planted_bug::receipt_before_durable}) {
#ifdef HOLDFAST_PLANTED_BUGS
    planted_now() = bug;
#else
    if (bug != planted_bug::none) continue;
#endif
    by_hand t;
    t.ask(t.opening());
    for (std::uint32_t i = 0; i < 3; ++i) t.put(t.blocks[i], i);
    t.w.at(0).disk = 10s;
    bool early = t.ask(t.sealing()).has_value();
    BOOST_TEST(early == (bug != planted_bug::none));
    t.w.settle(20s);
    BOOST_TEST(is<extent_sealed>(t.replies.empty() ? std::nullopt : std::optional(t.replies.back().body)));
  }
#ifdef HOLDFAST_PLANTED_BUGS
  planted_now() = planted_bug::none;
#endif
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_never_receipted_and_stops_the_server) {
  by_hand t;
  t.ask(t.opening());
  for (std::uint32_t i = 0; i < 3; ++i) t.put(t.blocks[i], i);
  t.w.at(0).store.failing = error(errc::unavailable, "fsync failed");
  BOOST_TEST(refused_with(t.ask(t.sealing()), errc::unavailable));
  BOOST_TEST(!is<extent_sealed>(t.ask(t.sealing())));
  BOOST_TEST(refused_with(t.ask(t.opening(2)), errc::damaged));
  BOOST_TEST((t.w.at(0).events.back().what == server_event::kind::store_failed));
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_the_extent_and_takes_others_later) {
  by_hand t;
  t.ask(t.opening());
  t.w.at(0).store.failing = error(errc::over_limit, "disk full");
  BOOST_TEST(refused_with(t.put(t.blocks[0], 0), errc::over_limit));
  t.w.at(0).store.failing.reset();
  t.write_all();
}

BOOST_AUTO_TEST_CASE(who_asks_again_for_a_seal_under_way_waits_for_the_same_one) {
  crypto::signing_key key = crypto::signing_key::from_seed({});
  archive_server server({{}, name<node_id>(9), 1, {}}, key, {}, {});
  const auto client = origin().client;
  by_hand t;
  auto step = server.on_request({}, client, {1, t.opening()});
  step = server.on_extent({}, std::get<read_extent>(step.effects.at(0)).ticket, fail(errc::not_found, "new"));
  std::uint64_t id = 1;
  for (std::uint32_t i = 0; i < t.blocks.size(); ++i) {
    const auto& f = t.blocks[i].fragments[1];
    for (std::size_t offset = 0; offset < f.data.size(); offset += piece_bytes_max) {
      auto part = bytes_view(f.data).subspan(offset);
      part = part.first(std::min<std::size_t>(part.size(), piece_bytes_max));
      put_piece piece{id_of(origin()), i, static_cast<std::uint32_t>(offset), std::nullopt, to_bytes(part)};
      if (offset == 0) piece.header = block_header{t.blocks[i].entry, f.path};
      step = server.on_request({}, client, {++id, piece});
    }
    server.on_stored({}, std::get<append_fragment>(step.effects.at(0)).ticket, {});
  }
  auto seal = server.on_request({}, client, {100, t.sealing()});
  BOOST_REQUIRE(seal.effects.size() == 1u);
  auto other = t.sealing();
  other.bytes += 1;
  step = server.on_request({}, client, {101, other});
  BOOST_REQUIRE(step.replies.size() == 1u);
  BOOST_TEST(std::holds_alternative<refusal>(step.replies[0].reply.body));
  for (std::uint64_t again = 0; again < 100; ++again) {
    step = server.on_request({}, client, {100 + 2 * again, t.sealing()});
    BOOST_TEST(step.effects.empty());
    step = server.on_request({}, client, {100 + 2 * again, t.sealing()});  // the very same question
  }
  step = server.on_stored({}, std::get<seal_stored>(seal.effects[0]).ticket, {});
  BOOST_TEST(step.replies.size() == archive_server::seal_askers_max);
}

BOOST_AUTO_TEST_CASE(what_readers_miss_is_reported) {
  by_hand t;
  t.ask(get_fragment{name<extent_id>(77), 0});
  BOOST_REQUIRE(!t.w.at(0).events.empty());
  BOOST_TEST((t.w.at(0).events.back().what == server_event::kind::extent_missed));
  BOOST_TEST((t.w.at(0).events.back().extent == name<extent_id>(77)));
}

BOOST_AUTO_TEST_CASE(false_fragments_are_refused) {
  by_hand t;
  t.ask(t.opening());
  auto wrong_data = t.blocks[0];
  wrong_data.fragments[1].data[77] ^= 1;
  BOOST_TEST(refused_with(t.put(wrong_data, 0), errc::damaged));
  auto wrong_path = t.blocks[0];
  wrong_path.fragments[1].path[0].raw[5] ^= 1;
  BOOST_TEST(refused_with(t.put(wrong_path, 0), errc::damaged));
  BOOST_TEST(refused_with(t.put(t.blocks[0], 0, 2), errc::damaged));  // another slot's fragment
  BOOST_TEST(refused_with(t.put(t.blocks[0], 1), errc::conflict));  // out of order
  auto too_long = t.blocks[0];
  too_long.entry.length = block_bytes_max + 1;
  BOOST_TEST(refused_with(t.put(too_long, 0), errc::malformed));
  BOOST_TEST(is<fragment_kept>(t.put(t.blocks[0], 0)));
  BOOST_TEST(t.w.at(0).engine->uncommitted().assembling_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(a_list_other_than_the_servers_own_is_not_sealed) {
  by_hand t;
  t.ask(t.opening());
  for (std::uint32_t i = 0; i < 2; ++i) t.put(t.blocks[i], i);
  BOOST_TEST(refused_with(t.ask(t.sealing()), errc::conflict));
  auto wrong = t.sealing();
  t.put(t.blocks[2], 2);
  wrong.list.raw[0] ^= 1;
  BOOST_TEST(refused_with(t.ask(wrong), errc::conflict));
  BOOST_TEST(is<extent_sealed>(t.ask(t.sealing())));
  BOOST_TEST(refused_with(t.ask(wrong), errc::conflict));
}

BOOST_AUTO_TEST_CASE(repeating_anything_changes_nothing) {
  by_hand t;
  t.ask(t.opening());
  t.put(t.blocks[0], 0);
  BOOST_TEST(is<fragment_kept>(t.put(t.blocks[0], 0)));
  auto progress = t.ask(t.opening());
  BOOST_TEST(std::get<extent_progress>(*progress).blocks == 1u);
  auto first = t.write_all();
  BOOST_TEST((std::get<extent_sealed>(*t.ask(t.sealing())).receipt == first));
  BOOST_TEST((*std::get<extent_progress>(*t.ask(t.opening())).sealed == first));
  auto other_slot = t.opening();
  other_slot.index = 2;
  BOOST_TEST(refused_with(t.ask(other_slot), errc::conflict));
  t.w.restart(0);  // a sealed extent survives, and so does its receipt
  BOOST_TEST((std::get<extent_sealed>(*t.ask(t.sealing())).receipt == first));
  t.w.carry_out(t.w.c.nodes[0], t.w.at(0).engine->on_commitment(t.w.clock(), id_of(origin()), {t.record(t.w.c.nodes[0]), {}}));
  t.w.settle(50ms);
  BOOST_TEST(t.w.at(0).engine->uncommitted().extents().empty());
  BOOST_TEST((std::get<extent_sealed>(*t.ask(t.sealing())).receipt == first));
  BOOST_TEST((*std::get<extent_progress>(*t.ask(t.opening())).sealed == first));
}

BOOST_AUTO_TEST_CASE(strangers_cannot_touch_a_clients_extent) {
  by_hand t;
  auto stranger = name<node_id>(999);
  BOOST_TEST(refused_with(t.ask(t.opening(), stranger), errc::denied));
  t.ask(t.opening());
  t.put(t.blocks[0], 0);
  BOOST_TEST(refused_with(t.ask(t.sealing(), stranger), errc::denied));
  t.ask(abandon{id_of(origin())}, stranger);
  BOOST_TEST(t.w.at(0).engine->uncommitted().extents().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_receipted_extent_goes_only_after_expiry_and_proof_of_absence) {
  by_hand t;
  auto receipt = *t.write_all().peek();
  auto& server = *t.w.at(0).engine;
  t.ask(abandon{id_of(origin())});
  auto said = [&](wall_time root_time) {
    t.w.carry_out(t.w.c.nodes[0], server.on_commitment(t.w.clock(), id_of(origin()), {std::nullopt, root_time}));
    t.w.settle(50ms);
    return t.w.at(0).store.sealed.size();
  };
  BOOST_TEST(said(receipt.expires) == 1u);
  BOOST_TEST(said(receipt.expires + server.limits().clock_skew) == 1u);
  BOOST_TEST(said(receipt.expires + server.limits().clock_skew + 1ms) == 0u);
}

BOOST_AUTO_TEST_CASE(a_vacant_slot_is_offered_what_is_here) {
  by_hand t;
  auto receipt = t.write_all();
  auto& server = *t.w.at(0).engine;
  t.ask(settle{{id_of(origin())}});
  BOOST_TEST(t.w.at(0).queries.size() == 1u);
  auto step = server.on_commitment(t.w.clock(), id_of(origin()), {t.record(std::nullopt), {}});
  BOOST_REQUIRE_EQUAL(step.offers.size(), 1u);
  BOOST_TEST((step.offers[0].receipt == receipt));
  BOOST_TEST(server.on_commitment(t.w.clock(), id_of(origin()), {t.record(t.w.c.nodes[3]), {}}).effects.empty());
  auto settled = server.on_commitment(t.w.clock(), id_of(origin()), {t.record(t.w.c.nodes[0]), {}});
  BOOST_TEST(std::holds_alternative<mark_committed>(settled.effects.at(0)));
}

BOOST_AUTO_TEST_CASE(the_ring_is_asked_again_and_again_but_ever_less) {
  by_hand t;
  t.write_all();
  auto& server = *t.w.at(0).engine;
  std::size_t asked = 0;
  for (int second = 0; second < 3600; ++second) {
    t.w.now += 1s;
    asked += server.on_timer(t.w.clock()).commitment_queries.size();
  }
  BOOST_TEST((asked >= 5 && asked <= 8));
}

BOOST_AUTO_TEST_CASE(a_clients_uncommitted_bytes_and_extents_are_bounded) {
  server_limits limits;
  limits.client_uncommitted_bytes_max = 3'500'000;
  limits.client_open_extents_max = 3;
  by_hand t(limits);
  BOOST_TEST(is<extent_progress>(t.ask(t.opening(1))));
  BOOST_TEST(is<extent_progress>(t.ask(t.opening(2))));
  BOOST_TEST(is<extent_progress>(t.ask(t.opening(3))));
  BOOST_TEST(refused_with(t.ask(t.opening(4)), errc::over_limit));
  t.ask(abandon{id_of(origin(2))});
  BOOST_TEST(is<extent_progress>(t.ask(t.opening(4))));
  auto more = t.opening(5);
  more.bytes_expected = 1000;
  BOOST_TEST(refused_with(t.ask(more), errc::over_limit));
  t.w.now += 31min;
  t.w.carry_out(t.w.c.nodes[0], t.w.at(0).engine->on_timer(t.w.clock()));
  BOOST_TEST(t.w.at(0).engine->uncommitted().extents().empty());
  BOOST_TEST(t.w.at(0).engine->uncommitted().reserved_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(half_sent_fragments_are_bounded_and_go_with_their_sender) {
  server_limits limits;
  limits.assembling_bytes_max = 200'000;
  by_hand t(limits);
  t.ask(t.opening(1));
  t.ask(t.opening(2));
  auto piece = [&](std::uint64_t operation) {
    const auto& f = t.blocks[0].fragments[1];
    return put_piece{id_of(origin(operation)), 0, 0, block_header{t.blocks[0].entry, f.path}, to_bytes(bytes_view(f.data).first(1000))};
  };
  BOOST_TEST(!t.ask(piece(1)));
  BOOST_TEST(refused_with(t.ask(piece(2)), errc::unavailable));
  t.w.at(0).engine->on_peer_lost(t.w.clock(), t.client);
  BOOST_TEST(!t.ask(piece(2)));
}

BOOST_AUTO_TEST_CASE(what_a_process_leaves_open_goes_soon_after_it_and_stays_if_it_comes_back) {
  by_hand t;
  auto& server = *t.w.at(0).engine;
  auto pass = [&](duration time) {
    t.w.now += time;
    t.w.carry_out(t.w.c.nodes[0], server.on_timer(t.w.clock()));
  };
  t.ask(t.opening(1));
  t.ask(t.opening(2));
  t.write_all(3);
  pass(10min);
  BOOST_TEST(server.uncommitted().extents().size() == 3u);
  server.on_peer_lost(t.w.clock(), t.client);
  pass(1min);
  t.ask(t.opening(2));
  pass(61s);
  BOOST_TEST(!server.uncommitted().extents().contains(id_of(origin(1))));
  BOOST_TEST(server.uncommitted().extents().contains(id_of(origin(2))));
  BOOST_TEST(server.uncommitted().extents().contains(id_of(origin(3))));
}

BOOST_AUTO_TEST_CASE(an_extent_abandoned_while_its_opening_waits_for_the_store_is_not_opened) {
  by_hand t;
  t.w.at(0).disk = 20ms;
  t.w.send(t.client, {t.w.c.nodes[0], {1000, t.opening()}});
  t.ask(abandon{id_of(origin())});
  BOOST_TEST(t.w.at(0).engine->uncommitted().extents().empty());
  t.w.settle(50ms);
  BOOST_TEST(is<extent_progress>(t.ask(t.opening())));
}

BOOST_AUTO_TEST_CASE(damage_is_detected_never_served_and_reported) {
  by_hand t;
  t.write_all();
  auto& fragment = t.w.at(0).store.sealed.begin()->second.fragments.at(1);
  fragment.data[100000] ^= 4;
  BOOST_TEST(refused_with(t.ask(get_fragment{id_of(origin()), 1}), errc::damaged));
  BOOST_TEST(t.replies.size() == 1u);
  BOOST_TEST(refused_with(t.ask(get_chunk{id_of(origin()), 1, 0}), errc::damaged));
  BOOST_TEST((t.w.at(0).events.back().what == server_event::kind::fragment_damaged));
  BOOST_TEST(t.w.at(0).events.back().ordinal == 1u);
  BOOST_TEST(std::get<archive_stat>(*t.ask(get_stat{})).damaged_fragments == 2u);
}

BOOST_AUTO_TEST_CASE(reads_under_way_are_bounded) {
  server_limits limits;
  limits.peer_reads_max = 3;
  by_hand t(limits);
  t.write_all();
  t.replies.clear();
  for (std::uint64_t i = 0; i < 5; ++i) t.w.send(t.client, {t.w.c.nodes[0], {1000 + i, get_fragment{id_of(origin()), 0}}});
  t.w.settle(50ms);
  auto refusals = std::count_if(t.replies.begin(), t.replies.end(), [](auto& r) { return std::holds_alternative<refusal>(r.body); });
  BOOST_TEST(refusals == 2);
  BOOST_TEST(is<fragment_piece>(t.ask(get_fragment{id_of(origin()), 0})));
  for (std::uint64_t i = 0; i < 3; ++i) t.w.send(t.client, {t.w.c.nodes[0], {2000 + i, get_fragment{id_of(origin()), 0}}});
  BOOST_TEST(is<extent_progress>(t.ask(t.opening(2))));  // what is to be kept does not wait for reads
}

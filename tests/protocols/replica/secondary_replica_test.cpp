// A secondary replica: fetches once, holds within its budget, shows nothing that is not verified and no head older than before.
#include <boost/test/unit_test.hpp>

#include "tests/protocols/replica/replica_world.hpp"

using namespace holdfast;
using namespace holdfast::replica;
using namespace holdfast::replica::test;

BOOST_AUTO_TEST_CASE(a_block_is_fetched_once_and_then_served_from_memory) {
  replica_world w;
  auto extent = w.extent(2);
  BOOST_TEST((w.content(w.wanted(extent, 0)) == extent.content(0)));
  const auto asked = w.questions;
  const auto sent = w.archive.sent_bytes;
  for (std::size_t i = 0; i < 6; ++i) w.archive.kill(i);
  BOOST_TEST((w.content(w.wanted(extent, 0)) == extent.content(0)));
  BOOST_TEST(w.questions == asked);
  BOOST_TEST(w.archive.sent_bytes == sent);
  BOOST_TEST(w.engine->counts().hits == 1u);
  BOOST_TEST(w.engine->counts().misses == 1u);
  BOOST_TEST(w.engine->counts().blocks == 1u);
}

BOOST_AUTO_TEST_CASE(an_extents_place_is_asked_for_once_and_again_when_its_fragments_have_moved) {
  replica_world w;
  auto extent = w.extent(3);
  w.content(w.wanted(extent, 0));
  w.content(w.wanted(extent, 1));
  BOOST_TEST(w.questions == 1u);
  // Three fragments move to other servers: what is remembered no longer leads to four.
  auto moved = extent.record;
  for (std::size_t slot = 0; slot < 3; ++slot) std::swap(moved.slots[slot], moved.slots[slot + 3]);
  for (auto& [node, host] : w.archive.hosts) host.store.sealed.clear();
  extent.record = moved;
  for (std::uint8_t slot = 0; slot < 6; ++slot) extent.keep(slot);
  w.place(moved);
  BOOST_TEST((w.content(w.wanted(extent, 2)) == extent.content(2)));
  BOOST_TEST(w.questions == 2u);
}

BOOST_AUTO_TEST_CASE(readers_of_the_same_wait_for_one_fetch) {
  replica_world w;
  auto block = w.inline_block(1, 20'000);
  w.by_hand = true;
  std::vector<std::uint64_t> readers;
  for (std::uint64_t i = 0; i < 5; ++i) readers.push_back(w.ask(block, name<node_id>(80 + i)));
  BOOST_TEST(w.questions == 1u);
  w.take(w.engine->on_ring(w.archive.clock(), w.held[0].number, w.answer_to(w.held[0])));
  for (auto reader : readers) BOOST_TEST(std::holds_alternative<content_reply>(w.replies.at(reader)));
  BOOST_TEST(w.engine->counts().misses == 5u);
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_twice_is_announced_until_it_is_gone) {
  replica_world w(1u << 20);
  auto block = w.inline_block(1, 20'000);
  w.content(block);
  BOOST_TEST(w.announced.empty());
  w.content(block);
  BOOST_TEST(w.announced.contains(block.object));
  BOOST_TEST(w.engine->announced().size() == 1u);
  // Others that are wanted as much take its place.
  for (std::uint64_t i = 2; i < 80; ++i) {
    auto other = w.inline_block(i, 20'000);
    w.content(other);
    w.content(other);
  }
  BOOST_TEST(!w.announced.contains(block.object));
  BOOST_TEST(w.engine->announced().size() == w.announced.size());
}

BOOST_AUTO_TEST_CASE(a_scan_announces_nothing_and_does_not_flush_what_is_read_often) {
  replica_world w(1u << 20);
  auto often = w.inline_block(1, 20'000);
  w.content(often);
  w.content(often);
  for (std::uint64_t i = 2; i < 300; ++i) w.content(w.inline_block(i, 20'000));
  BOOST_TEST(w.announced.size() == 1u);
  const auto asked = w.questions;
  w.content(often);
  BOOST_TEST(w.questions == asked);
}

BOOST_AUTO_TEST_CASE(a_head_is_served_while_it_is_new_enough_and_never_goes_back) {
  replica_world w;
  auto head = w.head_at(1, 3);
  BOOST_TEST(w.head({head.object}).version == 3u);
  w.sequence = 9;
  w.time = ring::after_birth(10s);
  w.head_at(1, 5);
  BOOST_TEST(w.head({head.object}).version == 3u);       // what is held will do
  BOOST_TEST(w.head({head.object, 4}).version == 5u);    // not for this reader
  BOOST_TEST(w.head({head.object, 3}).version == 5u);
  BOOST_TEST(w.questions == 2u);
  w.time = ring::after_birth(20s);
  BOOST_TEST(w.head({head.object, 0, ring::after_birth(15s)}).version == 5u);  // a later date was wanted
  BOOST_TEST(w.questions == 3u);

  // A member of the ring that has fallen behind, or lies about the present with the truth of the past.
  w.sequence = 8;
  w.time = ring::after_birth(5s);
  w.head_at(1, 4);
  BOOST_TEST(w.head({head.object, 6}).version == 5u);
  BOOST_TEST(w.head({head.object}).version == 5u);
}

BOOST_AUTO_TEST_CASE(a_root_older_than_one_shown_before_is_not_believed_even_if_the_head_had_to_go) {
  replica_world w;
  w.sequence = 20;
  w.head({w.head_at(1, 3).object});
  w.sequence = 19;
  auto other = w.head_at(2, 1);
  BOOST_TEST(replica_world::refused(w.get(get_head{other.object}), errc::stale));
  BOOST_TEST(w.engine->counts().heads == 1u);
}

BOOST_AUTO_TEST_CASE(absence_is_shown_with_its_proof_and_not_held) {
  replica_world w;
  w.head_at(2, 1);
  auto reply = w.get(get_head{name<aguid>(1)});
  auto* shown = std::get_if<head_reply>(&reply);
  BOOST_REQUIRE(shown);
  BOOST_TEST(!shown->entry.value);
  BOOST_TEST(ring::verify(shown->entry, ring::place_of(ring::submap::heads, name<aguid>(1)), w.ring.cluster, w.ring.entry.object).has_value());
  BOOST_TEST(w.engine->counts().heads == 0u);
  BOOST_TEST(w.engine->held_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_unverified_is_held_or_served) {
  replica_world w;
  w.by_hand = true;
  auto head = w.head_at(1, 3);
  auto forged = w.prove(ring::place_of(ring::submap::heads, head.object));
  forged.value = codec::encode(w.head_at(1, 9));
  struct lie {
    service_request asked;
    ring::service_reply told;
  };
  auto block = w.inline_block(1, 5'000);
  std::vector<lie> lies{
      {block, ring::inline_reply{archive::test::content(5'000, 99)}},
      {block, ring::records_reply{{bytes(10)}}},
      {get_record{head.object, head.newest}, ring::records_reply{{bytes(100)}}},
      {get_record{head.object, head.newest}, ring::records_reply{}},
      {get_head{head.object}, ring::entry_reply{ring::place_of(ring::submap::heads, head.object), forged, 0}},
      {get_head{head.object}, ring::inline_reply{bytes(10)}},
  };
  for (const auto& [asked, told] : lies) {
    auto reader = w.ask(asked);
    w.take(w.engine->on_ring(w.archive.clock(), w.held.back().number, told));
    BOOST_TEST(std::holds_alternative<refusal>(w.replies.at(reader)));
    BOOST_TEST(w.engine->held_bytes() == 0u);
    BOOST_TEST(w.engine->reserved_bytes() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(lying_archive_servers_are_outvoted_and_too_many_end_in_a_refusal) {
  replica_world w;
  auto extent = w.extent(2);
  auto spoil = [](archive::service_reply& reply) {
    if (auto* piece = std::get_if<archive::fragment_piece>(&reply.body)) piece->data[0] ^= 1;
  };
  w.archive.at(0).lie = w.archive.at(1).lie = spoil;
  BOOST_TEST((w.content(w.wanted(extent, 0)) == extent.content(0)));
  w.archive.at(2).lie = spoil;
  BOOST_TEST(std::holds_alternative<refusal>(w.get(w.wanted(extent, 1))));
  BOOST_TEST(w.engine->counts().blocks == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_replica_refuses_at_once) {
  replica_world w(16u << 20);
  w.by_hand = true;
  // One member's readers.
  auto block = w.inline_block(1, 1'000);
  for (std::size_t i = 0; i < secondary_replica::waiting_by_peer_max; ++i) w.ask(block, name<node_id>(81));
  BOOST_TEST(replica_world::refused(w.replies.at(w.ask(block, name<node_id>(81))), errc::over_limit));
  BOOST_TEST(!w.replies.contains(w.ask(block, name<node_id>(82))));
  // Bytes on their way: half of the budget.
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < 8; ++i) {
    get_block big{name<aguid>(10 + i), name<bguid>(10 + i), block_bytes_max, block_place{name<extent_id>(i), 0}};
    refused += w.replies.contains(w.ask(big));
  }
  BOOST_TEST(refused == 5u);
  // Fetches.
  for (std::uint64_t i = 0; i < secondary_replica::fetches_max; ++i) w.ask(get_record{name<aguid>(3), name<vguid>(i)}, name<node_id>(300 + i));
  BOOST_TEST(replica_world::refused(w.replies.at(w.ask(get_record{name<aguid>(3), name<vguid>(999)})), errc::over_limit));
  BOOST_TEST(w.engine->counts().refusals >= 7u);

  // When the ring has answered, there is room again.
  w.by_hand = false;
  for (const auto& q : std::exchange(w.held, {})) w.take(w.engine->on_ring(w.archive.clock(), q.number, w.answer_to(q)));
  BOOST_TEST(w.engine->reserved_bytes() == 0u);
  w.content(w.inline_block(2, 1'000));
}

BOOST_AUTO_TEST_CASE(what_no_budget_could_hold_is_refused) {
  replica_world small(1u << 20);
  get_block big{name<aguid>(1), name<bguid>(1), 200'000, block_place{name<extent_id>(1), 0}};
  BOOST_TEST(replica_world::refused(small.get(big), errc::over_limit));
  big.length = block_bytes_max + 1;
  BOOST_TEST(replica_world::refused(small.get(big), errc::malformed));
  big.length = 0;
  BOOST_TEST(replica_world::refused(small.get(big), errc::malformed));
}

// `take` checks after every step that the budget holds, that each reader is answered once, and that announcements pair with withdrawals.
BOOST_AUTO_TEST_CASE(the_budget_holds_whatever_is_read_in_whatever_order) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    replica_world w(2u << 20);
    seeded_random random(seed);
    std::vector<service_request> all;
    auto extent = w.extent(3, seed);
    for (std::uint64_t i = 1; i <= 60; ++i) {
      all.push_back(w.inline_block(i, 1'000 + random.below(30'000)));
      all.push_back(get_head{w.head_at(i, 1 + random.below(3)).object});
      all.push_back(w.wanted(extent, static_cast<std::uint32_t>(random.below(3)), i));
      all.push_back(get_record{name<aguid>(i), name<vguid>(i)});
    }
    for (std::size_t round = 0; round < 1'500; ++round) {
      auto skewed = random.below(random.below(all.size()) + 1);
      w.ask(all[skewed], name<node_id>(80 + random.below(5)));
      w.sequence += random.below(2);
      if (random.below(3) == 0) w.archive.settle(std::chrono::milliseconds(random.below(8)));
    }
    w.archive.settle(30s);
    BOOST_TEST(w.replies.size() == w.readers);
    BOOST_TEST(w.engine->reserved_bytes() == 0u);
    BOOST_TEST(w.engine->counts().hits > 300u);
    BOOST_TEST(w.engine->announced().size() == w.announced.size());
    const auto& c = w.engine->counts();
    BOOST_TEST(c.hits + c.misses + c.refusals == w.readers);
  }
}

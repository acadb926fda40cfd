// A replica between a ring and archive servers on paper: what it asks is answered in virtual time, by hand if a test wants that.
#pragma once

#include "protocols/replica/secondary_replica.hpp"
#include "tests/protocols/archive/stored_extent.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

namespace holdfast::replica::test {

using namespace std::chrono_literals;
using archive::test::name;

class replica_world {
 public:
  explicit replica_world(std::uint64_t budget_bytes = 64u << 20) : archive(6) {
    engine.emplace(replica_config{ring.cluster, ring.entry.object, budget_bytes, 0});
    archive.receivers[self] = [this](const node_id& from, const archive::service_reply& reply) {
      take(engine->on_archive(archive.clock(), from, reply));
    };
    archive.on_lost[self] = [this](const node_id& peer) { take(engine->on_peer_lost(archive.clock(), peer)); };
    archive.every(secondary_replica::tick, [this] {
      take(engine->on_timer(archive.clock()));
      return true;
    });
  }

  // -- what there is -------------------------------------------------------------------------------------------------

  /// An object whose head is in the ring's state.
  object::head head_at(std::uint64_t number, std::uint64_t version) {
    object::head h;
    h.object = name<aguid>(number);
    h.version = version;
    h.newest = name<vguid>(1000 * number + version);
    state.store(ring::place_of(ring::submap::heads, h.object), h);
    return h;
  }

  /// An inline block in the ring.
  get_block inline_block(std::uint64_t number, std::size_t size) {
    auto data = archive::test::content(size, number);
    get_block wanted{name<aguid>(number), archive::block_name(data), static_cast<std::uint32_t>(size), std::nullopt};
    inlined[wanted.block] = std::move(data);
    return wanted;
  }

  /// Blocks in the archive, with the ring's record of where.
  archive::test::stored extent(std::size_t blocks, std::uint64_t operation = 1) {
    archive::test::stored made(archive, {4, 6}, blocks, [](archive::coded_block&) {}, operation);
    place(made.record);
    return made;
  }
  void place(const archive::coding_record& record) { state.store(ring::place_of(ring::submap::extents, record.extent), record); }

  static get_block wanted(const archive::test::stored& from, std::uint32_t ordinal, std::uint64_t object = 1) {
    const auto& entry = from.blocks[ordinal].entry;
    return {name<aguid>(object), entry.block, entry.length, block_place{from.record.extent, ordinal}};
  }

  // -- reading -------------------------------------------------------------------------------------------------------

  std::uint64_t ask(const service_request& what, const node_id& from = name<node_id>(80)) {
    auto reader = ++readers;
    // What is asked travels.
    auto decoded = codec::decode<service_request>(codec::encode(what));
    BOOST_REQUIRE(decoded);
    take(engine->on_request(archive.clock(), reader, from, *decoded));
    return reader;
  }

  service_reply get(const service_request& what) {
    auto reader = ask(what);
    BOOST_REQUIRE(archive.run([&] { return replies.contains(reader); }, 60s));
    return replies.at(reader);
  }
  bytes content(const service_request& what) {
    auto reply = get(what);
    auto* found = std::get_if<content_reply>(&reply);
    BOOST_REQUIRE_MESSAGE(found, "refused: " << sentence(reply));
    return found->data;
  }
  object::head head(const get_head& what) {
    auto reply = get(what);
    auto* found = std::get_if<head_reply>(&reply);
    BOOST_REQUIRE_MESSAGE(found, "refused: " << sentence(reply));
    auto opened = ring::open<object::head>(found->entry, ring::place_of(ring::submap::heads, what.object), ring.cluster, ring.entry.object);
    BOOST_REQUIRE(opened);
    return opened->value;
  }
  static std::string sentence(const service_reply& reply) {
    auto* why = std::get_if<refusal>(&reply);
    return why ? why->sentence : "";
  }
  static bool refused(const service_reply& reply, errc code) {
    auto* why = std::get_if<refusal>(&reply);
    return why && why->code == code;
  }

  void take(replica_step step) {
    BOOST_REQUIRE_LE(engine->held_bytes() + engine->reserved_bytes(), engine->budget_bytes());
    archive.send(self, step.requests);
    for (const auto& a : step.answers) {
      auto decoded = codec::decode<service_reply>(*a.reply);
      BOOST_REQUIRE(decoded);
      BOOST_REQUIRE_MESSAGE(replies.emplace(a.reader, std::move(*decoded)).second, "a reader was answered twice");
    }
    for (const auto& o : step.withdraw) BOOST_REQUIRE_MESSAGE(announced.erase(o) == 1, "withdrawn without having been announced");
    for (const auto& o : step.announce) BOOST_REQUIRE_MESSAGE(announced.insert(o).second, "announced twice");
    for (auto& q : step.questions) {
      ++questions;
      if (by_hand) {
        held.push_back(std::move(q));
      } else {
        archive.after(2ms, [this, q] { take(engine->on_ring(archive.clock(), q.number, answer_to(q))); });
      }
    }
  }

  result<ring::service_reply> answer_to(const replica_step::ring_question& q) {
    if (auto* where = std::get_if<ring::place>(&q.what)) return ring::service_reply(ring::entry_reply{*where, prove(*where), 0});
    if (auto* record = std::get_if<vguid>(&q.what)) {
      if (!records.contains(*record)) return fail(errc::not_found, "no member of the ring has it");
      return ring::service_reply(ring::records_reply{{records.at(*record)}});
    }
    auto found = inlined.find(std::get<bguid>(q.what));
    if (found == inlined.end()) return fail(errc::not_found, "no member of the ring has it");
    return ring::service_reply(ring::inline_reply{found->second});
  }

  /// As the ring certifies it now.
  ring::proven_entry prove(const ring::place& where) {
    ring::proven_entry proven;
    if (auto* value = state.get(where)) proven.value = *value;
    proven.proof = state.prove(where);
    proven.root = ring.certify(state, ring.entry.object, sequence, time, ring.entry.object.certificate_size());
    return proven;
  }

  ring::test_cluster ring;
  ring::authenticated_map state;
  std::uint64_t sequence = 7;
  wall_time time = ring::born;
  std::map<bguid, bytes> inlined;
  std::map<vguid, bytes> records;
  archive::test::world archive;
  node_id self = name<node_id>(70);
  std::optional<secondary_replica> engine;
  bool by_hand = false;
  std::vector<replica_step::ring_question> held;  ///< by hand
  std::map<std::uint64_t, service_reply> replies;
  std::set<aguid> announced;
  std::uint64_t readers = 0, questions = 0;
};

}  // namespace holdfast::replica::test

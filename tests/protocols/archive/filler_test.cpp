// What is filled in is bit for bit what was dispersed, comes only from what proves itself, and is receipted only once durable.
#include "protocols/archive/filler.hpp"
#include "protocols/archive/sweep_planner.hpp"
#include "tests/protocols/archive/stored_extent.hpp"

using namespace holdfast;
using namespace holdfast::archive;
using namespace holdfast::archive::test;

namespace {

// Runs a filler on the server of a slot.
struct filling {
  filling(world& w, const coding_record& record, std::uint8_t slot, const node_id& self, std::vector<std::uint32_t> only = {})
      : w(w), self(self), f(config(w, record, slot, self, std::move(only))) {
    w.receivers[self] = [this](const node_id& from, const service_reply& reply) { act(f.on_reply(this->w.clock(), from, reply)); };
    w.on_lost[self] = [this](const node_id& peer) { act(f.on_peer_lost(this->w.clock(), peer)); };
    act(f.start(w.clock()));
    w.every(filler::tick, [this] {
      act(f.on_timer(this->w.clock()));
      return !f.outcome();
    });
  }

  static filler_config config(world& w, const coding_record& record, std::uint8_t slot, const node_id& self, std::vector<std::uint32_t> only) {
    filler_config c;
    c.record = record;
    c.ring = w.c.ring;
    c.self = self;
    c.slot = slot;
    c.only = std::move(only);
    c.ticket_base = 1ull << 40;
    return c;
  }

  void act(filler_step step) {
    evidence.insert(evidence.end(), step.evidence.begin(), step.evidence.end());
    for (auto& effect : step.effects) {
      w.perform(self, effect, [this](store_ticket ticket, const outcome& stored) { act(f.on_stored(w.clock(), ticket, stored)); });
    }
    w.send(self, step.requests);
  }

  bool run() {
    return w.run([&] { return f.outcome().has_value(); });
  }

  bool succeeded() { return run() && f.outcome()->has_value(); }

  world& w;
  node_id self;
  filler f;
  std::vector<dispersal_evidence> evidence;
};

bool same(const memory_store::kept& a, const std::vector<coded_block>& blocks, std::uint8_t slot) {
  if (a.fragments.size() != blocks.size()) return false;
  for (const auto& [ordinal, f] : a.fragments) {
    if (f.data != blocks[ordinal].fragments[slot].data || f.header.path != blocks[ordinal].fragments[slot].path) return false;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_wiped_servers_fragments_are_rebuilt_bit_for_bit) {
  for (coding code : {coding{1, 2}, coding{1, 3}, coding{2, 4}, coding{4, 6}}) {
    for (std::uint8_t slot = 0; slot < code.n; ++slot) {
      world w(code.n);
      stored extent(w, code, 9);
      auto self = *extent.record.slots[slot];
      w.hosts.at(self).store.sealed.clear();
      filling t(w, extent.record, slot, self);
      BOOST_REQUIRE(t.succeeded());
      BOOST_TEST(same(w.hosts.at(self).store.sealed.at(extent.record.extent), extent.blocks, slot));
      auto& server = *w.hosts.at(self).engine;
      server.adopt(w.clock(), (*t.f.outcome())->header);
      auto settled = server.on_commitment(w.clock(), extent.record.extent, {extent.record, {}});
      BOOST_TEST(std::holds_alternative<mark_committed>(settled.effects.at(0)));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_vacant_slot_is_filled_by_another_server_and_receipted) {
  world w(7);
  stored extent(w, {4, 6}, 5);
  auto record = extent.record;
  w.kill(extent.server(3));
  record.slots[3].reset();
  std::set<node_id> reachable;
  for (std::size_t i = 0; i < 7; ++i) {
    if (!w.at(i).dead) reachable.insert(w.c.nodes[i]);
  }
  auto self = filler_for(record, w.c.directory, reachable);
  BOOST_REQUIRE(self);
  filling t(w, record, 3, *self);
  BOOST_REQUIRE(t.succeeded());
  auto header = (*t.f.outcome())->header;
  auto receipt = open_receipt(w.hosts.at(*self).engine->receipt_for(header), w.c.directory);
  BOOST_REQUIRE(receipt);
  BOOST_TEST((receipt->list == record.list && receipt->index == 3 && receipt->extent == record.extent));
  BOOST_TEST(same(w.hosts.at(*self).store.sealed.at(record.extent), extent.blocks, 3));
}

BOOST_AUTO_TEST_CASE(filling_reads_around_the_dead_the_frozen_and_the_lying) {
  world w(6);
  stored extent(w, {2, 6}, 8);
  auto self = *extent.record.slots[0];
  w.hosts.at(self).store.sealed.clear();
  w.kill(extent.server(1));
  w.freeze(extent.server(2));
  w.at(extent.server(3)).lie = [](service_reply& reply) {
    if (auto* part = std::get_if<list_part>(&reply.body)) part->entries[0].fragment_root.raw[0] ^= 1;
    if (auto* piece = std::get_if<fragment_piece>(&reply.body)) piece->data[9] ^= 1;
  };
  filling t(w, extent.record, 0, self);
  BOOST_REQUIRE(t.succeeded());
  BOOST_TEST(same(w.hosts.at(self).store.sealed.at(extent.record.extent), extent.blocks, 0));
  BOOST_TEST(t.evidence.empty());
}

BOOST_AUTO_TEST_CASE(one_damaged_fragment_is_replaced_alone) {
  world w(6);
  stored extent(w, {4, 6}, 6);
  auto self = *extent.record.slots[2];
  auto& kept = w.hosts.at(self).store.sealed.at(extent.record.extent);
  kept.fragments.at(4).data[1000] ^= 1;
  filling t(w, extent.record, 2, self, {4});
  BOOST_REQUIRE(t.succeeded());
  BOOST_TEST((*t.f.outcome())->blocks == 1u);
  BOOST_TEST(same(kept, extent.blocks, 2));
}

BOOST_AUTO_TEST_CASE(with_too_few_holders_nothing_is_left_behind) {
  world w(6);
  stored extent(w, {4, 6}, 4);
  auto self = *extent.record.slots[0];
  w.hosts.at(self).store.sealed.clear();
  for (std::size_t slot : {1, 2}) w.at(extent.server(slot)).store.sealed.clear();
  filling t(w, extent.record, 0, self);
  BOOST_REQUIRE(t.run());
  BOOST_TEST(!*t.f.outcome());
  w.settle(100ms);
  BOOST_TEST(w.hosts.at(self).store.open.empty());
  BOOST_TEST(w.hosts.at(self).store.sealed.empty());
}

BOOST_AUTO_TEST_CASE(a_failed_seal_is_no_fill) {
  world w(4);
  stored extent(w, {2, 4}, 3);
  auto self = *extent.record.slots[0];
  w.hosts.at(self).store.sealed.clear();
  filling t(w, extent.record, 0, self);
  w.run([&] { return t.f.blocks_done() == 2; });
  w.hosts.at(self).store.failing = error(errc::unavailable, "fsync failed");
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.f.outcome()->error().is(errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_false_dispersal_is_evidence_not_a_fill) {
  world w(6);
  stored extent(w, {4, 6}, 3, [](coded_block& block) {
    block.fragments[5].data[3] ^= 1;
    std::vector<digest> leaves;
    for (auto& f : block.fragments) leaves.push_back(leaf_of(f.index, f.data));
    auto paths = merkle_paths(leaves);
    block.entry.fragment_root = merkle_root(leaves);
    for (auto& f : block.fragments) f.path = paths[f.index];
  });
  auto self = *extent.record.slots[0];
  w.hosts.at(self).store.sealed.clear();
  filling t(w, extent.record, 0, self);
  BOOST_REQUIRE(t.run());
  BOOST_TEST(t.f.outcome()->error().is(errc::damaged));
  BOOST_REQUIRE(!t.evidence.empty());
  BOOST_TEST((t.evidence[0].recoded_root != t.evidence[0].entry.fragment_root));
}

BOOST_AUTO_TEST_CASE(a_long_list_comes_in_pages) {
  world w(2);
  stored extent(w, {1, 2}, 1);
  // The one block, five thousand times: the list is what matters here.
  auto& record = extent.record;
  std::vector<block_entry> entries(5000, extent.blocks[0].entry);
  record.blocks = 5000;
  record.list = list_hash(entries);
  auto& holder = w.at(extent.server(0)).store.sealed.at(record.extent);
  holder.durable.entries = entries;
  for (std::uint32_t i = 0; i < 5000; ++i) holder.fragments.emplace(i, holder.fragments.at(0));
  auto self = *record.slots[1];
  w.hosts.at(self).store.sealed.clear();
  filling t(w, record, 1, self);
  BOOST_REQUIRE(w.run([&] { return t.f.blocks_done() >= 8; }));
}

BOOST_AUTO_TEST_CASE(a_list_in_tiny_parts_is_not_waited_for) {
  world w(3);
  stored extent(w, {1, 3}, 6);
  auto asked = 0;
  w.at(extent.server(0)).lie = [&](service_reply& reply) {
    auto* part = std::get_if<list_part>(&reply.body);
    if (!part) return;
    ++asked;
    part->entries.resize(1);
  };
  auto self = *extent.record.slots[2];
  w.hosts.at(self).store.sealed.clear();
  filling t(w, extent.record, 2, self);
  BOOST_REQUIRE(t.succeeded());
  BOOST_TEST(asked == 1);
}

BOOST_AUTO_TEST_CASE(a_sweep_finds_what_is_missing_here_and_who_fills_vacant_slots) {
  world w(7);
  stored intact(w, {4, 6}, 1, [](coded_block&) {}, 1), wiped(w, {4, 6}, 1, [](coded_block&) {}, 2), vacant(w, {4, 6}, 1, [](coded_block&) {}, 3);
  std::set<node_id> reachable(w.c.nodes.begin(), w.c.nodes.end());
  for (const auto& self : w.c.nodes) {
    std::map<extent_id, extent_header> held;
    for (auto& [id, kept] : w.hosts.at(self).store.sealed) held.emplace(id, kept.durable.header);
    held.erase(wiped.record.extent);
    auto record = vacant.record;
    record.slots[0].reset();
    held.erase(record.extent);
    auto plan = plan_sweep(self, {intact.record, wiped.record, record}, held, w.c.directory, reachable);
    auto has = [&](const coding_record& r) { return std::find(r.slots.begin(), r.slots.end(), self) != r.slots.end(); };
    auto fills = [&](const coding_record& r) {
      return std::any_of(plan.fill.begin(), plan.fill.end(), [&](const fill_task& t) { return t.record.extent == r.extent; });
    };
    BOOST_TEST(!fills(intact.record));
    BOOST_TEST(fills(wiped.record) == has(wiped.record));
    BOOST_TEST(fills(record) == (has(record) || filler_for(record, w.c.directory, reachable) == self));
    if (fills(record)) BOOST_TEST((plan.fill.front().record.extent == record.extent));  // most endangered first
    BOOST_TEST(plan.confirm.empty());
    BOOST_TEST(plan.surplus.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_sweep_confirms_and_spots_surplus) {
  world w(7);
  stored extent(w, {4, 6}, 1);
  auto self = *extent.record.slots[1];
  auto header = w.hosts.at(self).store.sealed.begin()->second.durable.header;
  header.state = extent_state::sealed;
  auto plan = plan_sweep(self, {extent.record}, {{header.extent, header}}, w.c.directory, {self});
  BOOST_TEST(plan.confirm.size() == 1u);
  header.state = extent_state::committed;
  auto moved = extent.record;
  for (const auto& node : w.c.nodes) {
    if (std::find(extent.record.slots.begin(), extent.record.slots.end(), node) == extent.record.slots.end()) moved.slots[1] = node;
  }
  plan = plan_sweep(self, {moved}, {{header.extent, header}}, w.c.directory, {self});
  BOOST_TEST(plan.surplus.size() == 1u);
  BOOST_TEST(plan.fill.empty());
}

BOOST_AUTO_TEST_CASE(what_is_kept_for_a_slot_that_the_record_has_vacant_is_not_surplus) {
  world w(7);
  stored extent(w, {4, 6}, 1);
  auto self = *extent.record.slots[1];
  auto header = w.hosts.at(self).store.sealed.begin()->second.durable.header;
  header.state = extent_state::committed;
  auto earlier = extent.record;
  earlier.slots[1].reset();
  auto plan = plan_sweep(self, {earlier}, {{header.extent, header}}, w.c.directory, {self});
  BOOST_TEST(plan.surplus.empty());
  BOOST_TEST(plan.fill.empty());
  earlier.list = {};
  plan = plan_sweep(self, {earlier}, {{header.extent, header}}, w.c.directory, {self});
  BOOST_TEST(plan.surplus.size() == 1u);
}

BOOST_AUTO_TEST_CASE(each_turn_gives_a_vacant_slot_to_one_more_server) {
  world w(7);
  stored extent(w, {2, 4}, 1);
  auto record = extent.record;
  record.slots[0].reset();
  std::set<node_id> reachable(w.c.nodes.begin(), w.c.nodes.end());
  for (std::size_t turns = 1; turns <= 4; ++turns) {
    std::size_t fillers = 0;
    for (const auto& self : w.c.nodes) fillers += plan_sweep(self, {record}, {}, w.c.directory, reachable, turns).fill.size();
    BOOST_TEST(fillers == turns + 3);  // three have lost what they hold by the record
  }
}

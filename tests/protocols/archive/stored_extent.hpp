// An extent that a world's servers hold already, put straight into their stores.
#pragma once

#include "protocols/archive/collector.hpp"
#include "tests/protocols/archive/world.hpp"

namespace holdfast::archive::test {

struct stored {
  /// `spoil` may change each block after it was coded: a false dispersal.
  stored(world& w, coding code, std::size_t count, std::function<void(coded_block&)> spoil = [](coded_block&) {}, std::uint64_t operation = 1)
      : w(w), seed(operation * 1000) {
    record.extent = id_of(origin(operation));
    record.code = code;
    record.directory_version = 1;
    std::vector<block_entry> entries;
    reed_solomon codec(code);
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back(code_block(codec, content(static_cast<std::uint32_t>(i))));
      spoil(blocks.back());
      entries.push_back(blocks.back().entry);
      record.bytes += entries.back().length;
    }
    record.list = list_hash(entries);
    record.blocks = static_cast<std::uint32_t>(count);
    for (const auto& node : placement_order(w.c.directory, record.extent, code.n)) record.slots.push_back(node);
    for (std::uint8_t slot = 0; slot < code.n; ++slot) keep(slot);
  }

  void keep(std::uint8_t slot) {
    memory_store::kept k;
    auto& h = k.durable.header;
    h.extent = record.extent;
    h.ring = w.c.ring;
    h.code = record.code;
    h.index = slot;
    h.state = extent_state::committed;
    h.list = record.list;
    h.blocks = record.blocks;
    h.bytes = record.bytes;
    for (std::uint32_t i = 0; i < blocks.size(); ++i) {
      const auto& f = blocks[i].fragments[slot];
      k.durable.entries.push_back(blocks[i].entry);
      k.fragments.emplace(i, stored_fragment{record.code, slot, {blocks[i].entry, f.path}, f.data});
    }
    w.hosts.at(*record.slots[slot]).store.sealed.insert_or_assign(record.extent, std::move(k));
  }

  bytes content(std::uint32_t ordinal) const { return test::content(700'000 + ordinal, seed + ordinal); }

  block_want want(std::uint32_t ordinal) const {
    const auto& entry = blocks[ordinal].entry;
    return {record.extent, ordinal, entry.block, entry.length, record.code, record.slots, std::nullopt, false};
  }

  std::size_t server(std::size_t slot) const {
    return static_cast<std::size_t>(std::find(w.c.nodes.begin(), w.c.nodes.end(), *record.slots[slot]) - w.c.nodes.begin());
  }

  world& w;
  std::uint64_t seed;
  coding_record record;
  std::vector<coded_block> blocks;
};

}  // namespace holdfast::archive::test

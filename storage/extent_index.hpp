// What the extent store keeps in the database, under checksums of its own.
//
//   extents           extent                 -> blocks, bytes, the holder's meta
//   extent_blocks     extent, block          -> place of the fragment
//   extent_segments   segment, extent        -> nothing: the segment holds fragments of the extent
#pragma once

#include <map>
#include <set>

#include "storage/block_store.hpp"
#include "storage/extent_store.hpp"
#include "storage/fragment_format.hpp"

namespace holdfast::storage {

using block_places = std::map<std::uint32_t, fragment_place>;

class extent_index {
 public:
  explicit extent_index(database& db) : db_(db) {}

  result<fragment_place> place(const extent_id& extent, std::uint32_t block) const;
  result<block_places> places(const extent_id& extent) const;

  /// Places of the extent as far as they can be read; the outcome says whether those are all.
  outcome gather(const extent_id& extent, block_places& places) const;
  result<extent_info> info(const extent_id& extent) const;

  /// Extents from `cursor` on, until `visit` answers false. One whose entry fails its check is visited as corrupt, and hides no other.
  outcome scan(const extent_id& cursor, const std::function<bool(const extent_id&, result<extent_info>)>& visit) const;

  /// Segments that hold fragments of sealed extents.
  result<std::set<std::uint64_t>> segments() const;
  result<bool> holds_any(std::uint64_t segment) const;

  /// Adds to `batch` what makes the extent hold `fresh` beside what it holds already.
  outcome seal(write_batch& batch, const extent_id& extent, const bytes& meta, const block_places& fresh) const;

  /// Adds to `batch` what forgets the extent; answers the segments that held it.
  result<std::set<std::uint64_t>> drop(write_batch& batch, const extent_id& extent) const;

  outcome write(const write_batch& batch, durability d) { return db_.write(batch, d); }
  outcome sync() { return db_.sync(); }

 private:
  database& db_;
};

}  // namespace holdfast::storage

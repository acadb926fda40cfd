#include "storage/salvage.hpp"

#include "storage/extent_index.hpp"
#include "storage/read_around.hpp"

namespace holdfast::storage {
namespace {

constexpr std::size_t batch_bytes = 4u << 20;

struct parts {
  stretches tables;
  std::set<extent_id> extents;  ///< beside those that lie in the stretches
};

/// One copying of parts of a database into another, and what of those parts could not be had.
class copying {
 public:
  copying(database& from, database& into, salvaged& found) : from_(from), into_(into), found_(found), old_index_(from), new_index_(into) {}

  /// Errors are those of `into`.
  result<parts> run(const parts& wanted) {
    for (const auto& [where, those] : wanted.tables) {
      for (const auto& stretch : those) {
        auto unread = where == table::extents ? copy_extents(stretch) : copy_entries(where, stretch);
        if (!unread.empty()) std::move(unread.begin(), unread.end(), std::back_inserter(missed_.tables[where]));
        if (!copied_) return fail(copied_.error());
      }
    }
    for (const auto& extent : wanted.extents) {
      if (!copy_extent(extent)) return fail(copied_.error());
    }
    return std::move(missed_);
  }

 private:
  /// As they are.
  std::vector<key_stretch> copy_entries(table where, const key_stretch& stretch) {
    write_batch batch;
    std::size_t held = 0;
    auto flush = [&] {
      copied_ = into_.write(std::exchange(batch, {}), durability::lazy);
      held = 0;
    };
    auto unread = read_around(from_, where, stretch, [&](bytes_view key, bytes_view value) {
      batch.put(where, key, to_bytes(value));
      ++found_.entries;
      held += key.size() + value.size();
      if (held >= batch_bytes) flush();
      return copied_.has_value();
    });
    if (copied_ && !batch.empty()) flush();
    return unread;
  }

  std::vector<key_stretch> copy_extents(const key_stretch& stretch) {
    return read_around(from_, table::extents, stretch, [&](bytes_view key, bytes_view) { return copy_extent(extent_id::from(key)); });
  }

  /// If all of it is known. False: it cannot be written.
  bool copy_extent(const extent_id& extent) {
    auto info = old_index_.info(extent);
    block_places places;
    static_cast<void>(old_index_.gather(extent, places));  // what hinders reading behind its last place is not its own trouble
    if (!info || places.size() != info->blocks) {
      missed_.extents.insert(extent);
      return true;
    }
    write_batch batch;
    copied_ = new_index_.seal(batch, extent, info->meta, places);
    if (copied_) copied_ = new_index_.write(batch, durability::lazy);
    if (copied_) ++found_.extents;
    return copied_.has_value();
  }

  database& from_;
  database& into_;
  salvaged& found_;
  extent_index old_index_, new_index_;
  outcome copied_;
  parts missed_;
};

result<std::unique_ptr<database>> open_mended(const std::string& path) {
  auto opened = database::open(path);
  if (opened || !opened.error().is(errc::corrupt)) return opened;
  if (auto mended = database::repair(path); !mended) return fail(mended.error());
  return database::open(path);
}

}  // namespace

result<salvaged> salvage(const std::string& path, database& into) {
  auto from = open_mended(path);
  if (!from) return fail(from.error());
  salvaged found;
  parts all;
  for (auto t : {table::kv, table::blocks, table::versions, table::extents}) all.tables[t].push_back({});
  auto missed = copying(**from, into, found).run(all);
  if (!missed) return fail(missed.error());
  for (const auto& [where, unread] : missed->tables) found.unread += unread.size();
  if (found.unread > 0 || !missed->extents.empty()) {
    from->reset();
    if (database::repair(path)) from = database::open(path);
    if (from && *from) missed = copying(**from, into, found).run(*missed);
    if (!missed) return fail(missed.error());
  }
  found.extents_partial = missed->extents.size();
  if (auto synced = into.sync(); !synced) return fail(synced.error());
  return found;
}

}  // namespace holdfast::storage

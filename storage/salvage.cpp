#include "storage/salvage.hpp"

#include "storage/extent_index.hpp"

namespace holdfast::storage {
namespace {

constexpr std::size_t batch_bytes = 4u << 20;

/// Copies a table's entries as they are, up to the first that cannot be read.
outcome copy_table(const database& from, database& into, table t, std::uint64_t& entries) {
  write_batch batch;
  std::size_t held = 0;
  outcome copied;
  auto flush = [&] {
    copied = into.write(std::exchange(batch, {}), durability::lazy);
    held = 0;
  };
  static_cast<void>(from.scan(t, {}, {}, [&](bytes_view key, bytes_view value) {
    batch.put(t, key, to_bytes(value));
    ++entries;
    held += key.size() + value.size();
    if (held >= batch_bytes) flush();
    return copied.has_value();
  }));
  if (copied && !batch.empty()) flush();
  return copied;
}

outcome copy_extents(database& from, database& into, salvaged& found) {
  extent_index old_index(from), new_index(into);
  outcome copied;
  static_cast<void>(old_index.scan({}, [&](extent_info info) {
    auto places = old_index.places(info.extent);
    if (!places || places->size() != info.blocks) {
      ++found.extents_partial;
      return true;
    }
    write_batch batch;
    copied = new_index.seal(batch, info.extent, info.meta, *places);
    if (copied) copied = new_index.write(batch, durability::lazy);
    ++found.extents;
    return copied.has_value();
  }));
  return copied;
}

}  // namespace

result<salvaged> salvage(const std::string& path, database& into) {
  auto from = database::open(path);
  if (!from && from.error().is(errc::corrupt)) {
    if (auto mended = database::repair(path); !mended) return fail(mended.error());
    from = database::open(path);
  }
  if (!from) return fail(from.error());
  salvaged found;
  for (auto t : {table::kv, table::blocks, table::versions}) {
    if (auto copied = copy_table(**from, into, t, found.entries); !copied) return fail(copied.error());
  }
  if (auto copied = copy_extents(**from, into, found); !copied) return fail(copied.error());
  if (auto synced = into.sync(); !synced) return fail(synced.error());
  return found;
}

}  // namespace holdfast::storage

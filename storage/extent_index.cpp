#include "storage/extent_index.hpp"

#include "storage/crc32c.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::size_t place_bytes = 24;
constexpr std::size_t info_bytes = 12;
constexpr std::size_t crc_bytes = 4;

bytes block_key(const extent_id& extent, std::uint32_t block) {
  auto key = to_bytes(extent.view());
  append_big(key, block);
  return key;
}

bytes segment_key(std::uint64_t segment) {
  bytes key;
  append_big(key, segment);
  return key;
}

bytes segment_key(std::uint64_t segment, const extent_id& extent) {
  auto key = segment_key(segment);
  append(key, extent.view());
  return key;
}

/// Appends the checksum that ties a value to its key.
bytes closed(bytes_view key, bytes value) {
  auto crc = crc32c(value, crc32c(key));
  value.resize(value.size() + crc_bytes);
  put_little(value.data() + value.size() - crc_bytes, crc);
  return value;
}

result<bytes_view> opened(bytes_view key, bytes_view stored, std::size_t length_min) {
  if (stored.size() >= length_min + crc_bytes) {
    auto value = stored.first(stored.size() - crc_bytes);
    if (get_little<std::uint32_t>(stored.data() + value.size()) == crc32c(value, crc32c(key))) return value;
  }
  return fail(errc::corrupt, "the index entry of extent " + to_hex(key.first(4)) + " is damaged");
}

bytes encode(const fragment_place& p) {
  bytes raw(place_bytes);
  put_little(raw.data(), p.segment);
  put_little(raw.data() + 8, p.offset);
  put_little(raw.data() + 16, p.meta_length);
  put_little(raw.data() + 20, p.length);
  return raw;
}

result<fragment_place> decode_place(bytes_view key, bytes_view stored) {
  auto value = opened(key, stored, place_bytes);
  if (!value) return fail(value.error());
  const auto* at = value->data();
  return fragment_place{get_little<std::uint64_t>(at), get_little<std::uint64_t>(at + 8), get_little<std::uint32_t>(at + 16),
                        get_little<std::uint32_t>(at + 20)};
}

result<extent_info> decode_info(bytes_view key, bytes_view stored) {
  auto value = opened(key, stored, info_bytes);
  if (!value) return fail(value.error());
  extent_info info;
  info.extent = extent_id::from(key);
  info.blocks = get_little<std::uint32_t>(value->data());
  info.bytes = get_little<std::uint64_t>(value->data() + 4);
  info.meta = to_bytes(value->subspan(info_bytes));
  return info;
}

tl::unexpected<error> absent(const extent_id& extent) { return fail(errc::not_found, "extent " + extent.brief() + " is not here"); }

std::set<std::uint64_t> segments_of(const block_places& places) {
  std::set<std::uint64_t> segments;
  for (const auto& [block, place] : places) segments.insert(place.segment);
  return segments;
}

}  // namespace

result<fragment_place> extent_index::place(const extent_id& extent, std::uint32_t block) const {
  auto key = block_key(extent, block);
  auto stored = db_.get(table::extent_blocks, key);
  if (!stored && stored.error().is(errc::not_found))
    return fail(errc::not_found, "fragment " + std::to_string(block) + " of extent " + extent.brief() + " is not here");
  if (!stored) return fail(stored.error());
  return decode_place(key, *stored);
}

outcome extent_index::gather(const extent_id& extent, block_places& places) const {
  outcome found;
  auto scanned = db_.scan(table::extent_blocks, extent.view(), {}, [&](bytes_view key, bytes_view stored) {
    auto place = decode_place(key, stored);
    if (!place) found = fail(place.error());
    else places.emplace(get_big<std::uint32_t>(key.data() + extent.raw.size()), *place);
    return true;
  });
  return scanned ? found : scanned;
}

result<block_places> extent_index::places(const extent_id& extent) const {
  block_places places;
  if (auto all = gather(extent, places); !all) return fail(all.error());
  return places;
}

result<extent_info> extent_index::info(const extent_id& extent) const {
  auto stored = db_.get(table::extents, extent.view());
  if (!stored && stored.error().is(errc::not_found)) return absent(extent);
  if (!stored) return fail(stored.error());
  return decode_info(extent.view(), *stored);
}

outcome extent_index::scan(const extent_id& cursor, const std::function<bool(const extent_id&, result<extent_info>)>& visit) const {
  return db_.scan(table::extents, {}, cursor.view(),
                  [&](bytes_view key, bytes_view stored) { return visit(extent_id::from(key), decode_info(key, stored)); });
}

result<std::set<std::uint64_t>> extent_index::segments() const {
  std::set<std::uint64_t> all;
  for (std::optional<std::uint64_t> from = 0; from;) {
    auto start = segment_key(*from);
    from.reset();
    auto scanned = db_.scan(table::extent_segments, {}, start, [&](bytes_view key, bytes_view) {
      auto segment = get_big<std::uint64_t>(key.data());
      all.insert(segment);
      if (segment + 1 != 0) from = segment + 1;
      return false;
    });
    if (!scanned) return fail(scanned.error());
  }
  return all;
}

result<bool> extent_index::holds_any(std::uint64_t segment) const {
  bool any = false;
  auto scanned = db_.scan(table::extent_segments, segment_key(segment), {}, [&](bytes_view, bytes_view) {
    any = true;
    return false;
  });
  if (!scanned) return fail(scanned.error());
  return any;
}

outcome extent_index::seal(write_batch& batch, const extent_id& extent, const bytes& meta, const block_places& fresh) const {
  auto before = places(extent);
  if (!before) return fail(before.error());
  auto after = fresh;
  after.insert(before->begin(), before->end());  // a fresh place wins over the one before
  for (const auto& [block, place] : fresh) {
    auto key = block_key(extent, block);
    batch.put(table::extent_blocks, key, closed(key, encode(place)));
  }
  auto segments = segments_of(after);
  for (auto segment : segments) batch.put(table::extent_segments, segment_key(segment, extent), {});
  for (auto segment : segments_of(*before)) {
    if (!segments.contains(segment)) batch.erase(table::extent_segments, segment_key(segment, extent));
  }
  std::uint64_t sum = 0;
  for (const auto& [block, place] : after) sum += place.length;
  bytes value(info_bytes);
  put_little(value.data(), static_cast<std::uint32_t>(after.size()));
  put_little(value.data() + 4, sum);
  append(value, meta);
  batch.put(table::extents, extent.view(), closed(extent.view(), std::move(value)));
  return {};
}

result<std::set<std::uint64_t>> extent_index::drop(write_batch& batch, const extent_id& extent) const {
  std::set<std::uint64_t> segments;
  auto scanned = db_.scan(table::extent_blocks, extent.view(), {}, [&](bytes_view key, bytes_view stored) {
    batch.erase(table::extent_blocks, key);
    if (auto place = decode_place(key, stored)) segments.insert(place->segment);
    return true;
  });
  if (!scanned) return fail(scanned.error());
  for (auto segment : segments) batch.erase(table::extent_segments, segment_key(segment, extent));
  if (db_.get(table::extents, extent.view())) batch.erase(table::extents, extent.view());
  return segments;
}

}  // namespace holdfast::storage

#include "storage/fragment_reader.hpp"

namespace holdfast::storage {
namespace {

constexpr std::uint64_t small_bytes = 64u << 10;  ///< up to here head and fragment are fetched by one read

}  // namespace

std::string fragment_name(const extent_id& extent, std::uint32_t block) {
  return "fragment " + std::to_string(block) + " of extent " + extent.brief();
}

result<fragment_reader> fragment_reader::open(segment_files& segments, const extent_id& extent, std::uint32_t block,
                                              const fragment_place& place) {
  auto opened = segments.get(place.segment);
  if (!opened) return fail(opened.error());
  fragment_reader reader(std::move(*opened), extent, block, place);
  reader.data_offset_ = fragment_head_space(place.meta_length, place.length);
  auto whole = reader.data_offset_ + place.length;
  auto fetched = std::make_shared<bytes>(whole <= small_bytes ? whole : reader.data_offset_);
  auto got = reader.file_->read(place.offset, *fetched);
  if (!got) return fail(got.error());
  fetched->resize(*got);
  auto head = decode_fragment_head(*fetched, extent, block, place);
  if (!head) return fail(head.error());
  reader.fetched_ = std::move(fetched);
  reader.head_ = *head;
  return reader;
}

result<bytes> fragment_reader::range(std::uint64_t offset, std::uint64_t length) const {
  if (offset >= place_.length || length == 0) return bytes{};
  auto end = offset + std::min<std::uint64_t>(length, place_.length - offset);
  auto first = offset / archive::chunk_bytes;
  auto from = first * archive::chunk_bytes;
  auto to = std::min<std::uint64_t>((end + archive::chunk_bytes - 1) / archive::chunk_bytes * archive::chunk_bytes, place_.length);
  auto chunks = fetch(from, to - from);
  if (!chunks) return chunks;
  for (std::uint64_t at = 0; at < chunks->size(); at += archive::chunk_bytes) {
    auto chunk = bytes_view(*chunks).subspan(at, std::min<std::uint64_t>(archive::chunk_bytes, chunks->size() - at));
    if (!head_.chunk_is(static_cast<std::uint32_t>(first + at / archive::chunk_bytes), chunk))
      return fail(errc::corrupt, fragment_name(extent_, block_) + " is damaged near byte " + std::to_string(from + at));
  }
  chunks->resize(end - from);
  if (offset > from) chunks->erase(chunks->begin(), chunks->begin() + static_cast<std::ptrdiff_t>(offset - from));
  return chunks;
}

result<bytes> fragment_reader::fetch(std::uint64_t offset, std::uint64_t length) const {
  auto at = data_offset_ + offset;
  if (fetched_->size() >= at + length) return to_bytes(bytes_view(*fetched_).subspan(at, length));
  bytes data(length);
  auto got = file_->read(place_.offset + at, data);
  if (!got) return fail(got.error());
  if (*got < length) return fail(errc::corrupt, fragment_name(extent_, block_) + " is cut short: its segment file was truncated");
  return data;
}

}  // namespace holdfast::storage

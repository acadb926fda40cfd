#include "storage/log_segment.hpp"

#include <algorithm>

#include "storage/crc32c.hpp"
#include "storage/numbers.hpp"

namespace holdfast::storage {
namespace {

constexpr std::string_view magic = "HFLOG001";

struct record_header {
  std::uint32_t tag, crc, length, batch_start;
};

record_header decode_record_header(bytes_view at) {
  return {get_little<std::uint32_t>(at.data()), get_little<std::uint32_t>(at.data() + 4), get_little<std::uint32_t>(at.data() + 8),
          get_little<std::uint32_t>(at.data() + 12)};
}

std::uint32_t record_crc(std::uint32_t seed, std::uint32_t offset, std::uint32_t batch_start, bytes_view content) {
  std::array<std::uint8_t, 12> place;
  put_little(place.data(), offset);
  put_little(place.data() + 4, batch_start);
  put_little(place.data() + 8, static_cast<std::uint32_t>(content.size()));
  return crc32c(content, crc32c(place, seed));
}

struct found_record {
  std::uint32_t batch_start;
  bytes_view content;
};

std::optional<found_record> record_at(bytes_view segment, std::uint32_t seed, std::uint32_t tag, std::uint32_t offset) {
  if (segment.size() - offset < log_record_header_bytes) return std::nullopt;
  auto header = decode_record_header(segment.subspan(offset));
  if (header.tag != tag || header.length == 0 || header.length > segment.size() - offset - log_record_header_bytes) return std::nullopt;
  auto content = segment.subspan(offset + log_record_header_bytes, header.length);
  if (header.crc != record_crc(seed, offset, header.batch_start, content)) return std::nullopt;
  return found_record{header.batch_start, content};
}

}  // namespace

std::array<std::uint8_t, log_header_bytes> log_segment_header::encode() const {
  std::array<std::uint8_t, log_header_bytes> raw;
  std::copy(magic.begin(), magic.end(), raw.begin());
  put_little(raw.data() + 8, number);
  put_little(raw.data() + 16, previous_length);
  std::copy(salt.begin(), salt.end(), raw.begin() + 20);
  put_little(raw.data() + 28, crc32c(bytes_view(raw).first(28)));
  return raw;
}

std::optional<log_segment_header> log_segment_header::decode(bytes_view raw) {
  if (raw.size() < log_header_bytes || !as_text(raw).starts_with(magic)) return std::nullopt;
  if (get_little<std::uint32_t>(raw.data() + 28) != crc32c(raw.first(28))) return std::nullopt;
  log_segment_header header;
  header.number = get_little<std::uint64_t>(raw.data() + 8);
  header.previous_length = get_little<std::uint32_t>(raw.data() + 16);
  std::copy_n(raw.begin() + 20, header.salt.size(), header.salt.begin());
  return header;
}

std::uint32_t log_segment_header::seed() const { return crc32c(encode()); }

std::uint32_t log_segment_header::tag() const { return get_little<std::uint32_t>(salt.data()) | 1u; }  // never zero, as unwritten space is

std::array<std::uint8_t, log_record_header_bytes> encode_log_record_header(const log_segment_header& segment, std::uint32_t offset,
                                                                           std::uint32_t batch_start, bytes_view content) {
  std::array<std::uint8_t, log_record_header_bytes> raw;
  put_little(raw.data(), segment.tag());
  put_little(raw.data() + 4, record_crc(segment.seed(), offset, batch_start, content));
  put_little(raw.data() + 8, static_cast<std::uint32_t>(content.size()));
  put_little(raw.data() + 12, batch_start);
  return raw;
}

std::optional<bytes_view> check_log_record(bytes_view record, const log_segment_header& header, std::uint32_t offset) {
  if (record.size() < log_record_header_bytes) return std::nullopt;
  auto found = decode_record_header(record);
  auto content = record.subspan(log_record_header_bytes);
  if (found.tag != header.tag() || found.length != content.size()) return std::nullopt;
  if (found.crc != record_crc(header.seed(), offset, found.batch_start, content)) return std::nullopt;
  return content;
}

log_scan scan_log_segment(bytes_view segment, const log_segment_header& header, const std::function<void(std::uint32_t, bytes_view)>& visit) {
  log_scan scan;
  auto seed = header.seed();
  auto tag = header.tag();
  auto size = static_cast<std::uint32_t>(segment.size());
  while (scan.end < size) {
    auto record = record_at(segment, seed, tag, scan.end);
    if (!record) break;
    visit(scan.end, record->content);
    ++scan.records;
    scan.bytes += record->content.size();
    scan.end += static_cast<std::uint32_t>(std::min<std::uint64_t>(log_record_space(record->content.size()), size - scan.end));
  }
  for (auto offset = scan.end; offset + std::uint64_t{log_record_header_bytes} <= size; offset += 8) {
    if (get_little<std::uint32_t>(segment.data() + offset) != tag) continue;
    scan.remains = true;
    auto record = record_at(segment, seed, tag, offset);
    if (record && record->batch_start > scan.end) {
      scan.durable_damaged = true;
      break;
    }
  }
  return scan;
}

}  // namespace holdfast::storage

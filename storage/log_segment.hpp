// The format of one segment of the agreement log, and how damage in it is judged. No files here: bytes in, findings out.
//
//   segment: header (32 bytes), records
//   header:  magic "HFLOG001", number u64, length of the segment before u32, salt (8 random bytes), crc32c u32
//   record:  tag u32 (from the salt), crc32c u32, length u32, start of its batch u32, content, zeros up to a multiple of 8
//
// The record's checksum is seeded with the header's and covers its offset, so a record is valid in one place of one segment alone.
#pragma once

#include <array>
#include <functional>
#include <optional>

#include "protocols/base/bytes.hpp"

namespace holdfast::storage {

constexpr std::uint32_t log_header_bytes = 32;
constexpr std::uint32_t log_record_header_bytes = 16;

struct log_segment_header {
  std::uint64_t number = 0;
  std::uint32_t previous_length = 0;  ///< where the records of the segment before ended; 0 in the first
  std::array<std::uint8_t, 8> salt{};

  std::array<std::uint8_t, log_header_bytes> encode() const;
  static std::optional<log_segment_header> decode(bytes_view raw);

  std::uint32_t seed() const;
  std::uint32_t tag() const;
};

/// The space a record takes, header and padding included.
constexpr std::uint64_t log_record_space(std::size_t length) { return (log_record_header_bytes + length + 7) / 8 * 8; }

std::array<std::uint8_t, log_record_header_bytes> encode_log_record_header(const log_segment_header& segment, std::uint32_t offset,
                                                                           std::uint32_t batch_start, bytes_view content);

struct log_scan {
  std::uint32_t end = log_header_bytes;  ///< where the unbroken records end
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  bool remains = false;          ///< behind `end` there is at least the beginning of a record of this segment
  bool durable_damaged = false;  ///< behind `end` there is a valid record of a later batch: what is damaged had been synced
};

/// The content of one whole record, header and content, that was read from `offset` of its segment. Nothing if it is damaged.
std::optional<bytes_view> check_log_record(bytes_view record, const log_segment_header& header, std::uint32_t offset);

/// Visits the unbroken records of a whole segment's bytes and looks behind them.
log_scan scan_log_segment(bytes_view segment, const log_segment_header& header,
                          const std::function<void(std::uint32_t offset, bytes_view content)>& visit);

}  // namespace holdfast::storage

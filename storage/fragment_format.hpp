// A fragment as it lies in a segment file: a head that tells and checks everything about it, then the bytes.
//
//   head:  magic u32, extent (32 bytes), block u32, length of meta u32, length of the fragment u32,
//          crc32c of each 16 KiB chunk of the fragment, meta, crc32c of all of that
//   then the fragment
#pragma once

#include "protocols/archive/archive_types.hpp"
#include "protocols/names/names.hpp"
#include "storage/error.hpp"

namespace holdfast::storage {

/// Where a fragment lies.
struct fragment_place {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;  ///< of the head
  std::uint32_t meta_length = 0;
  std::uint32_t length = 0;
  auto operator<=>(const fragment_place&) const = default;
};

constexpr std::uint32_t chunks_of(std::uint32_t length) { return (length + archive::chunk_bytes - 1) / archive::chunk_bytes; }

/// Bytes of the head, meta included.
std::uint64_t fragment_head_space(std::uint32_t meta_length, std::uint32_t length);

/// The head of a fragment.
bytes encode_fragment_head(const extent_id& extent, std::uint32_t block, bytes_view meta, bytes_view fragment);

/// A head that was checked. The views live as long as the bytes it was read from.
struct fragment_head {
  bytes_view chunk_crcs;
  bytes_view meta;

  /// Whether `data` is chunk `index` of the fragment.
  bool chunk_is(std::uint32_t index, bytes_view data) const;
};

/// corrupt unless `raw` is the head of this very fragment.
result<fragment_head> decode_fragment_head(bytes_view raw, const extent_id& extent, std::uint32_t block, const fragment_place& place);

}  // namespace holdfast::storage

// Erasure coding with Cauchy Reed-Solomon (ISA-L): m data fragments and n - m parity fragments, any m of which rebuild a block.
//
// Systematic: fragments 0 .. m-1 are the block itself, cut and padded with zeros. Every square part of a Cauchy matrix is
// invertible, so every choice of m fragments decodes. With m = 1 all fragments are copies. The encoding is a pure function
// of block and coding: whoever re-encodes gets the same bits.
#pragma once

#include <deque>

#include "protocols/archive/archive_types.hpp"

namespace holdfast::archive {

/// Bytes of each fragment of a block of `length` bytes: ceil(length / m), rounded up to a cache line.
std::uint32_t fragment_bytes(coding code, std::uint32_t length);

/// A fragment's data, by its index.
struct shard {
  std::uint8_t index = 0;
  bytes_view data;
};

/// A coding's tables, computed once. Decoding keeps the tables of the latest erasure patterns, so an object serves one thread
/// at a time.
class reed_solomon {
 public:
  /// `code` must be valid.
  explicit reed_solomon(coding code);

  coding code() const { return code_; }

  /// The n fragments of a block of 1 to `block_bytes_max` bytes.
  std::vector<bytes> encode(bytes_view block) const;

  /// The block of `length` bytes from any m or more fragments of different indices, each `fragment_bytes` long. The first m count.
  /// `malformed` if they are too few or not of that shape. Wrong content yields a wrong block: check the block against its name.
  result<bytes> decode(std::uint32_t length, const std::vector<shard>& shards);

 private:
  struct pattern {
    std::vector<std::uint8_t> present;  // indices of the m fragments decoded from, ascending
    std::vector<std::uint8_t> missing;  // data indices to rebuild
    bytes tables;
  };

  const pattern& pattern_for(const std::vector<std::uint8_t>& present);

  coding code_;
  bytes matrix_;         // n x m; the upper m rows are the identity
  bytes parity_tables_;  // ISA-L's form of the lower n - m rows
  std::deque<pattern> patterns_;
};

}  // namespace holdfast::archive

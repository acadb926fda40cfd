// What binds fragments to their block: a fragment's leaf is a hash over the Merkle root of its 16 KiB chunks, a block's fragment
// root the Merkle root over its n leaves. So a fragment, and any chunk of one, proves itself against a `block_entry`.
#pragma once

#include "protocols/archive/archive_messages.hpp"
#include "protocols/archive/merkle.hpp"
#include "protocols/archive/reed_solomon.hpp"

namespace holdfast::archive {

/// A fragment with the path of its leaf: whole, verified or about to be.
struct fragment {
  std::uint8_t index = 0;
  std::vector<digest> path;
  bytes data;
};

/// A block as it is dispersed.
struct coded_block {
  block_entry entry;
  std::vector<fragment> fragments;  ///< n of them, by index
};

/// Codes a block of ciphertext: its name, its fragments and their paths.
coded_block code_block(const reed_solomon& codec, bytes_view ciphertext);

digest leaf_of(std::uint8_t index, bytes_view data);

/// The root over all n fragments' leaves.
digest fragment_root(const std::vector<bytes>& fragments);

/// True if `data` is fragment `index` of the block, which is coded as `code`: size, leaf and path.
bool verify_fragment(const block_header& header, coding code, std::uint8_t index, bytes_view data);

/// Chunks of a fragment of `length` bytes.
constexpr std::uint32_t chunks_in(std::uint32_t length) { return (length + chunk_bytes - 1) / chunk_bytes; }

/// The proof of one chunk of a fragment; `chunk` must be one of its chunks.
chunk_proof prove_chunk(std::uint8_t index, const block_header& header, bytes_view data, std::uint32_t chunk);

/// True if the proof shows a chunk of the fragment that its index, the coding and its header name.
bool verify_chunk(const chunk_proof& proof, coding code);

}  // namespace holdfast::archive

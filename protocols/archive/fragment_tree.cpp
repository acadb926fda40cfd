#include "protocols/archive/fragment_tree.hpp"

#include <cassert>

namespace holdfast::archive {

namespace {

bytes_view chunk_at(bytes_view data, std::size_t chunk) {
  auto rest = data.subspan(chunk * chunk_bytes);
  return rest.first(std::min<std::size_t>(rest.size(), chunk_bytes));
}

digest hash_chunk(bytes_view chunk) { return crypto::hash("holdfast/chunk/v1", {chunk}); }

std::vector<digest> chunk_hashes(bytes_view data) {
  std::vector<digest> hashes(chunks_in(static_cast<std::uint32_t>(data.size())));
  for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = hash_chunk(chunk_at(data, i));
  return hashes;
}

digest leaf_over(std::uint8_t index, std::uint32_t length, const digest& chunk_root) {
  codec::writer w;
  w.put(index);
  w.put(length);
  w.put(chunk_root);
  return crypto::hash("holdfast/fragment/v1", {w.data()});
}

}  // namespace

digest leaf_of(std::uint8_t index, bytes_view data) {
  return leaf_over(index, static_cast<std::uint32_t>(data.size()), merkle_root(chunk_hashes(data)));
}

digest fragment_root(const std::vector<bytes>& fragments) {
  std::vector<digest> leaves;
  for (const auto& data : fragments) leaves.push_back(leaf_of(static_cast<std::uint8_t>(leaves.size()), data));
  return merkle_root(std::move(leaves));
}

coded_block code_block(const reed_solomon& codec, bytes_view ciphertext) {
  auto data = codec.encode(ciphertext);
  std::vector<digest> leaves;
  for (const auto& fragment : data) leaves.push_back(leaf_of(static_cast<std::uint8_t>(leaves.size()), fragment));
  auto paths = merkle_paths(leaves);
  coded_block coded;
  coded.entry = {block_name(ciphertext), static_cast<std::uint32_t>(ciphertext.size()), merkle_root(leaves)};
  for (std::size_t i = 0; i < data.size(); ++i) {
    coded.fragments.push_back({static_cast<std::uint8_t>(i), std::move(paths[i]), std::move(data[i])});
  }
  return coded;
}

bool verify_fragment(const block_header& header, coding code, std::uint8_t index, bytes_view data) {
  if (header.entry.length == 0 || header.entry.length > block_bytes_max || data.size() != fragment_bytes(code, header.entry.length)) return false;
  return merkle_verify(header.entry.fragment_root, leaf_of(index, data), index, code.n, header.path);
}

chunk_proof prove_chunk(std::uint8_t index, const block_header& header, bytes_view data, std::uint32_t chunk) {
  assert(chunk < chunks_in(static_cast<std::uint32_t>(data.size())));
  return {index, header, chunk, merkle_path(chunk_hashes(data), chunk), to_bytes(chunk_at(data, chunk))};
}

bool verify_chunk(const chunk_proof& proof, coding code) {
  const auto& entry = proof.header.entry;
  if (entry.length == 0 || entry.length > block_bytes_max) return false;
  auto length = fragment_bytes(code, entry.length);
  auto chunks = chunks_in(length);
  if (proof.chunk >= chunks) return false;
  auto expected = std::min<std::uint64_t>(chunk_bytes, length - std::uint64_t{proof.chunk} * chunk_bytes);
  if (proof.data.size() != expected) return false;
  // The path gives the chunk root; the leaf over it must be in the block's tree.
  auto root = merkle_climb(hash_chunk(proof.data), proof.chunk, chunks, proof.path);
  return root && merkle_verify(entry.fragment_root, leaf_over(proof.index, length, *root), proof.index, code.n, proof.header.path);
}

}  // namespace holdfast::archive

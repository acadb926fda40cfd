// Builds a version's content from a stream of plaintext: cuts it into blocks, seals them, names them, assigns each a place
// in an extent, and at the end builds the interior blocks above them and the content root.
//
// Memory held is one data block and the references of what was built (72 bytes a block). Blocks leave in the order of their
// places, so that whoever disperses them fills one extent after the other.
#pragma once

#include <deque>

#include "protocols/object/block_cipher.hpp"
#include "protocols/object/tree_node.hpp"

namespace holdfast::object {

/// A sealed block with its name and place.
struct placed_block {
  block_ref ref;
  std::uint32_t extent_ordinal = 0;
  bytes ciphertext;
};

/// What a finished stream amounts to. `inline_data` is the one sealed block of content small enough to ride in the update.
struct built_content {
  content_root root;
  bytes inline_data;
  std::uint32_t extents = 0;
};

class content_builder {
 public:
  /// `origin.ordinal` is ignored: extents are numbered from 0 as they fill. `block_bytes` between the limits of tree_node.hpp;
  /// `extent_bytes`, of ciphertext an extent at most, from a block's length to `archive::extent_bytes_max`.
  content_builder(aguid object, read_key key, archive::extent_origin origin, std::uint64_t base_version, random_source& random,
                  std::uint32_t block_bytes = block_bytes_default, std::uint64_t extent_bytes = archive::extent_bytes_max);

  /// Takes more plaintext and answers the blocks it completed.
  std::vector<placed_block> write(bytes_view plaintext);

  /// Ends the stream: the last blocks, data and interior. Afterwards `built()` may be read.
  std::vector<placed_block> finish();

  const built_content& built() const { return built_; }
  std::uint64_t size() const { return size_; }

 private:
  placed_block place(block_position at, bytes_view plaintext);
  void cut(std::vector<placed_block>& out);

  aguid object_;
  read_key key_;
  archive::extent_origin origin_;
  random_source& random_;
  std::uint32_t block_bytes_;
  std::uint64_t extent_bytes_limit_;
  bytes pending_;
  std::vector<block_ref> level_;  ///< references of the level being built
  std::uint32_t extent_blocks_ = 0;
  std::uint64_t extent_bytes_ = 0;
  extent_id extent_;
  std::uint64_t size_ = 0;
  built_content built_;
};

}  // namespace holdfast::object

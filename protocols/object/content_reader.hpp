// Reads a version's content back: walks the tree from the content root, says which blocks it wants next, and yields the
// plaintext in order. Every block is checked against its name and then against its seal before a byte of it is believed.
//
// The walk is depth first with a window: at most `window_blocks` data blocks are wanted or waiting at a time, and the
// interior blocks above them (depth times 36 KiB). The caller fetches; a block may arrive in any order.
#pragma once

#include <deque>

#include "protocols/object/block_cipher.hpp"
#include "protocols/object/tree_node.hpp"

namespace holdfast::object {

class content_reader {
 public:
  /// A content root that its reader has verified. Fails with `errc::malformed` if its tree is out of bounds.
  static result<content_reader> open(const content_root& root, read_key key, std::size_t window_blocks);

  /// Blocks to fetch now, each named once. Call again after `on_block` or `take`.
  std::vector<block_ref> wants();

  /// A block that was wanted. `errc::damaged` if it is not the one named, or does not open.
  outcome on_block(const block_ref& ref, bytes_view ciphertext);

  /// The next plaintext in order, if it has arrived; empty otherwise.
  bytes take();

  /// All plaintext has been taken. An end before `size` is an error reported by `on_block`.
  bool done() const { return taken_ == root_.size && next_emit_ >= data_blocks_; }
  std::uint64_t size() const { return root_.size; }
  std::uint64_t taken() const { return taken_; }

 private:
  content_reader(content_root root, read_key key, std::size_t window);

  struct pending_block {
    block_ref ref;
    block_position at;
    bool asked = false;
  };

  outcome expand(const pending_block& block, bytes_view plaintext);
  std::uint64_t children_at(std::uint8_t level) const;

  content_root root_;
  read_key key_;
  std::size_t window_;
  std::uint32_t block_bytes_ = 0;
  std::uint64_t data_blocks_ = 0;
  std::uint64_t next_emit_ = 0;
  std::uint64_t taken_ = 0;
  std::deque<pending_block> frontier_;         ///< known and not yet arrived, left to right
  std::map<std::uint64_t, bytes> arrived_;     ///< data blocks waiting for their turn
};

/// Inline content opened at once.
result<bytes> open_inline(const content_root& root, const read_key& key, bytes_view ciphertext);

}  // namespace holdfast::object

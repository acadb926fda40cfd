#include "protocols/object/content_reader.hpp"

#include <algorithm>

namespace holdfast::object {

content_reader::content_reader(content_root root, read_key key, std::size_t window)
    : root_(std::move(root)), key_(std::move(key)), window_(std::max<std::size_t>(window, 1)) {}

result<content_reader> content_reader::open(const content_root& root, read_key key, std::size_t window_blocks) {
  auto* tree = std::get_if<tree_content>(&root.content);
  if (!tree) return fail(errc::malformed, "inline content is opened at once, not walked");
  if (tree->block_bytes < block_bytes_min || tree->block_bytes > block_bytes_limit || tree->depth > tree_depth_max) {
    return fail(errc::malformed, "a content tree is outside the bounds of block size or depth");
  }
  if (key.epoch != root.key_epoch) return fail(errc::denied, "this content was sealed under a key epoch that the capability does not hold");
  content_reader reader(root, std::move(key), window_blocks);
  reader.block_bytes_ = tree->block_bytes;
  reader.data_blocks_ = std::max<std::uint64_t>(1, (root.size + tree->block_bytes - 1) / tree->block_bytes);
  if (reader.children_at(tree->depth) != 1) return fail(errc::malformed, "a content tree's depth does not fit its size");
  reader.frontier_.push_back({tree->root, {tree->depth, 0}, false});
  return reader;
}

std::uint64_t content_reader::children_at(std::uint8_t level) const {
  auto count = data_blocks_;
  for (std::uint8_t l = 0; l < level; ++l) count = (count + tree_fanout - 1) / tree_fanout;
  return count;
}

std::vector<block_ref> content_reader::wants() {
  std::vector<block_ref> refs;
  for (auto& block : frontier_) {
    // An interior block is asked for only when the window may reach below it.
    auto first_data = block.at.index;
    for (std::uint8_t l = 0; l < block.at.level; ++l) first_data *= tree_fanout;
    if (first_data >= next_emit_ + window_) break;
    if (block.asked) continue;
    block.asked = true;
    refs.push_back(block.ref);
  }
  return refs;
}

outcome content_reader::expand(const pending_block& block, bytes_view plaintext) {
  auto node = codec::decode<tree_node>(plaintext, "interior block");
  if (!node) return fail(node.error());
  auto level = static_cast<std::uint8_t>(block.at.level - 1);
  auto first = block.at.index * tree_fanout;
  auto expected = std::min<std::uint64_t>(tree_fanout, children_at(level) - first);
  if (node->children.size() != expected) return fail(errc::malformed, "an interior block does not have the children its place requires");
  auto at =
      std::find_if(frontier_.begin(), frontier_.end(), [&](const auto& b) { return b.at.level == block.at.level && b.at.index == block.at.index; });
  at = frontier_.erase(at);
  std::vector<pending_block> children;
  for (std::size_t i = 0; i < node->children.size(); ++i) children.push_back({node->children[i], {level, first + i}, false});
  frontier_.insert(at, children.begin(), children.end());
  return {};
}

outcome content_reader::on_block(const block_ref& ref, bytes_view ciphertext) {
  auto at = std::find_if(frontier_.begin(), frontier_.end(), [&](const auto& b) { return b.asked && b.ref.block == ref.block; });
  if (at == frontier_.end()) return {};  // a late second answer
  if (archive::block_name(ciphertext) != ref.block) return fail(errc::damaged, "block " + ref.block.brief() + " is not what its name says");
  auto plaintext = open_block(root_.object, key_, at->at, ciphertext);
  if (!plaintext) return fail(plaintext.error().within("block " + ref.block.brief()));
  if (at->at.level > 0) {
    auto block = *at;
    return expand(block, *plaintext);
  }
  auto index = at->at.index;
  auto expected = index + 1 < data_blocks_ ? block_bytes_ : root_.size - index * block_bytes_;
  if (plaintext->size() != expected) return fail(errc::malformed, "a data block does not have the length its place requires");
  frontier_.erase(at);
  arrived_.emplace(index, std::move(*plaintext));
  return {};
}

bytes content_reader::take() {
  auto next = arrived_.find(next_emit_);
  if (next == arrived_.end()) return {};
  auto plaintext = std::move(next->second);
  arrived_.erase(next);
  ++next_emit_;
  taken_ += plaintext.size();
  return plaintext;
}

result<bytes> open_inline(const content_root& root, const read_key& key, bytes_view ciphertext) {
  auto* content = std::get_if<inline_content>(&root.content);
  if (!content) return fail(errc::malformed, "this content is not inline");
  if (archive::block_name(ciphertext) != content->block) return fail(errc::damaged, "an inline block is not what its name says");
  if (key.epoch != root.key_epoch) return fail(errc::denied, "this content was sealed under a key epoch that the capability does not hold");
  auto plaintext = open_block(root.object, key, {0, 0}, ciphertext);
  if (plaintext && plaintext->size() != root.size) return fail(errc::malformed, "inline content does not have the size its writer signed");
  return plaintext;
}

}  // namespace holdfast::object

#include "protocols/object/content_builder.hpp"

#include <cassert>

namespace holdfast::object {

content_builder::content_builder(aguid object, read_key key, archive::extent_origin origin, std::uint64_t base_version,
                                 random_source& random, std::uint32_t block_bytes, std::uint64_t extent_bytes)
    : object_(object), key_(std::move(key)), origin_(origin), random_(random), block_bytes_(block_bytes), extent_bytes_limit_(extent_bytes) {
  assert(block_bytes >= block_bytes_min && block_bytes <= block_bytes_limit);
  assert(extent_bytes >= block_bytes + crypto::seal_overhead_bytes && extent_bytes <= archive::extent_bytes_max);
  origin_.ordinal = 0;
  extent_ = archive::id_of(origin_);
  built_.root.object = object;
  built_.root.key_epoch = key_.epoch;
  built_.root.base_version = base_version;
}

placed_block content_builder::place(block_position at, bytes_view plaintext) {
  placed_block block;
  block.ciphertext = seal_block(object_, key_, at, plaintext, random_);
  auto length = block.ciphertext.size();
  if (extent_blocks_ == archive::extent_blocks_max || extent_bytes_ + length > extent_bytes_limit_) {
    ++origin_.ordinal;
    extent_ = archive::id_of(origin_);
    extent_blocks_ = 0;
    extent_bytes_ = 0;
  }
  block.ref = {archive::block_name(block.ciphertext), extent_, extent_blocks_, static_cast<std::uint32_t>(length)};
  block.extent_ordinal = origin_.ordinal;
  ++extent_blocks_;
  extent_bytes_ += length;
  built_.extents = origin_.ordinal + 1;
  return block;
}

void content_builder::cut(std::vector<placed_block>& out) {
  out.push_back(place({0, level_.size()}, pending_));
  level_.push_back(out.back().ref);
  pending_.clear();
}

std::vector<placed_block> content_builder::write(bytes_view plaintext) {
  std::vector<placed_block> out;
  size_ += plaintext.size();
  while (!plaintext.empty()) {
    if (pending_.size() == block_bytes_) cut(out);
    auto part = plaintext.first(std::min<std::size_t>(plaintext.size(), block_bytes_ - pending_.size()));
    append(pending_, part);
    plaintext = plaintext.subspan(part.size());
  }
  return out;  // a full block waits for more, so that the last one is known as such in `finish`
}

std::vector<placed_block> content_builder::finish() {
  std::vector<placed_block> out;
  built_.root.size = size_;
  if (level_.empty() && pending_.size() + crypto::seal_overhead_bytes <= inline_bytes_max) {
    built_.inline_data = seal_block(object_, key_, {0, 0}, pending_, random_);
    built_.root.content = inline_content{archive::block_name(built_.inline_data), static_cast<std::uint32_t>(built_.inline_data.size())};
    return out;
  }
  cut(out);
  std::uint8_t depth = 0;
  while (level_.size() > 1) {
    ++depth;
    std::vector<block_ref> above;
    for (std::size_t first = 0; first < level_.size(); first += tree_fanout) {
      tree_node node;
      auto last = std::min(first + tree_fanout, level_.size());
      node.children.assign(level_.begin() + static_cast<std::ptrdiff_t>(first), level_.begin() + static_cast<std::ptrdiff_t>(last));
      out.push_back(place({depth, above.size()}, codec::encode(node)));
      above.push_back(out.back().ref);
    }
    level_ = std::move(above);
  }
  built_.root.content = tree_content{level_.front(), depth, block_bytes_};
  return out;
}

}  // namespace holdfast::object

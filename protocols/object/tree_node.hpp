// Interior blocks of a content tree: the names of their children, from left to right. Sealed and stored like data blocks.
#pragma once

#include "protocols/object/object_types.hpp"

namespace holdfast::object {

constexpr std::size_t tree_fanout = 512;        ///< children of an interior block: about 36 KiB of ciphertext
constexpr std::uint8_t tree_depth_max = 4;      ///< 512^4 blocks: beyond any extent count we allow
constexpr std::uint32_t block_bytes_default = 1u << 20;
constexpr std::uint32_t block_bytes_min = 64u << 10;
constexpr std::uint32_t block_bytes_limit = 4u << 20;

struct tree_node {
  std::vector<block_ref> children;
};
template <class F>
bool inspect(F& f, tree_node& x) {
  return f.fields("children", x.children);
}

}  // namespace holdfast::object

// An authenticated radix tree: a compressed binary trie (PATRICIA, Morrison 1968) over 32-byte keys, each node hashed.
//
// Its shape, and so its root, depends on what it holds alone and never on the order of insertions or on what was erased. Trees
// are persistent: a copy costs a pointer, shares everything, and later changes of either copy only the nodes on their path.
// Hashes are computed when asked for, once per node. After `root()` a copy may be read by any thread.
#pragma once

#include <memory>
#include <optional>

#include "protocols/crypto/hash.hpp"

namespace holdfast::ring {

using map_key = std::array<std::uint8_t, 32>;

/// The key right behind `key` in order, for the next page; nothing behind the last.
std::optional<map_key> after(const map_key& key);

digest hash_of_value(bytes_view value);

/// A branch passed on the way from a leaf to the root: the bit of the key that it decides by, and the hash of the side not taken.
struct path_step {
  std::uint8_t bit = 0;  ///< 0 is the first byte's highest
  digest sibling;
  bool operator==(const path_step&) const = default;
};
template <class F>
bool inspect(F& f, path_step& x) {
  return f.fields("bit", x.bit, "sibling", x.sibling);
}

struct path_leaf {
  map_key key{};
  digest value;  ///< `hash_of_value`
  bool operator==(const path_leaf&) const = default;
};
template <class F>
bool inspect(F& f, path_leaf& x) {
  return f.fields("key", x.key, "value", x.value);
}

/// Proof of what a tree holds under a key. The leaf is the one that the key's bits lead to: the key's own if it is present,
/// another's if it is absent, none if the tree is empty.
struct map_path {
  std::optional<path_leaf> leaf;
  std::vector<path_step> steps;  ///< from the leaf up; bits strictly descend, so at most 256
  bool operator==(const map_path&) const = default;
};
template <class F>
bool inspect(F& f, map_path& x) {
  return f.fields("leaf", x.leaf, "steps", x.steps) && x.steps.size() <= 256;
}

/// The root that a path leads to for `key`, if it is a path for this key at all.
std::optional<digest> root_of(const map_path& path, const map_key& key);

/// True if `path` proves that a tree of this root holds under `key` a value of this hash; or, if there is none, nothing.
bool verify(const map_path& path, const digest& root, const map_key& key, const std::optional<digest>& value);

namespace detail {
struct radix_node;
}

class radix_tree {
 public:
  /// The value under `key`, or null. Valid until this tree changes, or as long as a copy made before lives.
  const bytes* get(const map_key& key) const;

  void put(const map_key& key, bytes value);

  /// Nothing happens if the key is absent.
  void erase(const map_key& key);

  std::size_t size() const { return size_; }

  /// Zero for the empty tree.
  digest root() const;

  map_path path(const map_key& key) const;

  struct entry {
    map_key key;
    const bytes* value;
  };
  /// At most `limit` entries in the order of their keys, the first one at or after `from`.
  std::vector<entry> page(const map_key& from, std::size_t limit) const;

 private:
  std::shared_ptr<const detail::radix_node> top_;
  std::size_t size_ = 0;
};

}  // namespace holdfast::ring

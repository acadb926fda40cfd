#include "protocols/ring/radix_tree.hpp"

#include <bit>

namespace holdfast::ring {

namespace detail {

// Leaves and branches share what both need; a node never changes but for its hash, which is a function of the rest.
struct radix_node {
  explicit radix_node(bool leaf) : is_leaf(leaf) {}

  const bool is_leaf;
  mutable bool hashed = false;
  mutable digest hash;
};

}  // namespace detail

namespace {

using node = detail::radix_node;
using link = std::shared_ptr<const node>;

constexpr std::uint32_t equal_keys = 256;

struct leaf_node final : node {
  leaf_node(const map_key& k, bytes v) : node(true), key(k), value(std::move(v)) {}
  map_key key;
  bytes value;
};

// All keys below a branch agree before `bit`; on its left it is 0, on its right 1.
struct branch_node final : node {
  branch_node(std::uint32_t b, link l, link r) : node(false), bit(static_cast<std::uint8_t>(b)), left(std::move(l)), right(std::move(r)) {}
  std::uint8_t bit;
  link left, right;
};

const leaf_node& as_leaf(const node& n) { return static_cast<const leaf_node&>(n); }
const branch_node& as_branch(const node& n) { return static_cast<const branch_node&>(n); }

bool bit_of(const map_key& key, std::uint32_t bit) { return (key[bit / 8] >> (7 - bit % 8) & 1) != 0; }

std::uint32_t differing_bit(const map_key& a, const map_key& b) {
  for (std::uint32_t i = 0; i < a.size(); ++i) {
    auto difference = static_cast<std::uint8_t>(a[i] ^ b[i]);
    if (difference != 0) return 8 * i + static_cast<std::uint32_t>(std::countl_zero(difference));
  }
  return equal_keys;
}

digest hash_of_leaf(const map_key& key, const digest& value) { return crypto::hash("holdfast/map-leaf/v1", {key, value.view()}); }

digest hash_of_branch(std::uint8_t bit, const digest& left, const digest& right) {
  return crypto::hash("holdfast/map-branch/v1", {{&bit, 1}, left.view(), right.view()});
}

const digest& hashed(const node& n) {
  if (!n.hashed) {
    if (n.is_leaf) {
      n.hash = hash_of_leaf(as_leaf(n).key, hash_of_value(as_leaf(n).value));
    } else {
      const auto& branch = as_branch(n);
      n.hash = hash_of_branch(branch.bit, hashed(*branch.left), hashed(*branch.right));
    }
    n.hashed = true;
  }
  return n.hash;
}

// The leaf that a key's bits lead to. If the key is anywhere in the tree, it is here.
const leaf_node* nearest(const node* at, const map_key& key) {
  while (at != nullptr && !at->is_leaf) {
    const auto& branch = as_branch(*at);
    at = bit_of(key, branch.bit) ? branch.right.get() : branch.left.get();
  }
  return at == nullptr ? nullptr : &as_leaf(*at);
}

// The tree with `leaf` in it, whose key differs from all keys here at `differing` first, or replaces the one it equals.
link with(const link& at, const map_key& key, std::uint32_t differing, const link& leaf) {
  if (at->is_leaf && differing == equal_keys) return leaf;
  if (at->is_leaf || as_branch(*at).bit > differing) {
    return bit_of(key, differing) ? std::make_shared<branch_node>(differing, at, leaf) : std::make_shared<branch_node>(differing, leaf, at);
  }
  const auto& branch = as_branch(*at);
  if (bit_of(key, branch.bit)) return std::make_shared<branch_node>(branch.bit, branch.left, with(branch.right, key, differing, leaf));
  return std::make_shared<branch_node>(branch.bit, with(branch.left, key, differing, leaf), branch.right);
}

// The tree without the leaf that `key`, which is present, leads to: its sibling takes their branch's place.
link without(const link& at, const map_key& key) {
  if (at->is_leaf) return nullptr;
  const auto& branch = as_branch(*at);
  if (bit_of(key, branch.bit)) {
    auto right = without(branch.right, key);
    return right == nullptr ? branch.left : std::make_shared<branch_node>(branch.bit, branch.left, std::move(right));
  }
  auto left = without(branch.left, key);
  return left == nullptr ? branch.right : std::make_shared<branch_node>(branch.bit, std::move(left), branch.right);
}

// Walks the leaves at or after a key in order.
struct walk {
  const map_key& from;
  std::uint32_t differing;  // first bit in which `from` differs from its nearest leaf, and so from all that share the way so far
  bool nearest_is_greater;
  std::size_t limit;
  std::vector<radix_tree::entry> out;

  void all(const node& at) {
    if (out.size() == limit) return;
    if (at.is_leaf) {
      out.push_back({as_leaf(at).key, &as_leaf(at).value});
    } else {
      all(*as_branch(at).left);
      all(*as_branch(at).right);
    }
  }

  void bounded(const node& at) {
    if (at.is_leaf || as_branch(at).bit > differing) {
      if (differing == equal_keys || nearest_is_greater) all(at);
      return;
    }
    const auto& branch = as_branch(at);
    if (bit_of(from, branch.bit)) return bounded(*branch.right);
    bounded(*branch.left);
    all(*branch.right);
  }
};

}  // namespace

std::optional<map_key> after(const map_key& key) {
  auto next = key;
  for (auto i = next.size(); i > 0; --i) {
    if (++next[i - 1] != 0) return next;
  }
  return std::nullopt;
}

digest hash_of_value(bytes_view value) { return crypto::hash("holdfast/map-value/v1", {value}); }

std::optional<digest> root_of(const map_path& path, const map_key& key) {
  if (!path.leaf) return path.steps.empty() ? std::optional<digest>(digest{}) : std::nullopt;
  auto hash = hash_of_leaf(path.leaf->key, path.leaf->value);
  std::uint32_t below = equal_keys;
  for (const auto& step : path.steps) {
    // Descending bits make a path of a tree; agreeing bits make it the path that `key` would take.
    if (step.bit >= below || bit_of(path.leaf->key, step.bit) != bit_of(key, step.bit)) return std::nullopt;
    below = step.bit;
    hash = bit_of(key, step.bit) ? hash_of_branch(step.bit, step.sibling, hash) : hash_of_branch(step.bit, hash, step.sibling);
  }
  return hash;
}

bool verify(const map_path& path, const digest& root, const map_key& key, const std::optional<digest>& value) {
  auto present = path.leaf && path.leaf->key == key;
  if (present != value.has_value() || (present && path.leaf->value != *value)) return false;
  return root_of(path, key) == root;
}

const bytes* radix_tree::get(const map_key& key) const {
  auto* leaf = nearest(top_.get(), key);
  return leaf != nullptr && leaf->key == key ? &leaf->value : nullptr;
}

void radix_tree::put(const map_key& key, bytes value) {
  auto fresh = std::make_shared<leaf_node>(key, std::move(value));
  auto* leaf = nearest(top_.get(), key);
  auto differing = leaf == nullptr ? 0 : differing_bit(leaf->key, key);
  if (leaf == nullptr || differing != equal_keys) ++size_;
  top_ = leaf == nullptr ? std::move(fresh) : with(top_, key, differing, fresh);
}

void radix_tree::erase(const map_key& key) {
  if (get(key) == nullptr) return;
  top_ = without(top_, key);
  --size_;
}

digest radix_tree::root() const { return top_ == nullptr ? digest{} : hashed(*top_); }

map_path radix_tree::path(const map_key& key) const {
  map_path path;
  if (top_ == nullptr) return path;
  const node* at = top_.get();
  while (!at->is_leaf) {
    const auto& branch = as_branch(*at);
    auto right = bit_of(key, branch.bit);
    path.steps.push_back({branch.bit, hashed(right ? *branch.left : *branch.right)});
    at = right ? branch.right.get() : branch.left.get();
  }
  std::reverse(path.steps.begin(), path.steps.end());
  path.leaf = path_leaf{as_leaf(*at).key, hash_of_value(as_leaf(*at).value)};
  return path;
}

std::vector<radix_tree::entry> radix_tree::page(const map_key& from, std::size_t limit) const {
  auto* leaf = nearest(top_.get(), from);
  if (leaf == nullptr || limit == 0) return {};
  auto differing = differing_bit(leaf->key, from);
  walk w{from, differing, differing != equal_keys && bit_of(leaf->key, differing), limit, {}};
  w.bounded(*top_);
  return std::move(w.out);
}

}  // namespace holdfast::ring

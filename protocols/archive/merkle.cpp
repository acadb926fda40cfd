#include "protocols/archive/merkle.hpp"

#include <cassert>

namespace holdfast::archive {

namespace {

digest parent(const digest& left, const digest& right) { return crypto::hash("holdfast/merkle/v1", {left.view(), right.view()}); }

// The level above, in place.
void rise(std::vector<digest>& level) {
  for (std::size_t i = 0; i < level.size(); i += 2) level[i / 2] = i + 1 < level.size() ? parent(level[i], level[i + 1]) : level[i];
  level.resize((level.size() + 1) / 2);
}

}  // namespace

digest merkle_root(std::vector<digest> leaves) {
  assert(!leaves.empty());
  while (leaves.size() > 1) rise(leaves);
  return leaves.front();
}

std::vector<digest> merkle_path(std::vector<digest> leaves, std::size_t index) {
  assert(index < leaves.size());
  std::vector<digest> path;
  for (; leaves.size() > 1; index /= 2) {
    if (auto sibling = index ^ 1; sibling < leaves.size()) path.push_back(leaves[sibling]);
    rise(leaves);
  }
  return path;
}

std::vector<std::vector<digest>> merkle_paths(const std::vector<digest>& leaves) {
  std::vector<std::vector<digest>> paths(leaves.size());
  auto level = leaves;
  for (std::size_t height = 0; level.size() > 1; ++height) {
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      if (auto sibling = (leaf >> height) ^ 1; sibling < level.size()) paths[leaf].push_back(level[sibling]);
    }
    rise(level);
  }
  return paths;
}

std::optional<digest> merkle_climb(const digest& leaf, std::size_t index, std::size_t count, const std::vector<digest>& path) {
  if (index >= count) return std::nullopt;
  auto node = leaf;
  auto sibling = path.begin();
  for (; count > 1; index /= 2, count = (count + 1) / 2) {
    if ((index ^ 1) >= count) continue;  // unpaired: rises as it is
    if (sibling == path.end()) return std::nullopt;
    node = index % 2 == 0 ? parent(node, *sibling) : parent(*sibling, node);
    ++sibling;
  }
  if (sibling != path.end()) return std::nullopt;
  return node;
}

bool merkle_verify(const digest& root, const digest& leaf, std::size_t index, std::size_t count, const std::vector<digest>& path) {
  return merkle_climb(leaf, index, count, path) == root;
}

}  // namespace holdfast::archive

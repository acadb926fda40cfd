#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "protocols/base/random.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/ring/radix_tree.hpp"

using namespace holdfast;
using namespace holdfast::ring;

namespace {

bytes text(std::string_view s) { return to_bytes(as_bytes_view(s)); }

// Keys that collide in many leading bits as well as random ones.
std::vector<map_key> keys(std::size_t count, std::uint64_t seed) {
  seeded_random random(seed);
  std::set<map_key> all{map_key{}};
  while (all.size() < count) {
    auto key = random.array<32>();
    if (random.below(3) == 0) {
      key = *all.begin();
      auto bit = random.below(256);
      key[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    all.insert(key);
  }
  std::vector<map_key> list(all.begin(), all.end());
  for (auto i = list.size(); i > 1; --i) std::swap(list[i - 1], list[random.below(i)]);
  return list;
}

radix_tree tree_of(const std::vector<map_key>& list) {
  radix_tree tree;
  for (const auto& key : list) tree.put(key, to_bytes(key));
  return tree;
}

bool proves(const radix_tree& tree, const map_path& path, const map_key& key) {
  auto* value = tree.get(key);
  return verify(path, tree.root(), key, value ? std::optional<digest>(hash_of_value(*value)) : std::nullopt);
}

}  // namespace

BOOST_AUTO_TEST_CASE(order_of_insertion_and_erased_keys_leave_no_trace) {
  auto list = keys(300, 1);
  auto root = tree_of(list).root();
  std::sort(list.begin(), list.end());
  auto tree = tree_of(list);
  BOOST_TEST((tree.root() == root));
  for (const auto& stranger : keys(500, 2)) {
    if (tree.get(stranger) == nullptr) {
      tree.put(stranger, text("x"));
      BOOST_TEST((tree.root() != root));
      tree.erase(stranger);
    }
    BOOST_TEST((tree.root() == root));
  }
  tree.put(list[7], text("changed"));
  BOOST_TEST((tree.root() != root));
  tree.put(list[7], to_bytes(list[7]));
  BOOST_TEST((tree.root() == root));
  BOOST_TEST(tree.size() == 300u);
  for (const auto& key : list) tree.erase(key);
  BOOST_TEST(tree.size() == 0u);
  BOOST_TEST(tree.root().is_zero());
}

BOOST_AUTO_TEST_CASE(a_copy_is_a_snapshot) {
  auto list = keys(100, 3);
  auto tree = tree_of(list);
  auto root = tree.root();
  auto snapshot = tree;
  for (const auto& key : list) tree.put(key, text("new"));
  tree.erase(list[0]);
  BOOST_TEST((snapshot.root() == root));
  for (const auto& key : list) BOOST_TEST((*snapshot.get(key) == to_bytes(key)));
}

BOOST_AUTO_TEST_CASE(presence_and_absence_are_proven) {
  auto list = keys(200, 4);
  std::vector<map_key> present(list.begin(), list.begin() + 100);
  auto tree = tree_of(present);
  for (const auto& key : list) {
    auto path = tree.path(key);
    BOOST_TEST(proves(tree, path, key));
    // No path proves the contrary of what is so.
    auto contrary = tree.get(key) ? std::nullopt : std::optional<digest>(hash_of_value(to_bytes(key)));
    BOOST_TEST(!verify(path, tree.root(), key, contrary));
  }
  // A present key is not proven absent by the path of another.
  for (const auto& other : list) {
    if (other != present[0]) BOOST_TEST(!verify(tree.path(other), tree.root(), present[0], std::nullopt));
  }
  radix_tree empty;
  BOOST_TEST(verify(empty.path(list[0]), empty.root(), list[0], std::nullopt));
  BOOST_TEST(!verify(empty.path(list[0]), tree.root(), list[0], std::nullopt));
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_a_proof_is_refused) {
  auto list = keys(60, 5);
  std::vector<map_key> present(list.begin(), list.begin() + 30);
  auto tree = tree_of(present);
  for (const auto& key : {list[3], list[40]}) {
    auto* value = tree.get(key);
    auto expected = value ? std::optional<digest>(hash_of_value(*value)) : std::nullopt;
    auto good = codec::encode(tree.path(key));
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      auto bad = good;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      auto path = codec::decode<map_path>(bad);
      BOOST_TEST((!path || !verify(*path, tree.root(), key, expected)));
    }
  }
}

BOOST_AUTO_TEST_CASE(pages_run_in_key_order_from_any_cursor) {
  auto list = keys(150, 6);
  auto tree = tree_of(list);
  std::sort(list.begin(), list.end());
  for (const auto& cursor : keys(150, 7)) {
    auto expected = std::lower_bound(list.begin(), list.end(), cursor);
    auto page = tree.page(cursor, 10);
    BOOST_TEST(page.size() == static_cast<std::size_t>(std::min<std::ptrdiff_t>(10, list.end() - expected)));
    for (const auto& entry : page) BOOST_TEST((entry.key == *expected++));
  }
  BOOST_TEST(tree.page(list.front(), 1000).size() == list.size());
  BOOST_TEST(tree.page(list[42], 1).at(0).key == list[42]);
  BOOST_TEST(radix_tree().page(map_key{}, 5).empty());
}

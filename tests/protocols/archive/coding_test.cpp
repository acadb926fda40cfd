// Any m of n rebuild the block, and nothing but the very fragment passes for it.
#include "protocols/archive/fragment_tree.hpp"
#include "protocols/base/random.hpp"

using namespace holdfast;
using namespace holdfast::archive;

namespace {

bytes content(std::size_t size, std::uint64_t seed = 1) {
  bytes data(size);
  seeded_random(seed).fill(data);
  return data;
}

// Calls `visit` with every subset of m of n fragments.
template <class Visit>
void each_subset(std::size_t m, std::size_t n, Visit visit) {
  for (std::uint32_t mask = 0; mask < (1u << n); ++mask) {
    if (static_cast<std::size_t>(__builtin_popcount(mask)) == m) visit(mask);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_m_of_n_rebuild_a_block_of_any_length) {
  for (coding code : {coding{1, 1}, coding{1, 2}, coding{1, 3}, coding{2, 4}, coding{4, 6}, coding{3, 8}}) {
    reed_solomon codec(code);
    for (std::size_t size : {1, 63, 64, 65, 255, 256, 257, 1000, 65536, 65537, 100003}) {
      auto block = content(size, size);
      auto fragments = codec.encode(block);
      BOOST_REQUIRE_EQUAL(fragments.size(), code.n);
      each_subset(code.m, code.n, [&](std::uint32_t mask) {
        std::vector<shard> shards;
        for (std::uint8_t i = code.n; i-- > 0;) {
          if (mask & (1u << i)) shards.push_back({i, fragments[i]});
        }
        auto decoded = codec.decode(static_cast<std::uint32_t>(size), shards);
        BOOST_REQUIRE(decoded);
        BOOST_REQUIRE(*decoded == block);
      });
    }
  }
}

BOOST_AUTO_TEST_CASE(the_largest_block_survives_sixteen_of_sixty_four) {
  reed_solomon codec({16, 64});
  auto block = content(block_bytes_max);
  auto fragments = codec.encode(block);
  std::vector<shard> last;
  for (std::uint8_t i = 48; i < 64; ++i) last.push_back({i, fragments[i]});
  auto decoded = codec.decode(block_bytes_max, last);
  BOOST_REQUIRE(decoded);
  BOOST_TEST((*decoded == block));
}

BOOST_AUTO_TEST_CASE(copies_are_copies) {
  auto fragments = reed_solomon({1, 3}).encode(content(500));
  BOOST_TEST((fragments[0] == fragments[1] && fragments[1] == fragments[2]));
}

BOOST_AUTO_TEST_CASE(too_few_and_misshapen_fragments_are_refused) {
  reed_solomon codec({2, 4});
  auto fragments = codec.encode(content(1000));
  BOOST_TEST(codec.decode(1000, {{0, fragments[0]}}).error().is(errc::unavailable));
  BOOST_TEST(codec.decode(1000, {{0, fragments[0]}, {0, fragments[0]}}).error().is(errc::unavailable));
  BOOST_TEST(codec.decode(1000, {{0, fragments[0]}, {4, fragments[1]}}).error().is(errc::malformed));
  BOOST_TEST(codec.decode(1000, {{0, fragments[0]}, {1, bytes_view(fragments[1]).first(64)}}).error().is(errc::malformed));
  BOOST_TEST(codec.decode(0, {{0, fragments[0]}, {1, fragments[1]}}).error().is(errc::malformed));
}

BOOST_AUTO_TEST_CASE(merkle_paths_prove_each_leaf_in_its_place_only) {
  for (std::size_t count = 1; count <= 17; ++count) {
    std::vector<digest> leaves;
    for (std::size_t i = 0; i < count; ++i) leaves.push_back(crypto::hash("test", {content(8, i)}));
    auto root = merkle_root(leaves);
    auto paths = merkle_paths(leaves);
    for (std::size_t i = 0; i < count; ++i) {
      BOOST_REQUIRE(paths[i] == merkle_path(leaves, i));
      for (std::size_t place = 0; place <= count; ++place) {
        BOOST_REQUIRE_EQUAL(merkle_verify(root, leaves[i], place, count, paths[i]), place == i);
      }
      auto longer = paths[i];
      longer.push_back(root);
      BOOST_REQUIRE(!merkle_verify(root, leaves[i], i, count, longer));
    }
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_a_fragment_or_its_proof_is_refused) {
  coding code{4, 6};
  auto coded = code_block(reed_solomon(code), content(3000));
  for (auto& fragment : coded.fragments) {
    block_header header{coded.entry, fragment.path};
    BOOST_REQUIRE(verify_fragment(header, code, fragment.index, fragment.data));
    for (std::size_t bit = 0; bit < fragment.data.size() * 8; ++bit) {
      fragment.data[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      BOOST_REQUIRE(!verify_fragment(header, code, fragment.index, fragment.data));
      fragment.data[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
    for (auto& sibling : header.path) {
      for (std::size_t bit = 0; bit < 256; ++bit) {
        sibling.raw[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
        BOOST_REQUIRE(!verify_fragment(header, code, fragment.index, fragment.data));
        sibling.raw[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      }
    }
    for (std::uint8_t other = 0; other < code.n + 1; ++other) {
      BOOST_REQUIRE_EQUAL(verify_fragment(header, code, other, fragment.data), other == fragment.index);
    }
    header.path.emplace_back();
    BOOST_REQUIRE(!verify_fragment(header, code, fragment.index, fragment.data));
  }
}

BOOST_AUTO_TEST_CASE(a_chunk_proves_itself_and_only_in_its_place) {
  coding code{2, 4};
  auto coded = code_block(reed_solomon(code), content(100000));
  for (const auto& fragment : coded.fragments) {
    auto chunks = chunks_in(static_cast<std::uint32_t>(fragment.data.size()));
    BOOST_REQUIRE_EQUAL(chunks, 4u);
    for (std::uint32_t chunk = 0; chunk < chunks; ++chunk) {
      auto proof = prove_chunk(fragment.index, {coded.entry, fragment.path}, fragment.data, chunk);
      BOOST_REQUIRE(verify_chunk(proof, code));
      auto moved = proof;
      moved.chunk = (chunk + 1) % chunks;
      BOOST_REQUIRE(!verify_chunk(moved, code));
      moved = proof;
      moved.data.back() ^= 1;
      BOOST_REQUIRE(!verify_chunk(moved, code));
      moved = proof;
      moved.index = (moved.index + 1) % code.n;
      BOOST_REQUIRE(!verify_chunk(moved, code));
    }
  }
}


// Content goes into sealed blocks and comes back; nothing else comes back.
#include <boost/test/unit_test.hpp>

#include "protocols/object/capability.hpp"
#include "protocols/object/content_builder.hpp"
#include "protocols/object/content_reader.hpp"

using namespace holdfast;
using namespace holdfast::object;

namespace {

struct stored {
  std::map<bguid, bytes> blocks;
  std::vector<block_ref> order;
  built_content built;
};

bytes pattern(std::size_t size, std::uint64_t seed) {
  bytes data(size);
  seeded_random(seed).fill(data);
  return data;
}

stored build(const capability& cap, bytes_view plaintext, std::size_t piece, std::uint32_t block_bytes, random_source& random) {
  stored s;
  content_builder builder(cap.object, *cap.read, {}, 0, random, block_bytes);
  auto keep = [&](std::vector<placed_block> blocks) {
    for (auto& b : blocks) {
      s.order.push_back(b.ref);
      s.blocks[b.ref.block] = std::move(b.ciphertext);
    }
  };
  for (std::size_t at = 0; at < plaintext.size(); at += piece) keep(builder.write(plaintext.subspan(at, std::min(piece, plaintext.size() - at))));
  keep(builder.finish());
  s.built = builder.built();
  return s;
}

result<bytes> read_back(const stored& s, const read_key& key, std::size_t window, random_source& random) {
  auto reader = content_reader::open(s.built.root, key, window);
  if (!reader) return fail(reader.error());
  bytes plaintext;
  std::vector<block_ref> waiting;
  while (!reader->done()) {
    for (auto& ref : reader->wants()) waiting.push_back(ref);
    BOOST_REQUIRE(!waiting.empty());
    auto pick = random.below(waiting.size());
    auto ref = waiting[pick];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(pick));
    if (auto ok = reader->on_block(ref, s.blocks.at(ref.block)); !ok) return fail(ok.error());
    for (auto part = reader->take(); !part.empty(); part = reader->take()) append(plaintext, part);
    BOOST_REQUIRE(waiting.size() <= window + 8);
  }
  return plaintext;
}

}  // namespace

BOOST_AUTO_TEST_CASE(content_of_every_shape_comes_back) {
  seeded_random random(11);
  auto cap = mint(random);
  for (std::size_t size :
       {std::size_t{40'000}, std::size_t{65'536}, std::size_t{65'537}, std::size_t{131'072}, std::size_t{3'000'000}, std::size_t{40'000'000}}) {
    auto plaintext = pattern(size, size);
    auto s = build(cap, plaintext, 100'003, block_bytes_min, random);
    auto back = read_back(s, *cap.read, 8, random);
    BOOST_REQUIRE_MESSAGE(back.has_value(), "size " << size << ": " << (back ? "" : back.error().message()));
    BOOST_TEST((*back == plaintext));
  }
}

BOOST_AUTO_TEST_CASE(small_content_rides_inline) {
  seeded_random random(12);
  auto cap = mint(random);
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4'096}, std::size_t{inline_bytes_max - 28}}) {
    auto plaintext = pattern(size, size + 1);
    auto s = build(cap, plaintext, 1'000, block_bytes_min, random);
    BOOST_TEST(s.order.empty());
    auto back = open_inline(s.built.root, *cap.read, s.built.inline_data);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == plaintext));
  }
  BOOST_TEST(build(cap, pattern(inline_bytes_max, 3), 1'000, block_bytes_min, random).order.size() == 1u);
}

BOOST_AUTO_TEST_CASE(no_block_passes_for_another_and_no_changed_bit_passes) {
  seeded_random random(13);
  auto cap = mint(random);
  auto s = build(cap, pattern(200'000, 1), 200'000, block_bytes_min, random);
  auto& first = s.order[0];
  auto honest = s.blocks[first.block];
  s.blocks[first.block] = s.blocks[s.order[1].block];
  BOOST_TEST(read_back(s, *cap.read, 8, random).error().is(errc::damaged));
  s.blocks[first.block] = honest;
  s.blocks[first.block][100] ^= 1;
  BOOST_TEST(read_back(s, *cap.read, 8, random).error().is(errc::damaged));
  auto sealed = seal_block(cap.object, *cap.read, {0, 1}, as_bytes_view("x"), random);
  BOOST_TEST(!open_block(cap.object, *cap.read, {0, 2}, sealed).has_value());
  BOOST_TEST(!open_block(mint(random).object, *cap.read, {0, 1}, sealed).has_value());
}

BOOST_AUTO_TEST_CASE(extents_fill_in_order_and_names_are_not_convergent) {
  seeded_random random(14);
  auto cap = mint(random);
  auto plaintext = pattern(1'000'000, 5);
  auto a = build(cap, plaintext, 1'000'000, block_bytes_min, random), b = build(cap, plaintext, 1'000'000, block_bytes_min, random);
  for (std::uint32_t i = 0; i < a.order.size(); ++i) {
    BOOST_TEST(a.order[i].index == i);
    BOOST_TEST((a.order[i].block != b.order[i].block));
  }
}

BOOST_AUTO_TEST_CASE(a_root_out_of_bounds_is_refused) {
  content_root root;
  root.size = 1ull << 60;
  root.content = tree_content{{}, 1, block_bytes_min};
  BOOST_TEST(!content_reader::open(root, {}, 4).has_value());
  root.content = tree_content{{}, 200, block_bytes_min};
  BOOST_TEST(!content_reader::open(root, {}, 4).has_value());
  root.content = tree_content{{}, 1, 1};
  BOOST_TEST(!content_reader::open(root, {}, 4).has_value());
}

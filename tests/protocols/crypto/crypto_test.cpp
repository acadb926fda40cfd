// Signatures, seals and hashes: what they accept and, above all, what they must refuse.
#include <boost/test/unit_test.hpp>

#include "protocols/crypto/hash.hpp"
#include "protocols/crypto/seal.hpp"
#include "protocols/crypto/sign.hpp"

using namespace holdfast;

namespace {

struct statement {
  static constexpr std::string_view type_tag = "holdfast/test-statement/v1";
  std::uint64_t value = 0;
};
template <class F>
bool inspect(F& f, statement& x) {
  return f.fields("value", x.value);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_statement_opens_for_its_signer_alone) {
  seeded_random random(1);
  auto key = crypto::signing_key::generate(random), other = crypto::signing_key::generate(random);
  auto s = crypto::signed_statement<statement>::make({7}, key);
  BOOST_REQUIRE(s.open(key.pub()).has_value());
  BOOST_TEST(s.open(key.pub())->value == 7u);
  BOOST_TEST(s.open(other.pub()).error().is(errc::bad_signature));
  for (auto& b : s.body) {
    b ^= 1;
    BOOST_TEST(!s.open(key.pub()).has_value());
    b ^= 1;
  }
}

BOOST_AUTO_TEST_CASE(malleated_signatures_and_identity_keys_are_refused) {
  seeded_random random(2);
  auto key = crypto::signing_key::generate(random);
  auto message = as_bytes_view("m");
  auto s = key.sign("t", message);
  BOOST_TEST(crypto::verify(key.pub(), "t", message, s));
  BOOST_TEST(!crypto::verify(key.pub(), "u", message, s));
  constexpr std::array<std::uint8_t, 32> order = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                                  0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                                  0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += s.raw[32 + i] + order[i];
    s.raw[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  BOOST_TEST(!crypto::verify(key.pub(), "t", message, s));
  crypto::public_key identity;
  identity.raw[0] = 1;
  crypto::signature forged;
  forged.raw[0] = 1;
  BOOST_TEST(!crypto::verify(identity, "t", message, forged));
}

BOOST_AUTO_TEST_CASE(a_seal_opens_only_unchanged_and_in_its_place) {
  seeded_random random(3);
  crypto::seal_key key(random.array<32>());
  auto sealed = crypto::seal(key, as_bytes_view("place 1"), as_bytes_view("plain"), random);
  BOOST_TEST((*crypto::open(key, as_bytes_view("place 1"), sealed) == to_bytes(as_bytes_view("plain"))));
  BOOST_TEST(crypto::open(key, as_bytes_view("place 2"), sealed).error().is(errc::damaged));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] ^= 0x80;
    BOOST_TEST(!crypto::open(key, as_bytes_view("place 1"), sealed).has_value());
    sealed[i] ^= 0x80;
  }
  BOOST_TEST(!crypto::open(key, {}, bytes(5)).has_value());
}

BOOST_AUTO_TEST_CASE(the_tag_separates_hashes) {
  BOOST_TEST((crypto::hash("a", {as_bytes_view("x")}) != crypto::hash("b", {as_bytes_view("x")})));
}

BOOST_AUTO_TEST_CASE(sealing_opens_again_at_every_length_and_refuses_every_flipped_bit) {
  seeded_random random(3);
  auto key = crypto::seal_key(random.array<32>());
  auto associated = as_bytes_view("position");
  for (std::size_t size = 0; size < 700; ++size) {
    bytes plain(size);
    random.fill(plain);
    auto sealed = crypto::seal(key, associated, plain, random);
    BOOST_REQUIRE_EQUAL(sealed.size(), size + crypto::seal_overhead_bytes);
    auto opened = crypto::open(key, associated, sealed);
    BOOST_REQUIRE(opened);
    BOOST_REQUIRE(*opened == plain);
    sealed[random.below(sealed.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
    BOOST_REQUIRE(!crypto::open(key, associated, sealed));
  }
}

// The codec: round trips, one encoding per value, and refusal of everything else.
#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "protocols/codec/printer.hpp"
#include "protocols/codec/reader.hpp"

namespace {

using namespace holdfast;

enum class phase : std::uint8_t { idle, prepared };
constexpr bool known(phase p) { return p <= phase::prepared; }

struct inner {
  std::uint64_t view = 0;
  bytes blob;
  bool operator==(const inner&) const = default;
};
template <class F>
bool inspect(F& f, inner& x) {
  return f.fields("view", x.view, "blob", x.blob);
}

struct outer {
  phase where = phase::idle;
  bool flag = false;
  std::optional<inner> hint;
  std::variant<std::string, inner> body;
  std::map<std::string, std::int32_t> clock;
  std::vector<inner> list;
  std::array<std::uint8_t, 4> fixed{};
  bool operator==(const outer&) const = default;
};
template <class F>
bool inspect(F& f, outer& x) {
  return f.fields("where", x.where, "flag", x.flag, "hint", x.hint, "body", x.body, "clock", x.clock, "list", x.list, "fixed", x.fixed);
}

outer sample() {
  return {phase::prepared, true, inner{7, {1, 2, 3}}, inner{9, {}}, {{"a", -1}, {"b", 2}}, {{1, {9}}, {2, {}}}, {1, 2, 3, 4}};
}

struct nested {
  std::vector<nested> children;
};
template <class F>
bool inspect(F& f, nested& x) {
  return f.fields("children", x.children);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_value_comes_back_as_it_was) {
  auto decoded = codec::decode<outer>(codec::encode(sample()));
  BOOST_REQUIRE(decoded.has_value());
  BOOST_TEST((*decoded == sample()));
}

BOOST_AUTO_TEST_CASE(every_truncation_and_every_trailing_byte_is_refused) {
  auto whole = codec::encode(sample());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    auto cut = codec::decode<outer>(bytes_view(whole).first(n));
    BOOST_REQUIRE(!cut.has_value());
    BOOST_TEST(cut.error().is(errc::malformed));
  }
  whole.push_back(0);
  BOOST_TEST(!codec::decode<outer>(whole).has_value());
}

BOOST_AUTO_TEST_CASE(what_decodes_is_the_one_encoding) {
  seeded_random random(1);
  auto whole = codec::encode(sample());
  for (int round = 0; round < 20'000; ++round) {
    auto mutated = whole;
    mutated[random.below(mutated.size())] = static_cast<std::uint8_t>(random.next_u64());
    if (auto decoded = codec::decode<outer>(mutated)) BOOST_REQUIRE((codec::encode(*decoded) == mutated));
  }
}

BOOST_AUTO_TEST_CASE(a_length_bomb_allocates_nothing) {
  bytes bomb = {0xff, 0xff, 0xff, 0xff};
  auto decoded = codec::decode<std::vector<inner>>(bomb);
  BOOST_REQUIRE(!decoded.has_value());
  BOOST_TEST(decoded.error().message().find("a count exceeds what is left") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nesting_is_limited) {
  bytes deep;
  for (int i = 0; i < 1'000; ++i) append(deep, std::array<std::uint8_t, 4>{1, 0, 0, 0});
  append(deep, std::array<std::uint8_t, 4>{0, 0, 0, 0});
  BOOST_TEST(!codec::decode<nested>(deep).has_value());
}

BOOST_AUTO_TEST_CASE(keys_out_of_order_are_refused) {
  codec::writer w;
  w.put(std::uint32_t{2});
  w.put(std::uint8_t{2});
  w.put(std::uint8_t{0});
  w.put(std::uint8_t{1});
  w.put(std::uint8_t{0});
  BOOST_TEST((!codec::decode<std::map<std::uint8_t, std::uint8_t>>(w.data()).has_value()));
}

BOOST_AUTO_TEST_CASE(a_shared_value_is_encoded_as_the_value) {
  auto shared = std::make_shared<const inner>(inner{7, bytes(100)});
  BOOST_TEST(codec::encode(shared) == codec::encode(*shared), boost::test_tools::per_element());
  auto back = codec::decode<std::shared_ptr<const inner>>(codec::encode(shared));
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(((*back)->view == 7u && (*back)->blob == bytes(100)));
  BOOST_TEST(codec::encode(bytes(1000)).capacity() == 1004u, "an encoding takes its memory once");
}

BOOST_AUTO_TEST_CASE(the_printed_form_names_fields_and_shortens_bytes) {
  BOOST_TEST(codec::print(inner{7, bytes(100)}) == "{view: 7, blob: <100 bytes>}");
}

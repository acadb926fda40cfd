// Key files open with their passphrase and with nothing else.
#include <boost/test/unit_test.hpp>

#include "protocols/identity/key_file.hpp"

using namespace holdfast;
using namespace holdfast::identity;

namespace {

constexpr stretching cheap{64, 1};

bytes sealed(std::string_view passphrase, std::string_view content) {
  seeded_random random(1);
  return seal_key_file(passphrase, as_bytes_view(content), cheap, random).value();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_key_file_opens_with_its_passphrase_alone) {
  auto file = sealed("correct horse", "the keys");
  BOOST_TEST(as_text(open_key_file("correct horse", file).value()) == "the keys");
  BOOST_TEST(open_key_file("correct hors", file).error().is(errc::denied));
  BOOST_TEST(open_key_file("", file).error().is(errc::denied));
  BOOST_TEST(as_text(file).find("the keys") == std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(no_flipped_bit_goes_unnoticed) {
  auto file = sealed("p", "the keys");
  for (std::size_t i = 0; i < file.size(); ++i) {
    auto changed = file;
    changed[i] ^= 1;
    if (i >= 4 && i < 12) continue;  // the costs: changed ones may be too dear for a test; the next case has them
    BOOST_TEST(!open_key_file("p", changed).has_value());
  }
  for (std::size_t size = 0; size < file.size(); ++size) {
    BOOST_TEST(!open_key_file("p", bytes_view(file).first(size)).has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_file_cannot_ask_for_any_cost) {
  auto file = sealed("p", "the keys");
  auto greedy = file;
  greedy[7] = 0xff;  // memory
  BOOST_TEST(open_key_file("p", greedy).error().is(errc::malformed));
  greedy = file;
  greedy[11] = 0xff;  // passes
  BOOST_TEST(open_key_file("p", greedy).error().is(errc::malformed));
  auto cheaper = file;
  cheaper[4] = 32;
  BOOST_TEST(open_key_file("p", cheaper).error().is(errc::denied));
}

BOOST_AUTO_TEST_CASE(a_newer_format_is_told_from_a_wrong_passphrase) {
  auto file = sealed("p", "the keys");
  file[0] = 2;
  BOOST_TEST(open_key_file("p", file).error().is(errc::malformed));  // it opens as what it was: the number alone is wrong
  file.back() ^= 1;
  BOOST_TEST(open_key_file("p", file).error().is(errc::unsupported));
  file.pop_back();
  BOOST_TEST(open_key_file("p", file).error().is(errc::malformed));
}

// Sizes and addresses as people write them.
#include <boost/test/unit_test.hpp>

#include "tools/manifest/values.hpp"

using namespace holdfast::tools;

BOOST_AUTO_TEST_CASE(sizes_have_binary_and_decimal_units) {
  BOOST_TEST(parse_size("400 MiB").value() == 400ull << 20);
  BOOST_TEST(parse_size("400MiB").value() == 400ull << 20);
  BOOST_TEST(parse_size("2 GB").value() == 2'000'000'000ull);
  BOOST_TEST(parse_size("17").value() == 17u);
  BOOST_TEST(parse_size("18446744073709551615").value() == ~0ull);
  for (auto bad : {"", "MiB", "-1", "1.5 GiB", "1 mib", "1  MiB", "1 MiB ", "18446744073709551616", "99999999999 TiB", " 1", "1 "}) {
    BOOST_TEST(!parse_size(bad).has_value(), bad);
  }
  BOOST_TEST(print_size(400ull << 20) == "400 MiB");
  BOOST_TEST(print_size(1000) == "1000 B");
  BOOST_TEST(print_size_roughly(1536ull << 20) == "1.50 GiB");
  BOOST_TEST(print_size_roughly(17) == "17 B");
}

BOOST_AUTO_TEST_CASE(addresses_have_a_host_and_a_port) {
  BOOST_TEST((parse_address("example.org:7400") == address{"example.org", 7400}));
  BOOST_TEST((parse_address("[::1]:7400") == address{"::1", 7400}));
  BOOST_TEST(to_string(address{"fe80::1", 1}) == "[fe80::1]:1");
  for (auto bad : {"", "host", "host:", ":7400", "host:0", "host:65536", "host:7x", "::1:7400", "[host]:1", "[]:1", "a b:1", "[::1]7400"}) {
    BOOST_TEST(!parse_address(bad).has_value(), bad);
  }
}

BOOST_AUTO_TEST_CASE(the_nearest_word_is_offered_only_when_it_is_near) {
  BOOST_TEST(nearest("lisen", {"listen", "labels"}).value() == "listen");
  BOOST_TEST(!nearest("colour", {"listen", "labels"}).has_value());
}

// Text forms of bytes, and the seeded generator's fixed stream.
#include <boost/test/unit_test.hpp>

#include "protocols/base/bytes.hpp"
#include "protocols/base/random.hpp"

using namespace holdfast;

BOOST_AUTO_TEST_CASE(hex_and_base32_come_back) {
  seeded_random random(7);
  for (std::size_t size = 0; size < 70; ++size) {
    bytes data(size);
    random.fill(data);
    BOOST_TEST((from_hex(to_hex(data)) == data));
    BOOST_TEST((from_base32(to_base32(data)) == data));
  }
}

BOOST_AUTO_TEST_CASE(base32_follows_rfc_4648) {
  BOOST_TEST(to_base32(as_bytes_view("foobar")) == "mzxw6ytboi");
  BOOST_TEST(!from_base32("mzxw6ytbo1").has_value());
  BOOST_TEST(!from_base32("m").has_value());
  BOOST_TEST(!from_base32("mz").has_value());  // bits left over are not zero
}

BOOST_AUTO_TEST_CASE(a_seed_gives_one_stream_and_below_stays_below) {
  seeded_random a(42), b(42), c(43);
  BOOST_TEST(a.next_u64() == b.next_u64());
  BOOST_TEST(a.next_u64() != c.next_u64());
  for (int i = 0; i < 1000; ++i) BOOST_TEST(a.below(7) < 7u);
}

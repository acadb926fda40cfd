// A cache in a budget: what must never happen is that it holds more, or loses what is used for what is not.
#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "protocols/replica/segmented_cache.hpp"

using namespace holdfast;
using cache = replica::segmented_cache<int, int>;

BOOST_AUTO_TEST_CASE(what_was_read_once_goes_before_what_was_read_again) {
  cache c(10);
  c.insert(1, 1, 2);
  c.insert(2, 2, 2);
  BOOST_REQUIRE(c.touch(1));
  for (int i = 10; i < 100; ++i) c.insert(i, i, 2);
  BOOST_TEST(c.peek(1));
  BOOST_TEST(!c.peek(2));
}

BOOST_AUTO_TEST_CASE(what_is_no_longer_used_goes_at_last) {
  cache c(10);
  c.insert(1, 1, 2);
  c.touch(1);
  for (int i = 10; i < 20; ++i) {
    c.insert(i, i, 2);
    c.touch(i);
  }
  BOOST_TEST(!c.peek(1));
  BOOST_TEST(c.peek(19));
}

BOOST_AUTO_TEST_CASE(a_newer_value_keeps_the_place_of_the_one_before) {
  cache c(10);
  c.insert(1, 1, 2);
  c.touch(1);
  c.insert(1, 5, 4);
  BOOST_TEST(*c.peek(1) == 5);
  BOOST_TEST(c.bytes() == 4u);
  for (int i = 10; i < 100; ++i) c.insert(i, i, 2);
  BOOST_TEST(c.peek(1));
}

BOOST_AUTO_TEST_CASE(what_goes_is_told_and_the_sum_is_always_right) {
  seeded_random random(3);
  cache c(1000);
  std::map<int, std::uint64_t> held;
  for (int round = 0; round < 20'000; ++round) {
    const auto key = static_cast<int>(random.below(200));
    if (random.below(2) == 0) {
      BOOST_REQUIRE_EQUAL(c.touch(key) != nullptr, held.contains(key));
      continue;
    }
    const auto cost = 1 + random.below(random.below(20) == 0 ? 1000 : 60);
    held.erase(key);
    for (const auto& gone : c.insert(key, round, cost)) {
      BOOST_REQUIRE_NE(gone.key, key);
      BOOST_REQUIRE_EQUAL(held.at(gone.key), gone.cost);
      held.erase(gone.key);
    }
    held[key] = cost;
    std::uint64_t sum = 0;
    for (const auto& [k, bytes] : held) sum += bytes;
    BOOST_REQUIRE_EQUAL(c.bytes(), sum);
    BOOST_REQUIRE_EQUAL(c.size(), held.size());
    BOOST_REQUIRE_LE(c.bytes(), c.budget());
  }
}

#include "protocols/ring/ticket_desk.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::ring;
using namespace std::chrono_literals;

namespace {

node_id node(std::uint8_t n) {
  node_id id;
  id.raw[0] = n;
  return id;
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_asker_leaves_room_for_the_others) {
  ticket_desk<std::string> desk(3, 30s);
  std::string flood = "flood", other = "other";
  std::vector<std::uint64_t> taken;
  for (int i = 0; i < 3; ++i) {
    auto who = flood;
    taken.push_back(desk.take(instant(1s), node(1), who).value());
  }
  BOOST_TEST(!desk.take(instant(1s), node(1), flood).has_value());
  BOOST_TEST(flood == "flood", "it can still be told");
  auto another = desk.take(instant(1s), node(2), other);
  BOOST_REQUIRE(another);
  BOOST_TEST(desk.give(*another).value_or("") == "other");
  BOOST_TEST(!desk.give(*another).has_value(), "an answer is given once");
  BOOST_TEST(desk.give(taken[1]).value_or("") == "flood");
  BOOST_TEST(desk.take(instant(1s), node(1), flood).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_engine_has_forgotten_counts_no_more) {
  ticket_desk<int> desk(2, 30s);
  int who = 7;
  auto old = desk.take(instant(1s), node(1), who);
  BOOST_REQUIRE(desk.take(instant(20s), node(1), who));
  BOOST_TEST(!desk.take(instant(31s), node(1), who).has_value());
  BOOST_TEST(desk.take(instant(32s), node(1), who).has_value());
  BOOST_TEST(!desk.give(*old).has_value());
  BOOST_TEST(desk.size() == 2u);
}

// A cluster of one node keeps what it acknowledged when it is killed.
#include <boost/test/unit_test.hpp>

#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;

BOOST_AUTO_TEST_CASE(one_killed_node_keeps_its_data) {
  test_cluster cluster("one", 1, 1);
  const auto small = content_of(1, 4'000), large = content_of(2, 300'000);
  {
    auto c = cluster.open_client();
    require(put_bytes(c, "a/small", small));
    require(put_bytes(c, "a/large", large));
  }
  for (int round = 0; round < 3; ++round) {
    cluster.kill("node-1");
    cluster.start("node-1");
    auto c = cluster.open_client();
    BOOST_TEST((require(read_bytes(c, "a/small")) == small));
    BOOST_TEST((require(read_bytes(c, "a/large")) == large));
    BOOST_TEST(require(put_bytes(c, "a/again", small)).version == static_cast<std::uint64_t>(round) + 1);
  }
}

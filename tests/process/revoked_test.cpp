// A node whose admission was revoked says so, turns not ready, and is not waited for.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/process/cluster.hpp"

using namespace holdfast::testing;
using nlohmann::json;

namespace {

/// The whole id of a node, as its cluster's status names it.
std::string id_of(const std::string& name, const std::string& as_operator) {
  auto status = json::parse(real_cluster::run(" status --json" + as_operator).out, nullptr, false);
  for (const auto& node : status.value("nodes", json::array())) {
    if (node.value("name", "") == name) return node.value("id", "");
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_revoked_node_says_so_and_is_not_waited_for) {
  real_cluster cluster(2);
  BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out);
  auto in_dir = " --dir " + cluster.dir();
  auto as_operator = " --profile " + cluster.dir() + "/node-1/data/operator.toml";
  BOOST_REQUIRE(real_cluster::run(" revoke " + id_of("node-2", as_operator) + " --yes" + as_operator).code == 0);

  BOOST_TEST(real_cluster::run(" local kill node-2" + in_dir).code == 0);
  auto start = real_cluster::run(" local start node-2 --timeout 60" + in_dir + " 2>&1");
  BOOST_TEST(start.code == 7);
  BOOST_TEST(start.out.find("admission was revoked") != std::string::npos);
  auto nodes = json::parse(real_cluster::run(" local status --json" + in_dir).out)["nodes"];
  BOOST_TEST(nodes[1]["state"] != "serving");
  BOOST_TEST(nodes[1].contains("trouble"));
  BOOST_TEST(!nodes[0].contains("trouble"));

  auto added = real_cluster::run(" local add" + in_dir);  // what helps
  BOOST_TEST(added.code == 0);
  BOOST_TEST(added.out == "node-3\n");
}

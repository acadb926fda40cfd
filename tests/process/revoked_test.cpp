// Operators see who is admitted and take it back. A node whose admission was revoked says so, turns not ready, and is not waited for.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "tests/process/cluster.hpp"

using namespace holdfast::testing;
using nlohmann::json;

namespace {

struct members {
  json all;

  explicit members(const std::string& as_operator) {
    auto listed = json::parse(real_cluster::run(" members --json" + as_operator).out, nullptr, false);
    all = listed.value("members", json::array());
  }
  std::size_t of_kind(const std::string& kind) const {
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const json& m) { return m["kind"] == kind; }));
  }
  std::string id_of(const std::string& name, const std::string& kind) const {
    for (const auto& m : all) {
      if (m["name"] == name && m["kind"] == kind) return m["id"];
    }
    return {};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_operator_finds_and_revokes_a_client) {
  real_cluster cluster(2);
  BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out);
  auto as_operator = " --profile " + cluster.dir() + "/node-1/data/operator.toml";
  members before(as_operator);
  BOOST_TEST(before.of_kind("node") == 2u);
  BOOST_TEST(before.of_kind("operator") == 1u);
  BOOST_REQUIRE(before.of_kind("client") == 1u);
  BOOST_TEST(cluster("members 2>&1").code == 7);  // who is admitted is not everybody's business

  auto client = *std::find_if(before.all.begin(), before.all.end(), [](const json& m) { return m["kind"] == "client"; });
  std::string id = client["id"];
  auto asked = real_cluster::run(" revoke " + id.substr(0, 12) + as_operator + " 2>&1");  // shows whom that means, and revokes nobody
  BOOST_TEST(asked.code == 2);
  BOOST_TEST(asked.out.find("holdfast revoke " + id + " --yes") != std::string::npos);
  BOOST_TEST(cluster("ls").code == 0);

  BOOST_TEST(real_cluster::run(" revoke " + id + " --yes" + as_operator).code == 0);
  BOOST_TEST(members(as_operator).of_kind("client") == 0u);
  ended refused;  // within seconds: the node it enters by may not have heard of it yet
  for (int i = 0; i < 10 && refused.code != 7; ++i) refused = cluster("ls --timeout 5 2>&1");
  BOOST_TEST(refused.code == 7, refused.out);
}

BOOST_AUTO_TEST_CASE(a_revoked_node_says_so_and_is_not_waited_for) {
  real_cluster cluster(2);
  BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out);
  auto in_dir = " --dir " + cluster.dir();
  auto as_operator = " --profile " + cluster.dir() + "/node-1/data/operator.toml";
  BOOST_REQUIRE(real_cluster::run(" revoke " + members(as_operator).id_of("node-2", "node") + " --yes" + as_operator).code == 0);

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

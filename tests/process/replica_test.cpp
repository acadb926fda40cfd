// Small files read again: from a secondary replica's memory, seen in the status; and from the rest when its node is gone.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/process/cluster.hpp"

using namespace holdfast::testing;

namespace {

using nlohmann::json;

struct replicas {
  std::uint64_t hits = 0, held_bytes = 0;
  std::string holder;  ///< a node that holds something
};

replicas look(const real_cluster& cluster) {
  replicas all;
  auto status = json::parse(cluster("status --json").out, nullptr, false);
  if (!status.is_object()) return all;
  for (const auto& node : status["nodes"]) {
    if (!node["secondary"].is_object()) continue;
    all.hits += node["secondary"]["hits"].get<std::uint64_t>();
    auto held = node["secondary"]["held_bytes"].get<std::uint64_t>();
    all.held_bytes += held;
    if (held > 0) all.holder = node["name"];
  }
  return all;
}

/// Status travels from node to node: looked at again until it shows what must come, or the time is over.
bool seen(const real_cluster& cluster, const std::function<bool(const replicas&)>& what) {
  for (auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60); std::chrono::steady_clock::now() < end;) {
    if (what(look(cluster))) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_read_again_comes_from_memory_and_what_holds_it_may_die) {
  real_cluster cluster(4);
  BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out);
  const auto content = noise(300'000, 21), small = noise(4'000, 22);
  BOOST_REQUIRE(cluster("put " + cluster.write("f", content).string() + " cached/f").code == 0);
  BOOST_REQUIRE(cluster("put " + cluster.write("g", small).string() + " cached/g").code == 0);

  for (int i = 0; i < 3; ++i) {
    BOOST_TEST((cluster("get cached/f").out == content));
    BOOST_TEST((cluster("get cached/g").out == small));
  }
  BOOST_TEST(cluster("get cached/f -o /dev/null 2>&1").out.find("secondary replica") != std::string::npos);
  BOOST_TEST(seen(cluster, [](const replicas& r) { return r.hits >= 2 && r.held_bytes > 300'000; }));

  // Numbered and dated versions, whose heads may come from memory, are those that were meant.
  const auto newer = noise(5'000, 23);
  BOOST_REQUIRE(cluster("put " + cluster.write("g", newer).string() + " cached/g").code == 0);
  BOOST_TEST((cluster("get cached/g").out == newer));
  BOOST_TEST((cluster("get cached/g --version 1").out == small));
  BOOST_TEST((cluster("get cached/g --version 2").out == newer));
  BOOST_TEST(cluster("get cached/g --version 3").code == 5);

  // Whoever holds it dies, and whoever answers in its stead then.
  for (int round = 0; round < 2; ++round) {
    std::string holder;
    BOOST_REQUIRE(seen(cluster, [&](const replicas& r) { return !(holder = r.holder).empty(); }));
    BOOST_REQUIRE(real_cluster::run(" local kill " + holder + " --dir " + cluster.dir()).code == 0);
    BOOST_TEST((cluster("get cached/f").out == content));
    BOOST_TEST((cluster("get cached/g").out == newer));
    BOOST_REQUIRE(real_cluster::run(" local start " + holder + " --dir " + cluster.dir()).code == 0);
  }
  BOOST_TEST(cluster("verify cached/f").code == 0);
}

// One bit turns over on a node's disk while the node is down: it is noticed, never served, and made good from the others.
#include <boost/test/unit_test.hpp>

#include "tests/chaos/calibration.hpp"
#include "tests/damage/damage.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
BOOST_AUTO_TEST_CASE(a_bit_flipped_in_a_fragment_is_noticed_and_made_good) {
  test_cluster cluster("bit-fragment", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  std::string holder;
  for (const auto& node : cluster.names()) {
    if (!cluster.in_ring(node) && !largest_file(cluster.data_of(node) / "archive", "fragments").empty()) holder = node;
  }
  BOOST_REQUIRE(!holder.empty());
  cluster.kill(holder);
  flip_bit(largest_file(cluster.data_of(holder) / "archive", "fragments"), 0.5);
  cluster.start(holder);
  files.check(c);
  const auto report = require(c.verify("a/large"));
  BOOST_TEST((report.state != actors::soundness::damaged));
  BOOST_TEST(report.good_fragments < report.fragments, "verify does not see the flipped bit");
  becomes_full(c, "a/large");
  files.check(c);
}

BOOST_AUTO_TEST_CASE(a_bit_flipped_in_a_ring_members_log_is_noticed_and_harms_nobody) {
  test_cluster cluster("bit-log", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  const auto node = cluster.primary();
  for (const std::string log : {"log-object", "log-root"}) {
    cluster.kill(node);
    flip_bit(largest_file(cluster.data_of(node) / log, ".log"), 0.4);
    cluster.launch(node);
    BOOST_CHECK_MESSAGE(eventually(within(30s), [&] { return cluster.says(node, "damaged"); }),
                        node << " does not say what is wrong with its " << log);
    files.check(c);
    require(put_bytes(c, "a/small", files.small));
  }
}

BOOST_AUTO_TEST_CASE(a_bit_flipped_in_a_database_sets_it_aside_and_what_it_held_comes_back) {
  test_cluster cluster("bit-database", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  std::string outside, member;
  for (const auto& node : cluster.names()) {
    if (largest_file(cluster.data_of(node) / "archive", "fragments").empty()) continue;
    (cluster.in_ring(node) ? member : outside) = node;
  }
  BOOST_REQUIRE(!outside.empty());
  if (member.empty()) member = cluster.primary();
  for (const std::string kind : {".sst", "MANIFEST", ".log", "CURRENT"}) {
    for (const auto& node : {outside, member}) {
      const auto database = cluster.data_of(node) / "database";
      // What was saved into a new database is in tables; only what comes in since is in its log.
      for (std::uint64_t i = 0; kind == ".log" && i < 20 && fs::file_size(largest_file(database, kind)) < 100; ++i) {
        require(put_bytes(c, "more/" + node + std::to_string(i), content_of(i, 200'000)));
      }
      cluster.kill(node);
      if (kind == ".sst") {  // the log becomes a table when the database is opened again
        cluster.start(node);
        cluster.kill(node);
      }
      const auto file = largest_file(database, kind);
      BOOST_REQUIRE_MESSAGE(!file.empty(), "there is no " << kind << " in " << database);
      flip_bit(file, 0.5);
      cluster.start(node);
      BOOST_CHECK_MESSAGE(eventually(within(30s), [&] { return cluster.says(node, "database-damaged"); }),
                          node << " does not say what is wrong with its database (" << kind << ")");
      BOOST_TEST(cluster.serves_within(node, within(30s)), node << " does not serve any more");
      files.check(c);
      require(put_bytes(c, "a/other", files.small));
      becomes_full(c, "a/large");
      becomes_full(c, "a/small");
    }
  }
  files.check(c);
}

BOOST_AUTO_TEST_CASE(a_node_that_dies_while_it_saves_a_damaged_database_begins_again) {
  test_cluster cluster("half-saved", 1, 1);  // nobody else has what it holds
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  cluster.kill("node-1");
  std::filesystem::rename(cluster.data_of("node-1") / "database", cluster.data_of("node-1") / "database.damaged");
  std::filesystem::create_directory(cluster.data_of("node-1") / "database");
  cluster.start("node-1");
  BOOST_TEST(cluster.says("node-1", "database-damaged"));
  BOOST_TEST(!std::filesystem::exists(cluster.data_of("node-1") / "database.damaged"));
  files.check(c);
  require(put_bytes(c, "a/small", files.large));
  BOOST_TEST((require(c.verify("a/large")).state == actors::soundness::full));
}

BOOST_AUTO_TEST_CASE(a_bit_flipped_in_what_makes_a_node_itself_keeps_it_from_starting) {
  test_cluster cluster("bit-identity", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  for (const std::string name : {"node.identity", "FORMAT", "boot"}) {
    for (const double part : {0.1, 0.5, 0.99}) {
      const std::string node = "node-7";
      const auto file = cluster.data_of(node) / name;
      cluster.kill(node);
      flip_bit(file, part);
      const auto refused = cluster.command({"node", "--manifest", (cluster.directory() / node / "manifest.toml").string()});
      BOOST_REQUIRE(!refused.has_value());
      BOOST_TEST(refused.error().message().find(name + " is damaged") != std::string::npos, refused.error().message());
      files.check(c);
      flip_bit(file, part);
      cluster.start(node);
    }
  }
  files.check(c);
}

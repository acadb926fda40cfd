// A ring member's log is lost or damaged: the member keeps silent, reads and writes go on, and though nobody writes any more it becomes
// safe and votes again. Alone, a member without its log says so instead of serving what is not known to be true.
#include <boost/test/unit_test.hpp>

#include "tests/chaos/calibration.hpp"
#include "tests/damage/damage.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string other_member(const test_cluster& cluster, const std::string& than) {
  for (const auto& node : cluster.names()) {
    if (node != than && cluster.in_ring(node)) return node;
  }
  return {};
}

void lose_log_and_become_whole(test_cluster& cluster, actors::client& c, const kept_files& files, const std::string& node,
                               const std::function<void(const fs::path& log)>& harm) {
  cluster.kill(node);
  harm(cluster.data_of(node) / "log-object");
  cluster.launch(node);
  BOOST_CHECK_MESSAGE(eventually(within(30s), [&] { return cluster.says(node, "keeps silent"); }), node << " does not say that it is mute");
  files.check(c);
  require(put_bytes(c, "a/other", files.small));
  // Nobody writes now. The node itself is asked: what others know of it may be of its life before.
  BOOST_REQUIRE_MESSAGE(cluster.serves_within(node, within(90s)), node << " does not become whole");
  // With another member gone, the ring needs its vote.
  const auto gone = other_member(cluster, node);
  cluster.kill(gone);
  require(put_bytes(c, "a/other", files.small));
  files.check(c);
  cluster.start(gone);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_member_that_lost_its_log_becomes_whole_on_an_idle_ring) {
  test_cluster cluster("lost-log", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  const auto primary = cluster.primary();
  lose_log_and_become_whole(cluster, c, files, primary, [](const fs::path& log) { fs::remove_all(log); });
  lose_log_and_become_whole(cluster, c, files, other_member(cluster, primary),
                            [](const fs::path& log) { flip_bit(largest_file(log, ".log"), 0.4); });
}

BOOST_AUTO_TEST_CASE(alone_a_member_that_lost_its_log_refuses_and_says_what_to_do) {
  test_cluster cluster("lost-log-alone", 1, 1);
  const kept_files files;
  {
    auto c = cluster.open_client();
    files.keep(c);
  }
  const auto log = cluster.data_of("node-1") / "log-object", backup = cluster.directory() / "backup";
  cluster.kill("node-1");
  fs::copy(log, backup, fs::copy_options::recursive);
  fs::remove_all(log);
  cluster.launch("node-1");
  BOOST_CHECK(eventually(within(30s), [&] { return cluster.says("node-1", "log-lost"); }));
  {
    auto c = cluster.open_client();
    auto refused = put_bytes(c, "a/small", files.small);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message().find("backup") != std::string::npos, refused.error().message());
  }
  // The remedy it names works.
  cluster.kill("node-1");
  fs::remove_all(log);
  fs::copy(backup, log, fs::copy_options::recursive);
  cluster.start("node-1");
  auto c = cluster.open_client();
  files.check(c);
  require(put_bytes(c, "a/small", files.small));
}

// A disk that is full, or may not be written: it is said, nothing acknowledged is lost, and with space the node goes on.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "tests/chaos/calibration.hpp"
#include "tests/damage/damage.hpp"
#include "tests/damage/small_disk.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t disk_bytes = 640u << 20;

std::string name(std::uint64_t i) { return "a/" + std::to_string(i); }

/// Whether the file is there as it was kept.
bool holds(actors::client& c, std::uint64_t i, std::size_t size) {
  const auto found = read_bytes(c, name(i));
  if (!found) std::cout << name(i) << ": " << found.error().message() << std::endl;
  return found && *found == content_of(i, size);
}

boost::test_tools::assertion_result can_mount(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result answer(small_disk::possible());
  answer.message() << "only root can mount a small disk";
  return answer;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_archive_that_is_full_says_so, *boost::unit_test::precondition(can_mount)) {
  test_cluster cluster("full-archive", 1, 1);
  small_disk disk(cluster, "node-1", disk_bytes);
  auto c = cluster.open_client();
  constexpr std::size_t size = 20'000'000;
  std::uint64_t kept = 0;
  error refused(errc::unavailable, "");
  for (; kept < 40; ++kept) {
    auto made = put_bytes(c, name(kept), content_of(kept, size));
    if (made) continue;
    refused = made.error();
    break;
  }
  BOOST_TEST(refused.is(errc::over_limit), refused.message());
  BOOST_TEST(refused.message().find("full") != std::string::npos, refused.message());
  BOOST_TEST(kept > 0u);
  require(put_bytes(c, "small", content_of(1, 4'000)));  // which needs no archive
  for (std::uint64_t i = 0; i < kept; ++i) BOOST_TEST(holds(c, i, size));
  cluster.kill("node-1");
  cluster.start("node-1");
  auto again = cluster.open_client();
  for (std::uint64_t i = 0; i < kept; ++i) BOOST_TEST(holds(again, i, size));
}

BOOST_AUTO_TEST_CASE(a_disk_without_any_space_loses_nothing_that_was_acknowledged, *boost::unit_test::precondition(can_mount)) {
  test_cluster cluster("full-disk", 1, 1);
  small_disk disk(cluster, "node-1", disk_bytes);
  constexpr std::size_t size = 30'000;  // rides in the update: no archive is needed, only the ring's log and the blocks beside it
  constexpr std::uint64_t most = 6'000;
  std::uint64_t kept = 0;
  error refused(errc::unavailable, "");
  {
    auto c = require(actors::client::open(cluster.profile(), {.patience = within(6s)}));
    disk.fill(200u << 20);
    for (bool going = true; going && kept < most;) {
      auto made = put_bytes(c, "a", content_of(kept + 1, size));
      if (made) kept = made->version;
      else refused = made.error();
      going = made.has_value();
    }
  }
  std::cout << kept << " versions kept, then: " << refused.message() << std::endl;
  BOOST_TEST(kept < most);
  BOOST_TEST(kept > 0u);
  // It stops rather than promise what it cannot keep, and does not start before there is space.
  BOOST_TEST(eventually(within(20s), [&] { return cluster.pid_of("node-1") == 0; }), "the node goes on without any space");
  BOOST_TEST(cluster.says("node-1", "is full"));
  const auto early = cluster.command({"node", "--manifest", (cluster.directory() / "node-1" / "manifest.toml").string()});
  BOOST_REQUIRE(!early.has_value());
  BOOST_TEST(early.error().message().find("is full") != std::string::npos, early.error().message());
  disk.clear();
  cluster.start("node-1");
  auto c = cluster.open_client();
  for (std::uint64_t version = 1; version <= kept; ++version) {
    const auto found = read_bytes(c, "a", version);
    BOOST_TEST((found && *found == content_of(version, size)), "version " << version << (found ? "" : ": " + found.error().message()));
  }
  require(put_bytes(c, "a", content_of(most, size)));
  require(put_bytes(c, "large", content_of(most, 400'000)));
}

BOOST_AUTO_TEST_CASE(a_disk_that_may_not_be_written_keeps_the_node_from_starting, *boost::unit_test::precondition(can_mount)) {
  test_cluster cluster("read-only", 1, 1);
  small_disk disk(cluster, "node-1", disk_bytes);
  kept_files files;
  {
    auto c = cluster.open_client();
    files.keep(c);
  }
  cluster.kill("node-1");
  disk.set_read_only(true);
  const auto refused = cluster.command({"node", "--manifest", (cluster.directory() / "node-1" / "manifest.toml").string()});
  BOOST_REQUIRE(!refused.has_value());
  BOOST_TEST(refused.error().message().find("Read-only file system") != std::string::npos, refused.error().message());
  disk.set_read_only(false);
  cluster.start("node-1");
  auto c = cluster.open_client();
  files.check(c);
}

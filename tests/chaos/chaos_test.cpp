// Nodes are killed, frozen, started and robbed of their fragments in turn while one client writes and one reads: nothing that was
// acknowledged is lost or changed, no read fails, and what was lost is filled in. How long writes paused is printed, not judged.
#include <boost/test/unit_test.hpp>
#include <iostream>

#include "tests/chaos/load.hpp"
#include "tests/history/history_checker.hpp"
#include "tests/chaos/calibration.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

class storm {
 public:
  storm(test_cluster& cluster, load& clients) : cluster_(cluster), clients_(clients) {}

  void kill_and_start(const std::string& node) {
    strike("kill -9", node, [&] { cluster_.kill(node); }, 2s);
    cluster_.start(node);
    must_go_on("after the start of " + node, now_us());
  }

  void freeze_and_wake(const std::string& node) {
    strike("freeze", node, [&] { cluster_.freeze(node); }, 10s);
    cluster_.start(node);
    must_go_on("after " + node + " woke", now_us());
  }

  /// Takes away all fragments that a node keeps, and what it knows of them.
  void wipe(const std::string& node) {
    cluster_.kill(node);
    fs::remove_all(cluster_.data_of(node) / "archive");
    fs::remove_all(cluster_.data_of(node) / "database");
    cluster_.start(node);
    must_go_on("after the archive of " + node + " was wiped", now_us());
  }

 private:
  void strike(const std::string& what, const std::string& node, const std::function<void()>& blow, std::chrono::seconds lasts) {
    const auto role = node == cluster_.primary() ? ", the primary" : cluster_.in_ring(node) ? ", in the ring" : "";
    const auto begin = now_us();
    blow();
    must_go_on("after " + what + " of " + node, begin);
    eventually(lasts, [] { return false; });  // for that long it is away
    const auto pause_ms = clients_.record().longest_pause_us(load::writer, begin, now_us()) / 1000;
    std::cout << what << " " << node << role << ": writes paused for at most " << pause_ms << " ms" << std::endl;
  }

  void must_go_on(const std::string& when, std::int64_t since_us) {
    const bool goes_on = eventually(within(60s), [&] { return clients_.goes_on(since_us); });
    BOOST_REQUIRE_MESSAGE(goes_on, "writes or reads did not go on " + when);
  }

  test_cluster& cluster_;
  load& clients_;
};

/// The primary, another member of the ring and a node outside it; in a long run all.
std::vector<std::string> to_be_frozen(const test_cluster& cluster) {
  auto all = cluster.names();
  if (long_run()) return all;
  const auto primary = cluster.primary();
  auto other = std::ranges::find_if(all, [&](const auto& n) { return n != primary && cluster.in_ring(n); });
  auto outside = std::ranges::find_if(all, [&](const auto& n) { return !cluster.in_ring(n); });
  return {primary, *other, *outside};
}

/// Every acknowledged version, or in a short run a few hundred over the whole time, reads as it was written.
void check_old_versions(load& clients) {
  const std::size_t checked_max = long_run() ? 1'000'000 : 300;
  auto acknowledged = clients.record().operations();
  std::erase_if(acknowledged, [](const auto& op) { return op.kind != history::operation_kind::put || op.outcome != history::operation_outcome::ok; });
  const auto step = std::max<std::size_t>(1, acknowledged.size() / checked_max);
  for (std::size_t i = 0; i < acknowledged.size(); i += step) {
    const auto& op = acknowledged[i];
    auto hash = clients.idle_writer().hash_of_version(op.object, op.version);
    BOOST_CHECK_MESSAGE(hash.has_value(), op.object << " version " << op.version << ": " << (hash ? "" : hash.error().message()));
    if (hash) BOOST_TEST(*hash == op.hash, op.object << " version " << op.version << " is not what was written");
  }
  std::cout << acknowledged.size() << " versions were acknowledged; each " << step << ". was read again" << std::endl;
}

void check_all_filled_in(actors::client& c) {
  for (const auto& path : load::paths()) {
    std::string last;
    const bool full = eventually(within(90s), [&] {
      auto report = c.verify(path);
      last = !report ? report.error().message() : report->findings.empty() ? "" : report->findings.front();
      return report && report->state == actors::soundness::full;
    });
    BOOST_CHECK_MESSAGE(full, path << " was not filled in: " << last);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_is_lost_while_nodes_die_freeze_and_forget) {
  test_cluster cluster("chaos", 7, 4);
  load clients(cluster);
  storm s(cluster, clients);
  const auto nodes = cluster.names();
  s.kill_and_start(cluster.primary());
  for (const auto& node : nodes) s.kill_and_start(node);
  for (const auto& node : to_be_frozen(cluster)) s.freeze_and_wake(node);
  s.wipe(*std::ranges::find_if(nodes, [&](const auto& n) { return !cluster.in_ring(n); }));
  clients.end();

  for (const auto& violation : history::check_version_order(clients.record().operations())) BOOST_ERROR(violation);
  check_all_filled_in(clients.idle_writer().raw());
  check_old_versions(clients);
}

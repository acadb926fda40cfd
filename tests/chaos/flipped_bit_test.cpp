// One bit turns over on a node's disk while the node is down: it is noticed, never served, and made good from the others.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>

#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// The largest file below a folder whose name ends so.
fs::path largest_file(const fs::path& folder, const std::string& ending) {
  fs::path largest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !entry.path().string().ends_with(ending)) continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  return largest;
}

/// Turns the lowest bit of a byte that lies a part of the way into what was written: never in the zeros behind it.
void flip_bit(const fs::path& file, double part) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  std::string all{std::istreambuf_iterator<char>(f), {}};
  const auto written = all.find_last_not_of('\0') + 1;
  BOOST_REQUIRE_GT(written, 100u);
  const auto at = static_cast<std::size_t>(static_cast<double>(written) * part);
  f.clear();
  f.seekp(static_cast<std::streamoff>(at));
  f.put(static_cast<char>(all[at] ^ 1));
  std::cout << "flipped a bit of byte " << at << " of " << file.string() << std::endl;
}

void becomes_full(actors::client& c, const std::string& path) {
  std::string last;
  const bool full = eventually(within(90s), [&] {
    auto report = c.verify(path);
    last = !report ? report.error().message() : report->findings.empty() ? "" : report->findings.front();
    return report && report->state == actors::soundness::full;
  });
  BOOST_CHECK_MESSAGE(full, path << " was not made good: " << last);
}

struct kept_files {
  bytes small = content_of(1, 4'000), large = content_of(2, 400'000);
  void keep(actors::client& c) const {
    require(put_bytes(c, "a/small", small));
    require(put_bytes(c, "a/large", large));
  }
  void check(actors::client& c) const {
    BOOST_TEST((require(read_bytes(c, "a/small")) == small));
    BOOST_TEST((require(read_bytes(c, "a/large")) == large));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_bit_flipped_in_a_fragment_is_noticed_and_made_good) {
  test_cluster cluster("bit-fragment", 7, 4);
  const kept_files files;
  auto c = cluster.open_client();
  files.keep(c);
  std::string holder;
  for (const auto& node : cluster.names()) {
    if (!cluster.in_ring(node) && !largest_file(cluster.data_of(node) / "archive", "").empty()) holder = node;
  }
  BOOST_REQUIRE(!holder.empty());
  cluster.kill(holder);
  flip_bit(largest_file(cluster.data_of(holder) / "archive", ""), 0.5);
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
    BOOST_CHECK_MESSAGE(eventually(within(30s), [&] { return cluster.says_damaged(node); }), node << " does not say what is wrong with its " << log);
    files.check(c);
    require(put_bytes(c, "a/small", files.small));
  }
}

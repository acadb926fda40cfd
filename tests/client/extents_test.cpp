// Content that needs more than one extent, and files far larger than any memory: 4 GiB within 200 MiB at the client and 400 MiB at nodes.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>

#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

/// The most memory that a process had resident so far, in MiB.
std::uint64_t peak_mib(const std::string& process) {
  std::ifstream status("/proc/" + process + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) / 1024;
  }
  return 0;
}

/// A stream that needs no memory: bytes that follow from where they stand.
class long_stream {
 public:
  explicit long_stream(std::uint64_t size) : left_(size) {}

  std::size_t fill(mutable_bytes_view out) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    for (std::size_t i = 0; i < n; ++i) out[i] = next();
    left_ -= n;
    return n;
  }
  bool matches(bytes_view data) {
    for (auto b : data) {
      if (b != next()) return false;
    }
    left_ -= data.size();
    return true;
  }
  std::uint64_t left() const { return left_; }

 private:
  std::uint8_t next() { return static_cast<std::uint8_t>((state_ = state_ * 6364136223846793005u + 1442695040888963407u) >> 56); }
  std::uint64_t left_, state_ = 1;
};

}  // namespace

BOOST_AUTO_TEST_CASE(content_of_many_extents_comes_back_whole_and_by_parts_from_other_servers) {
  test_cluster cluster("extents", 7, 4);
  auto c = cluster.open_client();
  constexpr std::uint64_t size = 30'000'000;
  long_stream out(size), in(size);
  actors::put_options options;
  options.size = size;
  options.extent_bytes = 4u << 20;
  const auto made = require(c.put("a/long", [&](mutable_bytes_view room) { return result<std::size_t>(out.fill(room)); }, options));
  BOOST_TEST(made.size == size);
  const auto whole = require(c.verify("a/long"));
  BOOST_TEST(whole.extents.size() > 7u);
  BOOST_TEST((whole.state == actors::soundness::full));
  std::set<node_id> first;
  for (const auto& extent : whole.extents) first.insert(*extent.slots.front());
  BOOST_TEST(first.size() > 1u);  // each extent has a placement of its own
  cluster.kill("node-7");
  require(c.get("a/long", object::version_walk::newest{}, [&](bytes_view data) {
    return in.matches(data) ? outcome() : fail(errc::damaged, "other bytes than were put");
  }));
  BOOST_TEST(in.left() == 0u);
}

// CTest label long: 10 GiB of disk, and minutes.
BOOST_AUTO_TEST_CASE(a_file_of_4_gib_passes_through_little_memory, *boost::unit_test::disabled()) {
  test_cluster cluster("long", 7, 4);
  auto c = cluster.open_client();
  constexpr std::uint64_t size = 4ull << 30;
  long_stream out(size), in(size);
  auto say = [&](const std::string& when, const std::string& process, const std::string& name, std::uint64_t most) {
    const auto peak = peak_mib(process);
    std::cout << "  " << when << ": " << name << " had " << peak << " MiB resident at most" << std::endl;
    BOOST_TEST(peak <= most, name << " took " << peak << " MiB " << when);
  };
  auto look = [&](const std::string& when) {
    say(when, "self", "the client", 200);
    for (const auto& node : cluster.names()) say(when, std::to_string(cluster.pid_of(node)), node, 400);
  };
  const auto begun = now_us();
  actors::put_options options;
  options.size = size;
  require(c.put("a/huge", [&](mutable_bytes_view room) { return result<std::size_t>(out.fill(room)); }, options));
  const auto kept = now_us();
  look("after the put");
  require(c.get("a/huge", object::version_walk::newest{}, [&](bytes_view data) {
    return in.matches(data) ? outcome() : fail(errc::damaged, "other bytes than were put");
  }));
  BOOST_TEST(in.left() == 0u);
  const auto read = now_us();
  look("after the get");
  std::cout << "  put in " << (kept - begun) / 1'000'000 << " s, read in " << (read - kept) / 1'000'000 << " s" << std::endl;
}

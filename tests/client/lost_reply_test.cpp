// A reply that never comes: the operation is retried under its own number and happens once, or the client says that it does not know.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

std::size_t versions(actors::client& c, const std::string& path) { return require(c.log(path)).size(); }

}  // namespace

BOOST_AUTO_TEST_CASE(an_operation_whose_reply_is_late_happens_once) {
  test_cluster cluster("late", 1, 1);
  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(0, 1'000)));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    cluster.freeze("node-1");
    result<actors::version_info> made = fail(errc::unavailable, "not tried");
    std::atomic<bool> returned = false;
    std::thread writer([&] {
      made = put_bytes(c, "a", content_of(i, 1'000));
      returned = true;
    });
    // Less, and more, than it takes to give the link up.
    BOOST_TEST(!eventually(2s * i, [&] { return returned.load(); }), "acknowledged by nobody");
    cluster.start("node-1");
    writer.join();
    BOOST_REQUIRE_MESSAGE(made, made.error().message());
    BOOST_TEST(made->version == i + 1);
    BOOST_TEST(versions(c, "a") == i + 1);
    BOOST_TEST((require(read_bytes(c, "a")) == content_of(i, 1'000)));
  }
}

BOOST_AUTO_TEST_CASE(an_operation_outlives_the_death_of_who_was_asked) {
  test_cluster cluster("reborn", 1, 1);
  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(0, 1'000)));
  constexpr std::uint64_t puts = 40;
  std::uint64_t acknowledged = 0;
  std::string why;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= puts && why.empty(); ++i) {
      if (auto made = put_bytes(c, "a", content_of(i, 1'000)); made && made->version == i + 1) {
        acknowledged = i;
      } else {
        why = made ? "version " + std::to_string(made->version) + " instead of " + std::to_string(i + 1) : made.error().message();
      }
    }
  });
  for (int i = 0; i < 4; ++i) {
    cluster.kill("node-1");
    cluster.start("node-1");
  }
  writer.join();
  BOOST_TEST(why.empty(), why);
  BOOST_TEST(acknowledged == puts);
  BOOST_TEST(versions(c, "a") == puts + 1);
}

BOOST_AUTO_TEST_CASE(what_stays_unknown_is_said_to_be_unknown) {
  test_cluster cluster("unknown", 1, 1);
  auto c = require(actors::client::open(cluster.profile(), {.patience = 3s}));
  require(put_bytes(c, "a", content_of(0, 1'000)));
  cluster.freeze("node-1");
  const auto made = put_bytes(c, "a", content_of(1, 1'000));
  BOOST_REQUIRE(!made);
  BOOST_TEST((made.error().is(errc::outcome_unknown) || made.error().is(errc::unavailable)), made.error().message());
  const bool may_have_happened = made.error().is(errc::outcome_unknown);
  cluster.start("node-1");
  auto again = cluster.open_client();
  const auto found = require(read_bytes(again, "a"));
  BOOST_TEST((found == content_of(0, 1'000) || (may_have_happened && found == content_of(1, 1'000))));
}

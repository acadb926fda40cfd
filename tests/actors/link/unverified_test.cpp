// A process that has nothing to verify admissions by: whom it takes at his word, and what becomes of them once it has.
#include <boost/test/unit_test.hpp>

#include "tests/actors/link/cluster.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;

BOOST_AUTO_TEST_CASE(who_dialled_a_process_that_is_behind_is_a_stranger_and_dials_anew_once_it_is_not) {
  auto behind = std::make_shared<std::atomic<bool>>(true);
  testing::process young({.id = 1, .adjust = [behind](link_config& c) {
    c.verify = [behind, verify = c.verify](bytes_view admission, const digest& tls_key, wall_time now) {
      auto peer = verify(admission, tls_key, now);
      if (peer) peer->unverified = *behind;
      return peer;
    };
  }});
  testing::process other({.id = 2});
  young.listen();
  std::mutex mutex;
  std::vector<bool> admitted;
  young.watch(
      [&](const peer_up& e) {
        std::lock_guard lock(mutex);
        admitted.push_back(e.peer->admitted);
      },
      [](const peer_down&) {});
  auto seen = [&] {
    std::lock_guard lock(mutex);
    return admitted;
  };
  caf::anon_send(other.manager(), keep_atom::value, node_named(1), std::vector<std::string>{young.address()});
  BOOST_REQUIRE(eventually([&] { return seen().size() == 1; }));
  BOOST_TEST(!seen()[0]);
  *behind = false;
  caf::anon_send(young.manager(), recheck_atom::value);
  BOOST_REQUIRE(eventually([&] { return seen().size() > 1; }));
  BOOST_TEST(seen()[1]);
}

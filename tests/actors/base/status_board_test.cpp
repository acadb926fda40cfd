// What is said of an actor is the same for all who ask, however many they are.
#include "actors/base/status_board.hpp"

#include <boost/test/unit_test.hpp>

#include "actors/base/clock.hpp"

namespace holdfast::actors {
namespace {

using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(figures_are_of_a_whole_second_whoever_reads_in_between) {
  status_board board;
  auto probe = board.enroll("archive", "archive");
  auto begin = steady_now() + 1s;
  BOOST_TEST(probe->read(begin).handled_per_s == 0u);
  for (int beat = 1; beat <= 20; ++beat) {
    for (int i = 0; i < 10; ++i) {
      probe->enqueued();
      probe->handled(1ms);
    }
    for (int reader = 0; reader < 13; ++reader) static_cast<void>(probe->read(begin + beat * 50ms));
  }
  auto now = probe->read(begin + 1001ms);
  BOOST_TEST(now.handled_total == 200u);
  BOOST_TEST(now.handled_per_s == 200u);
  BOOST_TEST((now.latency_p50_us >= 500u && now.latency_p50_us <= 2000u));
  probe->enqueued();
  probe->handled(1ms);
  BOOST_TEST((probe->read(begin + 1500ms) == now));
  BOOST_TEST(probe->read(begin + 2100ms).handled_total == 201u);
}

}  // namespace
}  // namespace holdfast::actors

// Work of one key runs in order; what may be refused never takes the room of what must not be.
#include "actors/base/work_pool.hpp"

#include <boost/test/unit_test.hpp>
#include <future>

namespace holdfast::actors {
namespace {

BOOST_AUTO_TEST_CASE(work_of_one_key_runs_in_order_and_is_finished_before_the_pool_ends) {
  std::vector<int> ran;
  {
    work_pool pool("test", 3);
    for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(pool.post(7, [&ran, i] { ran.push_back(i); }));
  }
  BOOST_REQUIRE(ran.size() == 1000u);
  BOOST_TEST(std::is_sorted(ran.begin(), ran.end()));
}

BOOST_AUTO_TEST_CASE(what_may_be_refused_leaves_room) {
  work_pool pool("test", 1);
  std::promise<void> go, began;
  BOOST_REQUIRE(pool.post(0, [&] {
    began.set_value();
    go.get_future().wait();
  }));
  began.get_future().wait();  // the queue is empty, and its thread busy
  constexpr std::size_t reads_max = 4;
  std::size_t reads = 0;
  while (reads <= reads_max && pool.post(0, [] {}, reads_max)) ++reads;
  BOOST_TEST(reads == reads_max);
  std::size_t writes = 0;
  while (writes <= work_pool::queued_max && pool.post(0, [] {})) ++writes;
  BOOST_TEST(writes == work_pool::queued_max - reads_max);
  BOOST_TEST(pool.queued() == work_pool::queued_max);
  go.set_value();
}

}  // namespace
}  // namespace holdfast::actors

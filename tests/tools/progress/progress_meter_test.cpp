// The line of a transfer: share, rate and time left, within the terminal's width.
#include <boost/test/unit_test.hpp>

#include "tools/progress/progress_meter.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_line_says_how_far_how_fast_and_how_long) {
  instant start{};
  progress_meter meter("notes.pdf", 100 << 20, start);
  meter.update(10 << 20, start + 1s);
  BOOST_TEST(meter.line(79) == "notes.pdf   10% [===>                                  ]  10.0 MiB/s  0:09 left");
  for (std::size_t columns : {0u, 5u, 30u, 60u, 200u}) BOOST_TEST(meter.line(columns).size() <= columns);
  meter.update(100 << 20, start + 10s);
  BOOST_TEST(meter.line(79).find("100% [====") != std::string::npos);
  BOOST_TEST(meter.summary(start + 10s) == "notes.pdf  100 MiB in 10.0 s, 10.0 MiB/s");
}

BOOST_AUTO_TEST_CASE(a_stream_of_unknown_length_has_no_share) {
  instant start{};
  progress_meter meter("-", std::nullopt, start);
  meter.update(3 << 20, start + 1s);
  BOOST_TEST(meter.line(80) == "-  3.00 MiB  3.00 MiB/s");
  progress_meter empty("empty", 0, start);
  BOOST_TEST(empty.line(80).find("100%") != std::string::npos);
}

// Dates and durations.
#include <boost/test/unit_test.hpp>

#include "tools/command_line/times.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(durations_have_one_unit) {
  BOOST_TEST((parse_duration("90s") == 90s));
  BOOST_TEST((parse_duration("24h") == 24h));
  BOOST_TEST((parse_duration("7d") == 7 * 24h));
  for (auto bad : {"", "s", "5", "0s", "-1s", "1.5h", "5 m", "99999999999999999999s", "9223372036854775807d"}) BOOST_TEST(!parse_duration(bad), bad);
}

BOOST_AUTO_TEST_CASE(moments_are_dates_or_a_while_ago) {
  wall_time now{1'000'000'000};
  // What is said less exactly is meant through its end.
  BOOST_TEST(parse_time("1970-01-02Z", now)->ms == 2 * 86'400'000 - 1);
  BOOST_TEST(parse_time("1970-01-02T00:00Z", now)->ms == 86'459'999);
  BOOST_TEST(parse_time("1970-01-01T00:01:00Z", now)->ms == 60'999);
  BOOST_TEST(parse_time("1970-01-01T00:01:00.250Z", now)->ms == 60'250);
  BOOST_TEST(parse_time("15m ago", now)->ms == now.ms - 900'000);
  BOOST_TEST(parse_time("now", now)->ms == now.ms);
  auto local = parse_time("2026-11-21 10:30:05", now).value();
  BOOST_TEST(print_time(local) == "2026-11-21 10:30:05");
  for (auto bad : {"", "yesterday", "2026-13-01", "2026-02-31", "2026-02-30 10:00Z", "2026-11-21T10", "2026-11-21 10:30:05 ", "2026-11-21 10:30.250",
                   "2026-11-21T10:30:05.25Z", "2026-11-21T10:30:05.-25Z", "ago"}) {
    BOOST_TEST(!parse_time(bad, now), bad);
  }
}

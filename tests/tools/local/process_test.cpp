// Processes: signals reach the one that was meant and no other.
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "tools/errors/tool_error.hpp"
#include "tools/local/process.hpp"

using namespace holdfast::tools;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_process_is_stopped_woken_and_ended) {
  auto p = spawn({"/bin/sleep", "60"}, {}, "/dev/null").value();
  BOOST_TEST((state_of(p) == process_state::running));
  BOOST_TEST(!gone_within(p, 1ms));
  BOOST_TEST(send_signal(p, SIGSTOP));
  for (int i = 0; i < 1000 && state_of(p) != process_state::stopped; ++i) gone_within(p, 1ms);
  BOOST_TEST((state_of(p) == process_state::stopped));
  BOOST_TEST(send_signal(p, SIGCONT));
  BOOST_TEST(send_signal(p, SIGKILL));
  BOOST_TEST(gone_within(p, 10s));
  BOOST_TEST((state_of(p) == process_state::gone));
  BOOST_TEST(!send_signal(p, SIGKILL));
}

BOOST_AUTO_TEST_CASE(a_pid_that_somebody_else_has_now_is_not_signalled) {
  auto p = spawn({"/bin/sleep", "60"}, {}, "/dev/null").value();
  auto earlier = p;
  earlier.start_ticks -= 1;
  auto other_boot = p;
  other_boot.boot = "another";
  for (const auto& stranger : {earlier, other_boot}) {
    BOOST_TEST(!send_signal(stranger, SIGKILL));
    BOOST_TEST((state_of(stranger) == process_state::gone));
    BOOST_TEST(gone_within(stranger, 10s));
  }
  BOOST_TEST((state_of(p) == process_state::running));
  BOOST_TEST((parse_process_name(print(p)) == p));
  BOOST_TEST(send_signal(p, SIGKILL));
  BOOST_TEST(gone_within(p, 10s));
}

BOOST_AUTO_TEST_CASE(a_command_gives_its_output_or_says_why_not) {
  BOOST_TEST(run_and_read({"/bin/echo", "a token"}, {}, 10s).value() == "a token");
  BOOST_TEST(run_and_read({"/usr/bin/env"}, {{"HOLDFAST_X", "1"}, {"PATH", std::nullopt}}, 10s).value().find("HOLDFAST_X=1") != std::string::npos);
  auto failed = run_and_read({"/bin/sh", "-c", "echo no >&2; exit 3"}, {}, 10s);
  BOOST_TEST(failed.error().is(tool_errc::process_failed));
  BOOST_TEST(failed.error().message().find("no") != std::string::npos);
  BOOST_TEST(run_and_read({"/bin/sleep", "60"}, {}, 50ms).error().is(tool_errc::not_in_time));
  BOOST_TEST(run_and_read({"/no/such/program"}, {}, 10s).error().is(tool_errc::process_failed));
}

BOOST_AUTO_TEST_CASE(signals_go_by_name_with_or_without_sig) {
  for (auto name : {"KILL", "SIGKILL", "kill", "9"}) BOOST_TEST(parse_signal(name).value() == SIGKILL);
  BOOST_TEST(parse_signal("STOP").value() == SIGSTOP);
  for (auto name : {"", "SIG", "NOSUCH", "0", "-1", "99999"}) BOOST_TEST(!parse_signal(name).has_value());
}

#include <boost/test/unit_test.hpp>

#include "protocols/link/backoff.hpp"
#include "protocols/link/credit.hpp"
#include "protocols/link/heartbeat.hpp"

using namespace holdfast;
using namespace holdfast::link;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(credit_goes_round) {
  credit_sender sender(100);
  credit_receiver receiver(100);
  std::uint64_t sent = 0;
  for (int round = 0; round < 50; ++round) {
    while (sender.can_send(10)) {
      sender.spend(10);
      BOOST_REQUIRE(receiver.on_received(10));
      sent += 10;
    }
    BOOST_REQUIRE(receiver.outstanding() <= 100u);
    if (auto grant = receiver.on_consumed(10)) BOOST_REQUIRE(sender.on_grant(grant));
  }
  BOOST_TEST(sent >= 500u);
}

BOOST_AUTO_TEST_CASE(nobody_sends_or_grants_beyond_the_window) {
  credit_sender sender(100);
  BOOST_TEST(!sender.can_send(101));
  BOOST_TEST(!sender.on_grant(1));
  sender.spend(50);
  BOOST_TEST(!sender.on_grant(51));
  BOOST_TEST(!sender.on_grant(~0ull));
  BOOST_TEST(sender.on_grant(50).has_value());
  credit_receiver receiver(100);
  BOOST_TEST(receiver.on_received(100).has_value());
  BOOST_TEST(!receiver.on_received(1));
  BOOST_TEST(!receiver.on_received(~0ull));
}

BOOST_AUTO_TEST_CASE(the_largest_message_always_finishes) {
  // Consumed bytes short of a quarter are not granted yet; what is left must still hold one whole message.
  credit_receiver receiver;
  auto withheld = limits::credit_window_bytes / 4 - 1;
  BOOST_REQUIRE(receiver.on_received(withheld));
  BOOST_TEST(receiver.on_consumed(withheld) == 0u);
  BOOST_TEST(receiver.on_received(limits::message_bytes_max + 17 * 14).has_value());
}

BOOST_AUTO_TEST_CASE(backoff_doubles_with_jitter_and_comes_back_down) {
  seeded_random random(1);
  backoff b;
  duration step = 50ms;
  for (int i = 0; i < 12; ++i) {
    auto wait = b.next(random);
    BOOST_TEST((wait >= step / 2 && wait <= step));
    step = std::min<duration>(5s, step * 2);
  }
  b.reset();
  BOOST_TEST((b.next(random) <= 50ms));
}

BOOST_AUTO_TEST_CASE(each_failure_has_its_own_longest_wait) {
  seeded_random random(1);
  backoff b;
  for (int i = 0; i < 20; ++i) std::ignore = b.next(random, limits::revoked_backoff_max);
  BOOST_TEST((b.next(random, limits::revoked_backoff_max) >= limits::revoked_backoff_max / 2));
  BOOST_TEST((b.next(random) <= limits::backoff_max));
}

BOOST_AUTO_TEST_CASE(a_heartbeat_counts_once_and_only_if_it_answers_a_question) {
  heartbeat_clock clock;
  instant t0{};
  auto first = clock.ask(t0);
  BOOST_TEST(!clock.on_answer(t0 + 1ms, first));  // a question is no answer
  auto second = clock.ask(t0 + 250ms);
  BOOST_TEST(!clock.on_answer(t0 + 251ms, {true, second.sequence + 1}));
  BOOST_TEST((clock.on_answer(t0 + 252ms, {true, second.sequence}) == duration(2ms)));
  BOOST_TEST(!clock.on_answer(t0 + 253ms, {true, second.sequence}));
  BOOST_TEST(!clock.on_answer(t0 + 254ms, {true, first.sequence}));  // passed over
  BOOST_TEST((clock.round_trip() == duration(2ms)));
}

BOOST_AUTO_TEST_CASE(a_way_of_more_than_a_beat_is_measured) {
  heartbeat_clock clock;
  instant t0{};
  std::vector<heartbeat> asked;
  for (int beat = 0; beat < 60; ++beat) {
    auto now = t0 + beat * 250ms;
    asked.push_back(clock.ask(now));
    if (beat >= 4) BOOST_TEST((clock.on_answer(now, {true, asked[beat - 4].sequence}) == duration(1s)));
  }
  BOOST_TEST((clock.round_trip() == duration(1s)));
  for (int beat = 60; beat < 160; ++beat) clock.ask(t0 + beat * 250ms);
  BOOST_TEST(!clock.on_answer(t0 + 40s, {true, asked.back().sequence}));  // too long ago to be remembered
}

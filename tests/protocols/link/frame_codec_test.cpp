#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "protocols/link/frame_codec.hpp"

using namespace holdfast;
using namespace holdfast::link;

namespace {

bytes frames_of(traffic_class lane, message_kind kind, bytes_view payload, std::uint64_t correlation = 0, bool reply = false) {
  bytes out;
  frame_writer w(lane, kind, reply, correlation, payload);
  while (!w.done()) {
    auto before = out.size();
    auto expected = w.next_bytes();
    w.append_next(out);
    BOOST_REQUIRE_EQUAL(out.size() - before, expected);
  }
  return out;
}

frame_reader opened(traffic_class lane) {
  frame_reader r(lane);
  r.open_up(lane);
  return r;
}

bytes header_of(frame_header h) {
  bytes out;
  append_header(out, h);
  return out;
}

outcome feed_all(frame_reader& r, bytes_view data) {
  return r.feed(data, [](message) { return outcome{}; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(messages_of_all_sizes_come_back_however_the_bytes_are_cut) {
  seeded_random random(7);
  for (auto lane : {traffic_class::agreement, traffic_class::foreground}) {
    for (std::size_t size : {0u, 1u, 13u, 65'535u, 65'536u, 65'537u, 262'144u, 262'145u, 1'000'000u, 4u << 20}) {
      bytes payload(size);
      random.fill(payload);
      auto wire = frames_of(lane, message_kind::ring, payload, 77, true);
      BOOST_TEST(wire.size() == charge_of(size, lane));
      auto reader = opened(lane);
      int count = 0;
      bytes_view rest = wire;
      while (!rest.empty()) {
        auto part = rest.first(std::min<std::size_t>(rest.size(), 1 + random.below(100'000)));
        rest = rest.subspan(part.size());
        auto fed = reader.feed(part, [&](message m) {
          ++count;
          BOOST_TEST(m.payload == payload);
          BOOST_TEST(m.correlation == 77u);
          BOOST_TEST(m.reply);
          BOOST_TEST(m.charged == wire.size());
          return outcome{};
        });
        BOOST_REQUIRE(fed);
      }
      BOOST_TEST(count == 1);
      BOOST_TEST(reader.held_bytes() == 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_length_bomb_is_refused_by_its_header) {
  auto reader = opened(traffic_class::foreground);
  auto fed = feed_all(reader, header_of({0xffff'ffff, message_kind::ring, 0, 1}));
  BOOST_REQUIRE(!fed);
  BOOST_TEST(fed.error().is(errc::over_limit));
  BOOST_TEST(reader.held_bytes() < 100u);
}

BOOST_AUTO_TEST_CASE(agreement_frames_are_shorter) {
  auto reader = opened(traffic_class::agreement);
  BOOST_TEST(!feed_all(reader, header_of({100'000, message_kind::agreement, 0, 0})));
}

BOOST_AUTO_TEST_CASE(a_message_cannot_grow_beyond_its_bound) {
  auto reader = opened(traffic_class::foreground);
  bytes frame = header_of({256u << 10, message_kind::archive, frame_flags::more, 5});
  frame.resize(frame.size() + (256u << 10));
  outcome fed;
  int frames = 0;
  while (fed && frames < 100) {
    fed = feed_all(reader, frame);
    ++frames;
  }
  BOOST_REQUIRE(!fed);
  BOOST_TEST(fed.error().is(errc::over_limit));
  BOOST_TEST(frames == 17);
}

BOOST_AUTO_TEST_CASE(a_strangers_frames_are_judged_by_their_headers) {
  constexpr intake stranger{.message_bytes_max = 64u << 10, .membership_alone = true};
  frame_reader kind(traffic_class::foreground), large(traffic_class::foreground), fitting(traffic_class::foreground);
  for (auto* r : {&kind, &large, &fitting}) r->open_up(traffic_class::foreground, stranger);
  auto forbidden = feed_all(kind, header_of({1000, message_kind::ring, 0, 1}));
  BOOST_REQUIRE(!forbidden);
  BOOST_TEST(forbidden.error().is(errc::denied));
  auto too_large = feed_all(large, header_of({(64u << 10) + 1, message_kind::membership, 0, 1}));
  BOOST_REQUIRE(!too_large);
  BOOST_TEST(too_large.error().is(errc::over_limit));
  for (auto* r : {&kind, &large}) BOOST_TEST(r->held_bytes() < 100u);
  BOOST_TEST(feed_all(fitting, frames_of(traffic_class::foreground, message_kind::membership, bytes(64u << 10))).has_value());
  fitting.open_up(traffic_class::foreground);  // it has been admitted
  BOOST_TEST(feed_all(fitting, frames_of(traffic_class::foreground, message_kind::ring, bytes(4u << 20))).has_value());
}

BOOST_AUTO_TEST_CASE(before_the_hello_nothing_else_is_read) {
  frame_reader a(traffic_class::foreground), b(traffic_class::foreground), c(traffic_class::foreground);
  BOOST_TEST(!feed_all(a, header_of({10, message_kind::ring, 0, 0})));
  BOOST_TEST(!feed_all(b, header_of({9000, message_kind::hello, 0, 0})));
  BOOST_TEST(!feed_all(c, header_of({8192, message_kind::hello, frame_flags::more, 0})));
}

BOOST_AUTO_TEST_CASE(frames_of_other_messages_do_not_slip_into_one_that_goes_on) {
  for (auto second : {frame_header{1, message_kind::ring, 0, 6}, frame_header{1, message_kind::archive, 0, 5},
                      frame_header{1, message_kind::ring, frame_flags::reply, 5}, frame_header{0, message_kind::ring, 0, 5}}) {
    auto reader = opened(traffic_class::agreement);
    bytes data = header_of({64u << 10, message_kind::ring, frame_flags::more, 5});
    data.resize(data.size() + (64u << 10));
    BOOST_REQUIRE(feed_all(reader, data));
    BOOST_TEST(!feed_all(reader, header_of(second)));
  }
}

BOOST_AUTO_TEST_CASE(the_links_own_frames_come_between_those_of_a_message) {
  bytes payload(200'000, 3);
  bytes wire;
  frame_writer w(traffic_class::agreement, message_kind::agreement, false, 9, payload);
  while (!w.done()) {
    w.append_next(wire);
    append(wire, frames_of(traffic_class::agreement, message_kind::heartbeat, bytes{1, 2}));
  }
  auto reader = opened(traffic_class::agreement);
  int beats = 0, messages = 0;
  BOOST_REQUIRE(reader.feed(wire, [&](message m) {
    (m.kind == message_kind::heartbeat ? beats : messages) += 1;
    BOOST_TEST((m.payload == payload || m.payload == bytes{1, 2}));
    return outcome{};
  }));
  BOOST_TEST(beats == 4);
  BOOST_TEST(messages == 1);
}

BOOST_AUTO_TEST_CASE(unknown_kinds_and_flags_are_refused) {
  auto a = opened(traffic_class::foreground), b = opened(traffic_class::foreground), c = opened(traffic_class::foreground);
  BOOST_TEST(!feed_all(a, header_of({1, static_cast<message_kind>(200), 0, 0})));
  BOOST_TEST(!feed_all(b, header_of({1, message_kind::ring, 128, 0})));
  BOOST_TEST(!feed_all(c, header_of({1, message_kind::ring, frame_flags::more, 0})));  // goes on without being full: a slow drip
}

BOOST_AUTO_TEST_CASE(random_bytes_never_crash_and_never_hold_much) {
  seeded_random random(3);
  for (int round = 0; round < 2000; ++round) {
    auto reader = opened(traffic_class::agreement);
    bytes noise(1 + random.below(300));
    random.fill(noise);
    std::ignore = feed_all(reader, noise);
    BOOST_REQUIRE(reader.held_bytes() < 70'000u);
  }
}

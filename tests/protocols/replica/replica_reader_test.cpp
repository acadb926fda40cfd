// The reader's side: whatever a replica sends, only what is right comes out, and a replica that fails never costs more than a moment.
#include <boost/test/unit_test.hpp>

#include "protocols/replica/replica_reader.hpp"
#include "tests/protocols/replica/replica_world.hpp"

using namespace holdfast;
using namespace holdfast::replica;
using namespace holdfast::replica::test;

namespace {

struct reader_world {
  replica_world w;
  replica_reader reader{w.ring.cluster, w.ring.entry.object};
  node_id a = name<node_id>(1), b = name<node_id>(2), c = name<node_id>(3);
  clock_reading now{instant(10s), wall_time{1}};
  std::uint64_t questions = 0;

  bytes data = archive::test::content(5'000);
  get_block block{name<aguid>(1), archive::block_name(data), 5'000, std::nullopt};

  reader_step ask(service_request what, std::vector<node_id> holders, std::vector<node_id> others = {}) {
    return reader.ask(now, ++questions, std::move(what), std::move(holders), std::move(others));
  }
  reader_step reply(const reader_step& to, service_reply with) { return reader.on_reply(now, to.sends.at(0).request, with); }
  reader_step pass(duration time) {
    now.now += time;
    return reader.on_timer(now);
  }
};

const result<service_reply> no_answer = fail(errc::unavailable, "the link is down");

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_holder_is_asked_before_others_and_its_answer_comes_out, reader_world) {
  auto asked = ask(block, {b}, {a, b});
  BOOST_REQUIRE_EQUAL(asked.sends.size(), 1u);
  BOOST_TEST((asked.sends[0].to == b));
  auto got = reply(asked, content_reply{data});
  BOOST_REQUIRE_EQUAL(got.answers.size(), 1u);
  BOOST_TEST((got.answers[0].by == b));
  BOOST_TEST((std::get<bytes>(got.answers[0].what) == data));
  BOOST_TEST(!reader.busy());
}

BOOST_FIXTURE_TEST_CASE(a_liar_is_found_out_the_next_is_asked_and_the_liar_never_again, reader_world) {
  auto head = w.head_at(1, 3);
  auto where = ring::place_of(ring::submap::heads, head.object);
  auto forged = w.prove(where);
  forged.value = codec::encode(w.head_at(1, 4));
  auto elsewhere = w.prove(ring::place_of(ring::submap::heads, name<aguid>(9)));
  auto unsigned_entry = w.prove(where);
  unsigned_entry.root.signatures.resize(1);
  struct lie {
    service_request asked;
    service_reply told;
  };
  std::vector<lie> lies{
      {block, content_reply{archive::test::content(5'000, 2)}},
      {block, content_reply{}},
      {block, head_reply{w.prove(where)}},
      {get_record{name<aguid>(1), name<vguid>(1)}, content_reply{bytes(10)}},
      {get_head{head.object}, head_reply{forged}},
      {get_head{head.object}, head_reply{elsewhere}},
      {get_head{head.object}, head_reply{unsigned_entry}},
      {get_head{head.object}, content_reply{data}},
  };
  std::uint64_t liar = 500;
  for (const auto& [what, told] : lies) {
    auto bad = name<node_id>(++liar);
    auto asked = ask(what, {bad}, {a});
    BOOST_REQUIRE((asked.sends.at(0).to == bad));
    auto found = reply(asked, told);
    BOOST_TEST(found.answers.empty());
    BOOST_TEST((found.liars == std::vector{bad}));
    BOOST_REQUIRE((found.sends.at(0).to == a));
    BOOST_TEST(reader.on_reply(now, found.sends[0].request, refusal{}).ended.size() == 1u);
    pass(10s);  // a's rest
    BOOST_TEST((ask(what, {bad}, {a}).sends.at(0).to == a));
    pass(10s);
    pass(10s);
  }
}

BOOST_FIXTURE_TEST_CASE(a_dead_replica_is_passed_over_and_rests, reader_world) {
  auto asked = ask(block, {a}, {b});
  auto next = reader.on_reply(now, asked.sends[0].request, no_answer);
  BOOST_REQUIRE((next.sends.at(0).to == b));
  BOOST_TEST(reply(next, content_reply{data}).answers.size() == 1u);
  BOOST_TEST((ask(block, {a}, {b}).sends.at(0).to == b));
  pass(5s);
  pass(5s);
  BOOST_TEST((ask(block, {a}, {b}).sends.at(0).to == a));
}

BOOST_FIXTURE_TEST_CASE(a_silent_replica_is_told_of_soon_and_its_answer_still_counts, reader_world) {
  auto asked = ask(block, {a});
  BOOST_TEST(pass(50ms).late.empty());
  BOOST_TEST((pass(60ms).late == std::vector<std::uint64_t>{1}));
  BOOST_TEST(pass(60ms).late.empty());  // once
  BOOST_TEST((ask(block, {a}, {}).ended == std::vector<std::uint64_t>{2}));  // nobody else is to wait for it
  BOOST_TEST(reply(asked, content_reply{data}).answers.size() == 1u);
  BOOST_TEST(ask(block, {a}).sends.size() == 1u);  // it is well again
}

BOOST_FIXTURE_TEST_CASE(a_question_ends_when_nobody_answers, reader_world) {
  BOOST_TEST(ask(block, {}).ended.size() == 1u);
  auto asked = ask(block, {a, b, c});
  auto second = reader.on_reply(now, asked.sends[0].request, service_reply(refusal{errc::over_limit, "full"}));
  BOOST_REQUIRE_EQUAL(second.sends.size(), 1u);
  auto ended = reader.on_reply(now, second.sends[0].request, no_answer);  // two were asked: the source is as good as a third
  BOOST_TEST(ended.sends.empty());
  BOOST_TEST(ended.ended.size() == 1u);

  auto silent = ask(block, {c});
  pass(1s);
  BOOST_TEST(pass(5s).ended.size() == 1u);
  BOOST_TEST(!reader.busy());
  BOOST_TEST(reader.on_reply(now, silent.sends[0].request, service_reply(content_reply{data})).answers.empty());
}

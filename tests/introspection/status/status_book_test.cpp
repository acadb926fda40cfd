// A mirror that follows a book by deltas is the book, whatever was lost on the way.
#include "introspection/status/status_book.hpp"

#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "protocols/codec/reader.hpp"

namespace holdfast::introspection {
namespace {

node_status self(std::uint64_t boot = 1) {
  node_status s;
  s.id.raw[0] = 7;
  s.name = "node-7";
  s.boot_id = boot;
  s.state = life::serving;
  return s;
}

actor_status actor(int n, std::uint64_t handled) { return {.id = "archive/" + std::to_string(n), .role = "archive", .handled_total = handled}; }

bool same(const status_book& book, const status_mirror& mirror) {
  auto all = book.answer({});
  return mirror.node() == *all.status && mirror.actors() == all.actors &&
         std::equal(mirror.events().begin(), mirror.events().end(), all.events.begin(), all.events.end());
}

BOOST_AUTO_TEST_CASE(a_mirror_follows_through_loss_and_travel) {
  seeded_random random(3);
  status_book book(self());
  status_mirror mirror;
  for (int i = 0; i < 3000; ++i) {
    switch (random.below(5)) {
      case 0: book.actor(actor(static_cast<int>(random.below(20)), random.below(3))); break;
      case 1: book.remove("archive/" + std::to_string(random.below(20))); break;
      case 2: book.happened({i}, severity::info, "kind", "subject", "event " + std::to_string(i)); break;
      case 3: {
        auto s = self();
        s.memory_rss_bytes = random.below(4);
        book.node(s);
        break;
      }
      default: {
        auto answer = book.answer(mirror.next());
        if (random.below(3) == 0) break;  // lost
        auto travelled = codec::decode<report>(codec::encode(answer));
        BOOST_REQUIRE(travelled);
        BOOST_REQUIRE(check(*travelled, self().id));
        BOOST_REQUIRE(mirror.apply(*travelled));
        BOOST_REQUIRE(same(book, mirror));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(deltas_hold_only_what_changed) {
  status_book book(self());
  for (int i = 0; i < 100; ++i) book.actor(actor(i, 0));
  status_mirror mirror;
  BOOST_TEST(mirror.apply(book.answer(mirror.next())));
  book.actor(actor(4, 0));  // nothing new
  auto none = book.answer(mirror.next());
  BOOST_TEST((none.actors.empty() && !none.status && none.events.empty()));
  book.actor(actor(4, 1));
  BOOST_TEST(book.answer(mirror.next()).actors.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_new_boot_starts_over) {
  status_book first(self(1)), second(self(2));
  first.actor(actor(1, 1));
  first.happened({1}, severity::info, "k", "s", "first");
  status_mirror mirror;
  mirror.apply(first.answer(mirror.next()));
  second.happened({2}, severity::info, "k", "s", "second");
  std::vector<event> fresh;
  BOOST_TEST(mirror.apply(second.answer(mirror.next()), &fresh));
  BOOST_TEST(mirror.actors().empty());
  BOOST_REQUIRE(fresh.size() == 1u);
  BOOST_TEST(fresh[0].sentence == "second");
  BOOST_TEST(mirror.events().size() == 2u);
}

BOOST_AUTO_TEST_CASE(gaps_and_old_reports_are_refused) {
  status_book book(self());
  status_mirror mirror;
  auto early = book.answer({});
  book.actor(actor(1, 1));
  mirror.apply(book.answer(mirror.next()));
  BOOST_TEST(!mirror.apply(early));
  report gap{.node = self().id, .boot_id = 1, .base = 99, .sequence = 100};
  BOOST_TEST(!mirror.apply(gap));
}

BOOST_AUTO_TEST_CASE(events_are_bounded) {
  status_book book(self());
  for (int i = 0; i < 2000; ++i) book.happened({i}, severity::info, "k", "s", std::string(5000, 'x'));
  auto all = book.answer({});
  BOOST_TEST(all.events.size() == events_max);
  BOOST_TEST(all.events.back().sequence == 2000u);
  BOOST_TEST(check(all, self().id).has_value());
}

BOOST_AUTO_TEST_CASE(reports_about_others_or_beyond_bounds_are_refused) {
  status_book book(self());
  auto good = book.answer({});
  BOOST_TEST(check(good, self().id).has_value());
  BOOST_TEST(check(good, node_id{}).error().is(errc::malformed));
  auto empty = good;
  empty.status.reset();
  BOOST_TEST(check(empty, self().id).error().is(errc::malformed));
  auto other = good;
  other.status->id = {};
  BOOST_TEST(check(other, self().id).error().is(errc::malformed));
  auto long_name = good;
  long_name.status->name = std::string(name_bytes_max + 1, 'x');
  BOOST_TEST(check(long_name, self().id).error().is(errc::over_limit));
  auto loud = good;
  loud.actors["a"] = {.id = "a", .doing = std::string(sentence_bytes_max, '\1')};
  BOOST_TEST(check(loud, self().id).error().is(errc::over_limit));
  auto liar = good;
  liar.actors["a"] = actor(1, 1);
  BOOST_TEST(check(liar, self().id).error().is(errc::over_limit));
}

BOOST_AUTO_TEST_CASE(what_happened_had_happened_when_it_was_told) {
  status_book book(self());
  book.happened({5}, severity::info, "kind", "subject", "true");
  book.happened({4'070'908'800'000}, severity::info, "kind", "subject", "in 2099");
  auto told = book.answer({});
  settle_times(told, {10});
  BOOST_TEST((told.events[0].time == wall_time{5} && told.events[1].time == wall_time{10}));
}

BOOST_AUTO_TEST_CASE(texts_are_cut_between_characters) {
  BOOST_TEST(shortened("naïve", 3) == "na");
  BOOST_TEST(shortened("naïve", 4) == "naï");
  BOOST_TEST(shortened("a\nb\x1b[31m", 20) == "a b [31m");
}

}  // namespace
}  // namespace holdfast::introspection

// What a client believes of a ring's members when it asks for records and blocks: presence by name, absence by a quorum that can know it.
#include "protocols/ring/ring_client.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;
using namespace std::chrono_literals;

namespace {

const bytes wanted{1, 2, 3};
const auto wanted_name = archive::block_name(wanted);

const submission anything{wanted, [](const place&, bytes_view) { return true; }};

failure_reply refusal(errc code) { return {static_cast<std::uint16_t>(code), "said the member"}; }

/// One question for an inline block, and the time.
struct asking {
  enum class nothing {};
  asking(std::size_t members, nothing) : cluster(members), client(cluster.cluster, cluster.entry.object) {}

  explicit asking(std::size_t members) : asking(members, nothing{}) {
    take(client
             .ask(now, inline_request{wanted_name},
                  [](const service_reply& reply) {
                    auto* found = std::get_if<inline_reply>(&reply);
                    return found && archive::block_name(found->ciphertext) == wanted_name;
                  })
             .second);
  }

  void take(ring_client::step step) {
    for (auto& s : step.sends) under_way.push_back(std::move(s));
    for (auto& done : step.completions) outcome = std::move(done.what);
  }

  /// The oldest request under way is answered so; which seat it went to.
  ring_client::seat_index reply(service_reply what) {
    BOOST_REQUIRE(!under_way.empty());
    auto s = under_way.front();
    under_way.erase(under_way.begin());
    take(client.on_reply(now, s.request, std::move(what)));
    return s.to;
  }

  void wait(duration how_long) {
    for (auto until = now + how_long; now < until && !outcome;) {
      now += 40ms;
      take(client.on_tick(now));
    }
  }

  bool failed_with(errc code) const { return outcome && !*outcome && outcome->error().is(code); }

  test_cluster cluster;
  ring_client client;
  instant now{1s};
  std::vector<ring_client::send> under_way;
  std::optional<result<service_reply>> outcome;
};

/// An operation that every member refuses with this code; what the client makes of it.
result<service_reply> refused_after(errc code, const std::function<void(ring_client&, instant&, std::vector<ring_client::send>&)>& before) {
  test_cluster cluster(4);
  ring_client client(cluster.cluster, cluster.entry.object);
  instant now{1s};
  auto under_way = client.submit(now, anything).second.sends;
  before(client, now, under_way);
  for (std::size_t i = 0; i < under_way.size(); ++i) {
    auto step = client.on_reply(now, under_way[i].request, refusal(code));
    if (!step.completions.empty()) return std::move(step.completions[0].what);
    under_way.insert(under_way.end(), step.sends.begin(), step.sends.end());
  }
  return fail(errc::malformed, "no completion");
}

}  // namespace

BOOST_AUTO_TEST_CASE(members_are_asked_in_turn_until_one_has_it) {
  asking a(4);
  std::set<ring_client::seat_index> asked{a.reply(refusal(errc::not_found)), a.reply(inline_reply{{9, 9}}), a.reply(refusal(errc::not_found))};
  BOOST_TEST(!a.outcome.has_value());
  asked.insert(a.reply(inline_reply{wanted}));
  BOOST_TEST(asked.size() == 4u);
  BOOST_REQUIRE(a.outcome && *a.outcome);
  BOOST_TEST(std::get<inline_reply>(**a.outcome).ciphertext == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_member_that_reads_its_log_is_asked_again) {
  asking a(1);
  for (int i = 0; i < 20; ++i) {
    a.reply(refusal(errc::unavailable));
    BOOST_TEST(a.under_way.empty(), "not at once");
    a.wait(120ms);
    BOOST_TEST(!a.outcome.has_value());
  }
  a.reply(inline_reply{wanted});
  BOOST_TEST((a.outcome && *a.outcome));
}

BOOST_AUTO_TEST_CASE(what_the_only_member_does_not_have_is_not_there) {
  asking a(1);
  a.reply(refusal(errc::not_found));
  BOOST_TEST(a.failed_with(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_quorum_that_denies_is_believed_once_all_were_asked) {
  asking a(4);
  for (int i = 0; i < 3; ++i) a.reply(refusal(errc::not_found));
  BOOST_TEST(a.under_way.size() == 1u, "the last may have it");
  BOOST_TEST(!a.outcome.has_value());
  a.wait(200ms);
  BOOST_TEST(a.failed_with(errc::not_found));
}

BOOST_AUTO_TEST_CASE(fewer_than_a_quorum_deny_nothing) {
  asking a(4);
  a.reply(refusal(errc::not_found));
  a.reply(refusal(errc::not_found));
  a.reply(refusal(errc::unavailable));
  a.reply(refusal(errc::unavailable));
  a.wait(29s);
  BOOST_TEST(!a.outcome.has_value());
  a.wait(2s);
  BOOST_TEST(a.failed_with(errc::unavailable));
}

BOOST_AUTO_TEST_CASE(who_is_gone_is_passed_over_and_never_hammered) {
  asking a(4);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) {
      BOOST_REQUIRE(!a.under_way.empty());
      auto s = a.under_way.front();
      a.under_way.erase(a.under_way.begin());
      a.take(a.client.on_unreachable(a.now, s.request));
    }
    BOOST_TEST(a.under_way.empty());
    a.wait(120ms);
  }
}

// -- linearizable reads: marks --------------------------------------------------------------------------------------

namespace {

/// A read whose members mark what they have prepared. Seat 0 lies, and always answers first.
struct marking : asking {
  explicit marking(std::size_t members) : asking(members, nothing{}) {
    take(client.read(now, place{}, ring_client::freshness::linearizable).second);
  }

  void mark_all(std::uint64_t lie, std::uint64_t truth) {
    auto asked = std::exchange(under_way, {});
    for (const auto& s : asked) {
      if (std::holds_alternative<mark_request>(s.what)) take(client.on_reply(now, s.request, mark_reply{s.to == 0 ? lie : truth, truth, 0}));
    }
  }

  /// What the read under way waits for.
  std::uint64_t covers() const {
    for (const auto& s : under_way) {
      if (auto* entry = std::get_if<entry_request>(&s.what)) return entry->at_least;
    }
    return 0;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_member_that_marks_what_nobody_prepared_costs_a_read_one_round) {
  for (std::size_t members : {4u, 7u}) {
    marking m(members);
    m.mark_all(1'000'000, 40);
    BOOST_TEST(m.covers() == 1'000'000u);  // by the first quorum alone it could be true
    m.under_way.clear();
    m.wait(1200ms);
    m.mark_all(1'000'000, 40);
    BOOST_TEST(m.covers() == 40u);
  }
}

BOOST_AUTO_TEST_CASE(a_read_covers_what_a_quorum_has_prepared_whoever_is_silent) {
  marking m(4);
  auto asked = std::exchange(m.under_way, {});
  for (const auto& s : asked) {
    if (s.to == 3) continue;  // silent; 0 and 1 have prepared what was acknowledged, 2 is behind
    m.take(m.client.on_reply(m.now, s.request, mark_reply{s.to == 2 ? 10u : 41u, 10, 0}));
  }
  BOOST_TEST(m.covers() == 41u);
}

BOOST_AUTO_TEST_CASE(members_that_start_do_not_end_a_submission) {
  asking a(4, asking::nothing{});
  a.take(a.client.submit(a.now, anything).second);
  for (int round = 0; round < 5; ++round) {
    while (!a.under_way.empty()) a.reply(refusal(errc::unavailable));
    a.wait(1100ms);
    BOOST_TEST(!a.outcome.has_value());
    BOOST_TEST(!a.under_way.empty());
  }
  a.wait(31s);
  BOOST_TEST(a.failed_with(errc::outcome_unknown));
}

BOOST_AUTO_TEST_CASE(a_list_is_read_from_one_member_and_begun_anew_at_another) {
  test_cluster cluster(4);
  ring_client client(cluster.cluster, cluster.entry.object);
  instant now{1s};
  auto ask = [&](submap map, std::uint8_t from) {
    page_request page{map, {}, 1};
    page.from[0] = from;
    auto [id, step] = client.ask(now, page, [](const service_reply&) { return true; });
    BOOST_REQUIRE(step.sends.size() == 1u);
    client.on_reply(now, step.sends[0].request, page_reply{{}, {}, 1});
    return step.sends[0].to;
  };
  std::set<ring_client::seat_index> begun;
  for (int list = 0; list < 4; ++list) {
    auto seat = ask(submap::repair, 0);
    begun.insert(seat);
    BOOST_TEST(ask(submap::repair, 1) == seat);
    ask(submap::extents, 0);
    BOOST_TEST(ask(submap::repair, 2) == seat);
  }
  BOOST_TEST(begun.size() == 4u);
  auto seat = ask(submap::repair, 3);
  now += 2h;
  BOOST_TEST(ask(submap::repair, 4) != seat, "a list without end is read on elsewhere");
}

BOOST_AUTO_TEST_CASE(a_page_that_does_not_go_forward_is_none) {
  page_request asked{submap::repair, {}, 2};
  asked.from[0] = 5;
  auto page = [](std::size_t values, std::optional<std::uint8_t> next) {
    page_reply p{std::vector<bytes>(values), {}, 1};
    if (next) p.next.emplace()[0] = *next;
    return p;
  };
  BOOST_TEST(answers(asked, page(0, {})));
  BOOST_TEST(answers(asked, page(2, 6)));
  BOOST_TEST(!answers(asked, page(2, 5)));
  BOOST_TEST(!answers(asked, page(2, 4)));
  BOOST_TEST(!answers(asked, page(1, 6)), "a list in tiny steps");
  BOOST_TEST(!answers(asked, page(3, {})));
}

BOOST_AUTO_TEST_CASE(too_old_is_certain_only_if_no_reply_was_missed) {
  BOOST_TEST(refused_after(errc::too_old, [](auto&, auto&, auto&) {}).error().is(errc::too_old));
  BOOST_TEST(refused_after(errc::too_old, [](auto& client, auto& now, auto& under_way) {
               now += 500ms;
               under_way = client.on_tick(now).sends;
             }).error().is(errc::outcome_unknown));
  BOOST_TEST(refused_after(errc::too_old, [](auto& client, auto& now, auto& under_way) {
               under_way = client.on_unreachable(now, under_way[0].request).sends;
             }).error().is(errc::outcome_unknown));
}

BOOST_AUTO_TEST_CASE(over_limit_is_certain_only_if_no_reply_was_missed) {
  auto refuse_until_late = [](ring_client& client, instant& now, std::vector<ring_client::send>& under_way) {
    for (auto late = now + 15s; now < late; now += 1s) {  // half of the deadline
      auto asked = std::exchange(under_way, {});
      for (std::size_t i = 0; i < asked.size(); ++i) {
        auto step = client.on_reply(now, asked[i].request, refusal(errc::over_limit));
        asked.insert(asked.end(), step.sends.begin(), step.sends.end());
      }
      under_way = client.on_tick(now).sends;
    }
  };
  BOOST_TEST(refused_after(errc::over_limit, refuse_until_late).error().is(errc::over_limit));
  BOOST_TEST(refused_after(errc::over_limit, [&](auto& client, auto& now, auto& under_way) {
               under_way = client.on_unreachable(now, under_way[0].request).sends;
               refuse_until_late(client, now, under_way);
             }).error().is(errc::outcome_unknown));
}

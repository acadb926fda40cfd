// Filling in: nothing is done on one member's word, nobody who writes is disturbed, and few extents are rebuilt at once.
#include <boost/test/unit_test.hpp>

#include "actors/archive/archive_repair.hpp"
#include "actors/archive/archive_wire.hpp"
#include "actors/base/log.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::archive;

template <class Name>
Name named(std::uint8_t fill) {
  Name n;
  n.raw.fill(fill);
  return n;
}

/// Servers 1, 2 and 3; this one is 3. The ring is what the test says; answers come at once.
struct fixture {
  const node_id self = named<node_id>(3);
  std::map<extent_id, coding_record> ring;         ///< what is proven
  std::vector<bytes> repair_page, extents_page;    ///< what a member claims
  bool many = false;                               ///< the member's page of extents is one of all that is proven
  bool store_busy = false;
  std::map<extent_id, extent_header> held;
  std::set<extent_id> being_written, told;
  std::vector<outgoing_request> sent;
  std::vector<store_effect> kept;
  std::set<extent_id> adopted;
  std::vector<std::string> notes;
  std::vector<headers_answer> to_answer;
  std::shared_ptr<identity::directory> directory = std::make_shared<identity::directory>();
  clock_reading at{instant(std::chrono::hours(1)), {1'000'000}};
  std::set<node_id> reachable{named<node_id>(1), named<node_id>(2), self};
  archive_repair repair{{self, {}}, lend()};

  fixture() {
    for (std::uint8_t i = 1; i <= 3; ++i) {
      auto& entry = directory->nodes[named<node_id>(i)];
      entry.node = named<node_id>(i);
      entry.operated_by = std::to_string(i);
      entry.roles = {identity::role_kind::archive};
    }
  }
  repair_ports lend() {
    repair_ports p;
    p.page = [this](ring::page_request r, std::function<void(result<ring::page_reply>)> done) {
      if (r.map == ring::submap::extents && many) return done(page_of_all(r.from));
      done(ring::page_reply{r.map == ring::submap::repair ? repair_page : extents_page, {}, 1});
    };
    p.record = [this](extent_id e, std::function<void(result<commitment>)> done) {
      done(commitment{ring.contains(e) ? std::optional(ring.at(e)) : std::nullopt, at.wall});
    };
    p.look_up = [this](std::uint64_t question, std::vector<extent_id> extents) {
      headers_answer found{question, {}, {}};
      if (store_busy) found.read = fail(errc::over_limit, "too much waits");
      for (const auto& e : extents) {
        if (held.contains(e)) found.held.emplace(e, held.at(e));
      }
      to_answer.push_back(std::move(found));
    };
    p.send = [this](outgoing_request r) { sent.push_back(std::move(r)); };
    p.keep = [this](store_effect e) { kept.push_back(std::move(e)); };
    p.being_written = [this](const extent_id& e) { return being_written.contains(e); };
    p.tell = [this](const commitment& c) { told.insert(c.record->extent); };
    p.adopt = [this](const extent_header& h, std::optional<commitment>) { adopted.insert(h.extent); };
    p.note = [this](introspection::severity, std::string kind, std::string, std::string) { notes.push_back(std::move(kind)); };
    return p;
  }
  ring::page_reply page_of_all(const ring::map_key& from) {
    ring::page_reply page;
    auto at = ring.lower_bound(extent_id{from});
    for (; at != ring.end() && page.values.size() < ring::page_entries_max; ++at) page.values.push_back(codec::encode(at->second));
    if (at != ring.end()) page.next = at->first.raw;
    return page;
  }
  static extent_id numbered(std::uint32_t i) {
    extent_id e;
    for (std::size_t k = 0; k < 4; ++k) e.raw[k] = static_cast<std::uint8_t>(i >> (24 - 8 * k));
    return e;
  }
  coding_record record(std::uint8_t extent, std::vector<std::optional<node_id>> slots) {
    coding_record r;
    r.extent = named<extent_id>(extent);
    r.code = {1, 3};
    r.blocks = 1;
    r.bytes = 100;
    r.slots = std::move(slots);
    return r;
  }
  coding_record vacant(std::uint8_t extent) { return record(extent, {named<node_id>(1), named<node_id>(2), std::nullopt}); }
  coding_record ours(std::uint8_t extent) { return record(extent, {named<node_id>(1), named<node_id>(2), self}); }
  void listed(const coding_record& r) { repair_page.push_back(codec::encode(ring::repair_entry{r.extent, r.code, 1})); }
  extent_header header(const coding_record& r, std::uint8_t index, extent_state state) {
    extent_header h;
    h.extent = r.extent;
    h.code = r.code;
    h.index = index;
    h.list = r.list;
    h.state = state;
    return h;
  }
  void sweep() {
    at.now += archive_repair::settling;
    repair.sweep(at, {directory, reachable, 1});
    while (!to_answer.empty()) {
      auto answers = std::exchange(to_answer, {});
      for (const auto& a : answers) repair.on_headers(at, a);
    }
  }
};

BOOST_FIXTURE_TEST_CASE(a_vacant_slot_is_filled_once_it_has_settled_and_is_proven, fixture) {
  ring[named<extent_id>(1)] = vacant(1);
  listed(vacant(1));
  listed(vacant(2));  // claimed, and not so
  sweep();
  BOOST_TEST(sent.empty());
  sweep();
  BOOST_REQUIRE(sent.size() == 1u);
  BOOST_TEST(std::holds_alternative<get_list>(sent[0].request.body));
  BOOST_TEST(repair.filling(named<extent_id>(1)));
  BOOST_TEST(!repair.filling(named<extent_id>(2)));
}

BOOST_FIXTURE_TEST_CASE(what_belongs_here_and_is_gone_is_rebuilt_at_once, fixture) {
  ring[named<extent_id>(1)] = ours(1);
  ring[named<extent_id>(2)] = ours(2);
  extents_page = {codec::encode(ours(1)), codec::encode(ours(2))};
  held.emplace(named<extent_id>(2), header(ours(2), 2, extent_state::committed));
  sweep();
  BOOST_TEST(repair.filling(named<extent_id>(1)));
  BOOST_TEST(!repair.filling(named<extent_id>(2)));
}

BOOST_FIXTURE_TEST_CASE(an_extent_that_a_client_is_writing_is_left_alone, fixture) {
  ring[named<extent_id>(1)] = vacant(1);
  listed(vacant(1));
  being_written.insert(named<extent_id>(1));
  for (int i = 0; i < 5; ++i) sweep();
  BOOST_TEST(sent.empty());
  BOOST_TEST(told.contains(named<extent_id>(1)));  // its update is ordered: the server need not wait for the client any longer
  being_written.clear();
  for (int i = 0; i < 5; ++i) sweep();
  BOOST_TEST(repair.filling(named<extent_id>(1)));
}

BOOST_FIXTURE_TEST_CASE(nothing_is_dropped_on_a_members_word, fixture) {
  auto elsewhere = record(1, {named<node_id>(1), named<node_id>(2), named<node_id>(4)});
  extents_page = {codec::encode(elsewhere)};
  held.emplace(named<extent_id>(1), header(ours(1), 2, extent_state::committed));
  ring[named<extent_id>(1)] = ours(1);
  sweep();
  BOOST_TEST(kept.empty());

  ring[named<extent_id>(1)] = elsewhere;  // now it is proven
  at.now += archive_repair::full_sweep_interval;
  sweep();
  BOOST_REQUIRE(kept.size() == 1u);
  BOOST_TEST(std::holds_alternative<drop_extent>(kept[0]));
}

BOOST_FIXTURE_TEST_CASE(a_damaged_fragment_alone_is_rebuilt, fixture) {
  ring[named<extent_id>(1)] = ours(1);
  held.emplace(named<extent_id>(1), header(ours(1), 2, extent_state::committed));
  sweep();
  BOOST_TEST(!repair.filling());
  repair.found_damaged(named<extent_id>(1), 0);
  BOOST_TEST(repair.damaged() == 1u);
  sweep();
  BOOST_TEST(repair.filling(named<extent_id>(1)));
  BOOST_TEST(kept.empty());  // what else is there stays
}

BOOST_FIXTURE_TEST_CASE(few_are_rebuilt_at_once_and_the_rest_wait, fixture) {
  for (std::uint8_t i = 1; i <= 20; ++i) {
    ring[named<extent_id>(i)] = ours(i);
    extents_page.push_back(codec::encode(ours(i)));
  }
  sweep();
  BOOST_TEST(repair.rebuilding() == 20u);
  std::size_t filling = 0;
  for (std::uint8_t i = 1; i <= 20; ++i) filling += repair.filling(named<extent_id>(i));
  BOOST_TEST(filling == archive_repair::fillers_max);
}

BOOST_FIXTURE_TEST_CASE(nothing_follows_from_what_the_store_cannot_say, fixture) {
  ring[named<extent_id>(1)] = ours(1);
  extents_page = {codec::encode(ours(1))};
  held.emplace(named<extent_id>(1), header(ours(1), 2, extent_state::committed));
  store_busy = true;
  for (int i = 0; i < 5; ++i) sweep();
  repair.found_damaged(named<extent_id>(2), 0);
  ring[named<extent_id>(2)] = ours(2);
  sweep();
  BOOST_TEST(repair.rebuilding() == 0u);
  held.clear();
  store_busy = false;
  for (int i = 0; i < 5; ++i) sweep();
  BOOST_TEST(repair.filling(named<extent_id>(1)));
}

BOOST_FIXTURE_TEST_CASE(a_filler_that_does_not_fill_is_followed_by_the_next_choice, fixture) {
  auto& other = directory->nodes[named<node_id>(4)];
  other = directory->nodes[named<node_id>(3)];
  other.node = named<node_id>(4);
  reachable.insert(named<node_id>(4));
  for (std::uint8_t i = 1; i < 255; ++i) {
    if (filler_for(vacant(i), *directory, reachable) == self) continue;
    ring[named<extent_id>(i)] = vacant(i);
    listed(vacant(i));
    break;
  }
  BOOST_REQUIRE(ring.size() == 1u);
  for (auto until = at.now + archive_repair::turn; at.now < until;) sweep();
  BOOST_TEST(!repair.filling());
  for (int i = 0; i < 30; ++i) sweep();
  BOOST_TEST(repair.filling());
}

BOOST_FIXTURE_TEST_CASE(an_extent_that_was_short_once_begins_anew, fixture) {
  directory->nodes[named<node_id>(4)] = directory->nodes[named<node_id>(3)];
  directory->nodes[named<node_id>(4)].node = named<node_id>(4);
  reachable.insert(named<node_id>(4));
  std::uint8_t theirs = 1;
  while (filler_for(vacant(theirs), *directory, reachable) == self) ++theirs;
  ring[named<extent_id>(theirs)] = vacant(theirs);
  listed(vacant(theirs));
  sweep();
  repair_page.clear();
  for (int i = 0; i < 60; ++i) sweep();
  listed(vacant(theirs));
  for (int i = 0; i < 10; ++i) sweep();
  BOOST_TEST(!repair.filling());
}

BOOST_FIXTURE_TEST_CASE(what_does_not_fit_is_come_back_to, fixture) {
  constexpr std::uint32_t count = 9'000;  // more than are examined and rebuilt at a time
  many = true;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto r = ours(1);
    r.extent = numbered(i);
    ring[r.extent] = r;
  }
  std::set<extent_id> tried;
  for (int i = 0; i < 12'000 && tried.size() < count; ++i) {
    if (i % 20 == 0) sweep();
    BOOST_TEST(repair.rebuilding() <= archive_repair::tasks_max + archive_repair::fillers_max);
    repair.on_peer_lost(at, named<node_id>(1));
    repair.on_peer_lost(at, named<node_id>(2));
    for (auto& r : sent) {
      if (auto* list = std::get_if<get_list>(&r.request.body)) tried.insert(list->extent);
    }
    sent.clear();
  }
  BOOST_TEST(tried.size() == count);
}

BOOST_FIXTURE_TEST_CASE(requests_say_whose_they_are_after_any_number_of_fills, fixture) {
  log::configure({.least = log::level::warning, .json = false, .file = {}, .node = {}});  // each fill that comes to nothing says so
  for (std::uint32_t i = 0; i < 60'000 + 10'000; i += 1'000) {
    for (std::uint32_t k = 0; k < 1'000; ++k) {
      auto r = record(1, {std::nullopt, std::nullopt, self});  // nobody to ask: it ends at once
      r.extent = numbered(k);
      ring[r.extent] = r;
      repair.found_damaged(r.extent, 0);
    }
    at.now += std::chrono::minutes(1);
    sweep();
  }
  BOOST_TEST(sent.empty());
  ring[named<extent_id>(200)] = ours(200);
  repair.found_damaged(named<extent_id>(200), 0);
  sweep();
  BOOST_REQUIRE(!sent.empty());
  BOOST_TEST(sent[0].request.id >> asker_shift == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_readers_miss_is_looked_at_and_bounded, fixture) {
  for (std::uint8_t i = 1; i <= 2 * archive_repair::missed_max; ++i) ring[named<extent_id>(i)] = ours(i);
  sweep();
  BOOST_TEST(!repair.filling());
  for (std::uint8_t i = 1; i <= 2 * archive_repair::missed_max; ++i) repair.missed(named<extent_id>(i));
  sweep();
  BOOST_TEST(repair.rebuilding() == archive_repair::missed_max);
}

BOOST_FIXTURE_TEST_CASE(damage_of_what_was_dropped_is_forgotten, fixture) {
  repair.found_damaged(named<extent_id>(1), 0);
  repair.forget(named<extent_id>(1));
  BOOST_TEST(repair.damaged() == 0u);
}

}  // namespace

// Filling in: nothing is done on one member's word, nobody who writes is disturbed, and few extents are rebuilt at once.
#include <boost/test/unit_test.hpp>

#include "actors/archive/archive_repair.hpp"

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
  std::map<extent_id, extent_header> held;
  std::set<extent_id> being_written, told;
  std::vector<outgoing_request> sent;
  std::vector<store_effect> kept;
  std::set<extent_id> adopted;
  std::vector<std::string> notes;
  std::vector<headers_answer> to_answer;
  std::shared_ptr<identity::directory> directory = std::make_shared<identity::directory>();
  clock_reading at{instant(std::chrono::hours(1)), {1'000'000}};
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
      done(ring::page_reply{r.map == ring::submap::repair ? repair_page : extents_page, {}, 1});
    };
    p.record = [this](extent_id e, std::function<void(result<commitment>)> done) {
      done(commitment{ring.contains(e) ? std::optional(ring.at(e)) : std::nullopt, at.wall});
    };
    p.look_up = [this](std::uint64_t question, std::vector<extent_id> extents) {
      headers_answer found{question, {}};
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
    repair.sweep(at, {directory, {named<node_id>(1), named<node_id>(2), self}, 1});
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

}  // namespace

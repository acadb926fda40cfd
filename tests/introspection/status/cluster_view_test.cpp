// The sentences people read, and the JSON that pages live on.
#include "introspection/status/cluster_view.hpp"

#include <boost/test/unit_test.hpp>

#include "introspection/status/status_json.hpp"

namespace holdfast::introspection {
namespace {

struct cluster {
  std::vector<status_book> books;
  std::vector<status_mirror> mirrors;
  cluster_observation seen;

  explicit cluster(int n) {
    seen.now = {1'000'000};
    mirrors.resize(n);
    seen.configuration.emplace().root.id.raw[0] = 1;
    for (int i = 0; i < n; ++i) {
      node_status s;
      s.id.raw[0] = static_cast<std::uint8_t>(i + 1);
      s.name = "node-" + std::to_string(i + 1);
      s.boot_id = 1;
      s.state = life::serving;
      s.roles = {identity::role_kind::archive};
      s.archive = archive_status{.extents = 10, .bytes = 1000, .capacity_bytes = 10'000};
      auto seat = static_cast<std::uint32_t>(i);
      if (n >= 4 && i < 4) s.rings.push_back({.label = "object", .seat = seat, .seats = 4, .state = life::serving, .executed = 5});
      if (n >= 4 && i < 4) seen.configuration->object.seats.push_back({.node = s.id});
      books.emplace_back(s);
      seen.nodes.push_back({.id = s.id, .name = s.name, .roles = s.roles, .seen = life::serving, .since = {990'000}});
    }
  }

  template <class F>
  void change(int i, F f) {
    auto s = books[i].node();
    f(s);
    books[i].node(s);
  }

  void silence(int i, life how) {
    seen.nodes[i].seen = how;
    seen.nodes[i].since = {seen.now.ms - 12'000};
  }

  cluster_view view() {
    for (std::size_t i = 0; i < books.size(); ++i) {
      if (seen.nodes[i].seen == life::serving) mirrors[i].apply(books[i].answer(mirrors[i].next()));
      seen.nodes[i].mirror = &mirrors[i];
    }
    return build_view(seen);
  }
};

BOOST_AUTO_TEST_CASE(all_is_well) {
  cluster c(7);
  auto v = c.view();
  BOOST_TEST(v.sentence == "All 7 nodes serve; every extent has full redundancy.");
  BOOST_TEST((v.health == severity::info));
  BOOST_TEST(v.troubles.empty());
  for (int i = 0; i < 7; ++i) c.change(i, [](auto& s) { s.archive->extents = 0; });
  BOOST_TEST(c.view().sentence == "All 7 nodes serve; no file beyond 32 KiB is stored yet.");
  BOOST_TEST(build_view({}).sentence == "No node is known yet.");
  BOOST_TEST(cluster(1).view().nodes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_dead_node_and_missing_fragments) {
  cluster c(7);
  c.view();
  c.silence(6, life::dead);
  for (int i : {0, 1}) {
    c.change(i, [](auto& s) {
      s.rings[0].executed = 6;
      s.rings[0].extents_short = 4;
      s.rings[0].slots_missing = 4;
    });
  }
  c.change(2, [](auto& s) {  // one member's word neither hides this nor makes more of it
    s.rings[0].executed = 1'000'000;
    s.rings[0].extents_short = 0;
  });
  c.change(3, [](auto& s) { s.rings[0].slots_missing = 999; });
  BOOST_TEST(c.view().sentence ==
             "node-7 has not answered for 12 s; 6 of 7 archive servers answer: extents have at least 5 of 6 fragments, of which 4 are needed, "
             "and writes go on; 4 extents are short of 4 fragments, filled when a server returns.");
  c.change(1, [](auto& s) { s.archive->rebuilding = 3; });
  auto v = c.view();
  BOOST_TEST(v.sentence.ends_with("; 4 extents are short of 4 fragments, 3 being rebuilt."));
  BOOST_TEST((v.health == severity::warning));
  BOOST_TEST((v.nodes[6].state == life::dead));
}

BOOST_AUTO_TEST_CASE(an_observer_that_catches_up_counts_as_answering) {
  cluster c(4);
  c.seen.observer = c.seen.nodes[0].id;
  c.view();
  c.seen.nodes[0].seen = life::catching_up;
  BOOST_REQUIRE(c.view().troubles.size() == 1u);
  BOOST_TEST(c.view().troubles[0].sentence == "node-1 is catching up");
}

BOOST_AUTO_TEST_CASE(what_silent_archive_servers_mean_is_said) {
  cluster c(6);
  c.view();
  auto said = [&] {
    std::string all;
    for (const auto& t : c.view().troubles) all += t.sentence + "\n";
    return all;
  };
  c.silence(5, life::dead);
  BOOST_TEST(said().find("5 of 6 archive servers answer: extents have at least 5 of 6 fragments, of which 4 are needed, and writes go on") !=
             std::string::npos);
  c.silence(4, life::dead);
  BOOST_TEST(said().find("at least 4 of 6 fragments, of which 4 are needed, and files beyond 32 KiB cannot be put until 5 answer") !=
             std::string::npos);
  c.silence(3, life::frozen);
  BOOST_TEST(said().find("3 of 6 archive servers answer: some extents cannot be read") != std::string::npos);
  BOOST_TEST((c.view().health == severity::error));
}

BOOST_AUTO_TEST_CASE(silent_archive_servers_count_though_the_observer_never_heard_them) {
  cluster c(6);
  for (int i : {3, 4, 5}) c.silence(i, life::dead);
  BOOST_TEST(c.view().sentence.find("3 of 6 archive servers answer: some extents cannot be read") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_ring_without_a_primary_is_told_by_more_members_than_may_lie) {
  cluster c(4);
  auto seek = [&](int i, std::int64_t since) {
    c.change(i, [&](auto& s) {
      s.rings[0].view = 17;
      s.rings[0].without_primary_since = {since};
    });
  };
  seek(0, c.seen.now.ms - 60'000);
  BOOST_TEST(c.view().troubles.empty());
  seek(1, c.seen.now.ms - 1'000);
  BOOST_TEST(c.view().troubles.empty());  // a view change is no trouble
  seek(1, c.seen.now.ms - 12'000);
  BOOST_TEST(c.view().sentence ==
             "The object ring has had no primary for 12 s: 2 of 4 members wait for view 17, and changes wait with them.");
  BOOST_TEST((c.view().health == severity::error));
}

BOOST_AUTO_TEST_CASE(a_member_that_contradicts_its_ring_is_an_error) {
  cluster c(4);
  c.change(2, [](auto& s) {
    s.state = life::mute;
    s.doing = "its state contradicts the object ring's";
    s.rings[0].state = life::dead;
  });
  auto v = c.view();
  BOOST_REQUIRE(!v.troubles.empty());
  BOOST_TEST(v.troubles[0].sentence == "node-3 does not vote: its state contradicts the object ring's");
  BOOST_TEST((v.health == severity::error));
}

BOOST_AUTO_TEST_CASE(a_ring_without_quorum_comes_first) {
  cluster c(7);
  c.view();
  c.silence(0, life::dead);
  BOOST_TEST(c.view().troubles.back().sentence == "the object ring has 3 of 4 members at work and can lose no other");
  c.silence(1, life::frozen);
  auto v = c.view();
  BOOST_TEST((v.health == severity::error));
  BOOST_TEST(v.troubles[0].sentence == "the object ring has 2 of 4 members at work and needs 3: changes wait until more return");
  BOOST_TEST(v.sentence.starts_with("The object ring has 2 of 4"));
  BOOST_TEST(v.sentence.ends_with("; and 1 more."));
}

BOOST_AUTO_TEST_CASE(only_whoever_has_a_seat_is_believed_about_a_ring_and_once) {
  cluster c(7);
  c.view();
  c.silence(0, life::dead);
  c.silence(1, life::dead);
  ring_status lie{.label = "all is well", .seats = 1, .state = life::serving, .executed = ~0ull};
  c.change(5, [&](auto& s) { s.rings = {lie, lie, lie}; });
  c.change(2, [&](auto& s) { s.rings = {lie, lie}; });
  auto v = c.view();
  BOOST_TEST(v.troubles[0].sentence == "the object ring has 2 of 4 members at work and needs 3: changes wait until more return");
  BOOST_TEST(v.nodes[5].status.rings.empty());
  BOOST_REQUIRE(v.nodes[2].status.rings.size() == 1u);
  BOOST_TEST((v.nodes[2].status.rings[0].seat == 2u && v.nodes[2].status.rings[0].seats == 4u && v.nodes[2].status.rings[0].label == "object"));
}

BOOST_AUTO_TEST_CASE(no_node_fills_the_list_of_events_alone) {
  cluster c(2);
  c.books[0].happened({1}, severity::warning, "kind", "subject", "true");
  for (std::int64_t i = 0; i < 1000; ++i) c.books[1].happened({500'000 + i}, severity::info, "kind", "subject", "made up");
  auto v = c.view();
  BOOST_TEST(v.events.size() == 1 + events_max / 2);
  BOOST_TEST(v.events.back().sentence == "true");
  BOOST_TEST((v.events.front().time == wall_time{500'999}));
}

BOOST_AUTO_TEST_CASE(a_view_is_told_as_fully_as_fits) {
  cluster c(3);
  c.books[0].actor({.id = "a", .doing = std::string(sentence_bytes_max, '"')});
  auto v = c.view();
  auto full = dump(full_json(v)), overview = dump(overview_json(v)), least = dump(overview_json(v, false));
  BOOST_TEST(view_text(v, full.size()) == full);
  BOOST_TEST(view_text(v, full.size() - 1) == overview);
  BOOST_TEST(view_text(v, overview.size() - 1) == least);
  BOOST_TEST(view_text(v, least.size() - 1).empty());
}

BOOST_AUTO_TEST_CASE(a_ring_that_changes_its_primary_again_and_again_is_told) {
  cluster c(4);
  auto ask = [&](int member, std::int64_t at) {
    c.books[member].happened({at}, severity::warning, std::string(view_change_event), "object ring", "");
  };
  ask(0, c.seen.now.ms - 300'001);  // too long ago to count
  for (int i = 0; i < 3; ++i) {
    for (int member = 0; member < 4; ++member) ask(member, 900'000 + i);
  }
  BOOST_TEST(c.view().troubles.empty());  // all members note one and the same
  ask(2, 950'000);
  BOOST_REQUIRE(c.view().troubles.size() == 1u);
  BOOST_TEST(c.view().troubles[0].sentence ==
             "the object ring asked for another primary 4 times within 5 min: its members are slow, or do not reach each other");
  c.seen.now.ms += 300'000;
  BOOST_TEST(c.view().troubles.empty());
}

BOOST_AUTO_TEST_CASE(actors_that_die_are_named) {
  cluster c(1);
  c.books[0].actor({.id = "archive", .role = "archive", .state = life::backing_off, .last_death = "No space left on device"});
  BOOST_TEST(c.view().sentence.starts_with("node-1/archive died (No space left on device) and is started again soon"));
  c.books[0].actor({.id = "archive", .role = "archive", .state = life::dead, .last_death = "No space left on device"});
  BOOST_TEST((c.view().health == severity::error));
}

BOOST_AUTO_TEST_CASE(a_full_archive_is_told) {
  cluster c(2);
  c.change(0, [](auto& s) { s.archive->bytes = 9'100; });
  BOOST_TEST(c.view().troubles[0].sentence == "node-1's archive is 91 % full");
}

BOOST_AUTO_TEST_CASE(a_node_that_never_reported_is_shown) {
  cluster c(2);
  c.seen.nodes[1].seen = life::starting;
  auto v = c.view();
  BOOST_TEST(v.nodes[1].status.name == "node-2");
  BOOST_TEST(v.troubles[0].sentence == "node-2 has not been heard yet");
}

BOOST_AUTO_TEST_CASE(json_survives_hostile_text) {
  cluster c(1);
  c.books[0].actor({.id = "a", .role = "<script>alert(1)</script>", .doing = "\xff\xfe \"quoted\""});
  c.books[0].happened({5}, severity::warning, "kind", "s", "</script>");
  auto text = dump(full_json(c.view()));
  auto parsed = json::parse(text);
  BOOST_TEST(parsed["actors"][0]["role"] == "<script>alert(1)</script>");
  BOOST_TEST(parsed["nodes"][0]["archive"]["capacity_bytes"] == 10'000);
}

BOOST_AUTO_TEST_CASE(deltas_turn_one_view_into_the_next) {
  cluster c(2);
  c.books[0].actor({.id = "a", .handled_total = 1});
  c.books[0].actor({.id = "b", .handled_total = 1});
  auto before = c.view();
  c.books[0].actor({.id = "a", .handled_total = 2});
  c.books[0].remove("b");
  c.books[1].actor({.id = "c"});
  c.books[1].happened({5}, severity::info, "k", "s", "new");
  auto delta = delta_json(before, c.view());
  BOOST_TEST(delta["actors"]["changed"].size() == 2u);
  BOOST_TEST(delta["actors"]["removed"].size() == 1u);
  BOOST_TEST(delta["events"].size() == 1u);
  BOOST_TEST(delta_json(before, before)["actors"]["changed"].empty());
}

BOOST_AUTO_TEST_CASE(a_silent_nodes_actors_share_its_state) {
  cluster c(2);
  c.books[1].actor({.id = "a", .state = life::serving, .handled_per_s = 9});
  c.view();
  c.silence(1, life::dead);
  auto actors = actors_json(c.view());
  BOOST_TEST(actors[0]["state"] == "dead");
  BOOST_TEST(actors[0]["handled_per_s"] == 0);
}

}  // namespace
}  // namespace holdfast::introspection

// The mesh: one root for all, pointers only in their server's own name, and "not found" only by every root's word.
#include <boost/test/unit_test.hpp>

#include "protocols/mesh/router.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::mesh;

guid thing(std::uint8_t n) { return crypto::hash<guid>("test", {bytes_view(&n, 1)}); }

/// Routers that hear each other at once; one may be cut off.
struct fixture {
  struct node {
    node_id id;
    crypto::signing_key key;
    std::unique_ptr<router> engine;
  };
  cluster_id cluster{{7}};
  seeded_random random{5};
  std::vector<node> nodes;
  std::shared_ptr<identity::directory> directory = std::make_shared<identity::directory>();
  std::set<node_id> silent;
  std::map<std::uint64_t, result<std::vector<node_id>>> located;
  clock_reading at{instant(std::chrono::hours(1)), {1'000'000'000}};

  fixture() {
    for (std::uint8_t i = 0; i < 12; ++i) add();
    learn();
  }
  void add() {
    auto key = crypto::signing_key::generate(random);
    node_id id{random.array<32>()};
    nodes.push_back({id, key, std::make_unique<router>(router_config{cluster, id}, key)});
    auto& entry = directory->nodes[id];
    entry.node = id;
    entry.identity = key.pub();
    entry.roles = {identity::role_kind::router};
  }
  void learn() {
    auto copy = std::make_shared<identity::directory>(*directory);
    for (auto& n : nodes) n.engine->on_directory(copy);
  }
  node& of(const node_id& id) {
    return *std::find_if(nodes.begin(), nodes.end(), [&](const node& n) { return n.id == id; });
  }
  /// As anyone can tell who knows the directory.
  result<std::vector<node_id>> servers_of(const std::vector<signed_pointer>& pointers) {
    std::vector<node_id> servers;
    for (const auto& p : pointers) {
      auto opened = open_pointer(p, cluster, *directory);
      BOOST_REQUIRE(opened);
      servers.push_back(opened->server);
    }
    return servers;
  }
  void carry(node& from, router_step step) {
    for (const auto& a : step.answers) located.insert_or_assign(a.ticket, a.pointers ? servers_of(*a.pointers) : fail(a.pointers.error()));
    for (auto& s : step.sends) {
      result<service_reply> reply = fail(errc::unavailable, "silent");
      if (!silent.contains(s.to)) reply = of(s.to).engine->on_request(at, from.id, s.what);
      carry(from, from.engine->on_reply(at, s.request, reply));
    }
  }
  void pass(std::chrono::seconds time) {
    at.now += time;
    at.wall = at.wall + time;
    for (auto& n : nodes) carry(n, n.engine->on_timer(at));
  }
  result<std::vector<node_id>> locate(node& from, const guid& what) {
    carry(from, from.engine->locate(at, 1, what));
    return located.at(1);
  }
};

BOOST_FIXTURE_TEST_CASE(everybody_comes_to_the_same_root, fixture) {
  std::set<node_id> all;
  for (auto& n : nodes) all.insert(n.id);
  std::set<node_id> used;
  for (std::uint8_t i = 0; i < 200; ++i) {
    auto root = surrogate_root(all, thing(i));
    BOOST_REQUIRE(root);
    for (auto& n : nodes) BOOST_TEST((n.engine->route(thing(i)) == root));
    used.insert(*root);
    auto fewer = all;  // who is not the root does not matter to it
    fewer.erase(*all.begin() == *root ? *all.rbegin() : *all.begin());
    BOOST_TEST((surrogate_root(fewer, thing(i)) == root));
  }
  BOOST_TEST(used.size() > 6u);
  BOOST_TEST(!surrogate_root({}, thing(1)).has_value());
  guid own;
  own.raw = nodes[3].id.raw;
  BOOST_TEST((surrogate_root(all, own) == nodes[3].id));
}

BOOST_FIXTURE_TEST_CASE(what_is_published_is_found_from_anywhere_until_it_is_withdrawn, fixture) {
  BOOST_TEST(locate(nodes[0], thing(1)).error().is(errc::not_found));
  BOOST_REQUIRE(nodes[2].engine->publish(thing(1)));
  BOOST_REQUIRE(nodes[5].engine->publish(thing(1)));
  pass(std::chrono::seconds(1));
  for (auto& n : nodes) BOOST_TEST(locate(n, thing(1)).value().size() == 2u);
  pass(std::chrono::minutes(6));  // renewed at half their life
  pass(std::chrono::minutes(6));
  BOOST_TEST(locate(nodes[0], thing(1)).value().size() == 2u);
  carry(nodes[2], nodes[2].engine->unpublish(at, thing(1)));
  BOOST_TEST((locate(nodes[0], thing(1)).value() == std::vector{nodes[5].id}));
}

BOOST_FIXTURE_TEST_CASE(pointers_of_the_dead_expire_and_are_forgotten, fixture) {
  BOOST_REQUIRE(nodes[2].engine->publish(thing(1)));
  pass(std::chrono::seconds(1));
  nodes.erase(nodes.begin() + 2);
  directory->nodes.erase(std::find_if(directory->nodes.begin(), directory->nodes.end(), [&](const auto& e) {
    return std::none_of(nodes.begin(), nodes.end(), [&](const node& n) { return n.id == e.first; });
  }));
  learn();
  BOOST_TEST(!locate(nodes[0], thing(1)).has_value());
  pass(std::chrono::minutes(13));
  for (auto& n : nodes) BOOST_TEST(n.engine->pointers_kept() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_silent_root_is_no_proof_of_absence, fixture) {
  auto roots = roots_of([&] {
    std::set<node_id> all;
    for (auto& n : nodes) all.insert(n.id);
    return all;
  }(), thing(4));
  BOOST_REQUIRE(roots.size() > 1u);
  silent = {roots[0]};
  auto& seeker = *std::find_if(nodes.begin(), nodes.end(), [&](const node& n) { return n.id != roots[0]; });
  BOOST_TEST(locate(seeker, thing(4)).error().is(errc::unavailable));
  BOOST_REQUIRE(seeker.engine->publish(thing(4)));
  pass(std::chrono::seconds(1));
  BOOST_TEST(locate(seeker, thing(4)).has_value());  // by the other roots
}

BOOST_FIXTURE_TEST_CASE(a_moved_root_hears_of_it, fixture) {
  for (std::uint8_t i = 0; i < 30; ++i) BOOST_REQUIRE(nodes[0].engine->publish(thing(i)));
  pass(std::chrono::seconds(1));
  for (int i = 0; i < 12; ++i) add();
  learn();
  pass(std::chrono::seconds(1));
  for (std::uint8_t i = 0; i < 30; ++i) BOOST_TEST(locate(nodes.back(), thing(i)).has_value());
}

BOOST_FIXTURE_TEST_CASE(nobody_announces_another_or_forever, fixture) {
  auto root = nodes[1].engine->route(thing(9)).value();
  auto keep = [&](const node& speaks, const node& signs, const node_id& server, std::chrono::milliseconds life) {
    pointer p{cluster, thing(9), server, 1, at.wall + life};
    auto reply = of(root).engine->on_request(at, speaks.id, keep_pointer{signed_pointer::make(p, signs.key)});
    return std::holds_alternative<kept>(reply);
  };
  BOOST_TEST(!keep(nodes[1], nodes[1], nodes[2].id, pointer_life));               // signed by another
  BOOST_TEST(!keep(nodes[1], nodes[2], nodes[2].id, pointer_life));               // brought by another
  BOOST_TEST(!keep(nodes[2], nodes[2], nodes[2].id, std::chrono::hours(24)));     // lives too long
  BOOST_TEST(keep(nodes[2], nodes[2], nodes[2].id, pointer_life));
  directory->revoked[nodes[2].id] = at.wall;
  learn();
  BOOST_TEST(!locate(nodes[1], thing(9)).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_root_does_not_search_for_others, fixture) {
  BOOST_TEST(std::holds_alternative<refused>(nodes[0].engine->on_request(at, nodes[1].id, locate_pointers{thing(1)})));
}

}  // namespace

// A link's end is a process: those of one client live side by side, that of a node takes the place of the one before.
#include <boost/test/unit_test.hpp>

#include "tests/actors/link/cluster.hpp"
#include "tests/actors/link/raw_peer.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using namespace std::chrono_literals;
using link::message_kind;
using link::refusal_reason;
using link::traffic_class;

namespace {

outgoing to(link::endpoint end, bytes body) { return {end, traffic_class::foreground, message_kind::ring, make_payload(std::move(body))}; }

/// A node that remembers who asked and answers when it is told to.
struct slow_node {
  process node{{.id = 1}};
  signal s;
  std::vector<inbound> asked;

  slow_node() {
    node.listen();
    node.handle(message_kind::ring, [this](const inbound& m) { s.change([&] { asked.push_back(m); }); });
  }
  void answer_all() {
    for (const auto& m : asked) std::ignore = node.port().reply(m, make_payload(to_bytes(m.body())));
  }
};

/// A process of a client whose question and answer are looked at.
struct asker {
  process p;
  signal& s;
  std::optional<result<inbound>> answer;
  std::vector<bytes> told;

  asker(slow_node& n, std::uint8_t id) : p({.id = id}), s(n.s) {
    p.port().know(node_named(1), {n.node.address()});
    p.handle(message_kind::ring, [this](const inbound& m) { s.change([&] { told.push_back(to_bytes(m.body())); }); });
  }
  void ask(bytes body) {
    p.port().request(to(node_named(1), std::move(body)), 20s, [this](result<inbound> r) { s.change([&] { answer = std::move(r); }); });
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(two_processes_of_one_client_get_each_its_own_answers) {
  slow_node n;
  auto first = std::make_unique<asker>(n, first_client);
  asker second(n, first_client);
  first->ask({1});
  BOOST_REQUIRE(n.s.wait([&] { return n.asked.size() == 1; }));
  second.ask({2});
  BOOST_REQUIRE(n.s.wait([&] { return n.asked.size() == 2; }));
  BOOST_TEST((n.asked[0].from->id == n.asked[1].from->id));
  BOOST_TEST(n.node.port().counters().sessions_up == 2u);
  n.answer_all();
  BOOST_REQUIRE(n.s.wait([&] { return first->answer && second.answer; }));
  BOOST_REQUIRE(*first->answer);
  BOOST_REQUIRE(*second.answer);
  BOOST_TEST(((*first->answer)->body()[0] == 1));
  BOOST_TEST(((*second.answer)->body()[0] == 2));

  // What is sent one way reaches the process that it is for, and nobody answers for the member as such.
  auto end_of_first = n.asked[0].from->end();
  BOOST_REQUIRE(n.node.port().send(to(n.asked[1].from->end(), {22})));
  BOOST_REQUIRE(n.node.port().send(to(end_of_first, {11})));
  BOOST_REQUIRE(n.s.wait([&] { return first->told.size() == 1 && second.told.size() == 1; }));
  BOOST_TEST(first->told[0][0] == 11);
  BOOST_TEST(second.told[0][0] == 22);
  BOOST_TEST(!n.node.port().send(to(node_named(first_client), {3})));

  // One that ends takes nothing from the other.
  first.reset();
  BOOST_REQUIRE(eventually([&] { return !n.node.port().is_up(end_of_first, traffic_class::foreground); }));
  BOOST_TEST(n.node.port().is_up(n.asked[1].from->end(), traffic_class::foreground));
  BOOST_REQUIRE(n.node.port().send(to(n.asked[1].from->end(), {23})));
  BOOST_REQUIRE(n.s.wait([&] { return second.told.size() == 2; }));
  BOOST_TEST(n.node.closed(refusal_reason::replaced) == 0u);
}

BOOST_AUTO_TEST_CASE(a_client_with_too_many_processes_hears_so_and_others_are_not_touched) {
  process node({.id = 1});
  auto port = node.listen();
  node.echo(message_kind::ring);
  std::vector<std::unique_ptr<raw_peer>> many;
  for (std::size_t i = 0; i < link::limits::processes_per_client_max; ++i) {
    many.push_back(std::make_unique<raw_peer>(port));
    BOOST_REQUIRE(many.back()->greet(first_client, 1, traffic_class::foreground));
  }
  BOOST_REQUIRE(eventually([&] { return node.port().counters().sessions_up == link::limits::processes_per_client_max; }));
  process one_more({.id = first_client}), other({.id = first_client + 1}), peer({.id = 2});
  auto refused = one_more.connect(node.address());
  BOOST_REQUIRE(!refused);
  BOOST_TEST_MESSAGE(refused.error().message());
  BOOST_TEST(refused.error().message().find("processes linked with this node already") != std::string::npos);
  BOOST_TEST(node.closed(refusal_reason::too_many_connections) == 1u);
  BOOST_TEST(other.connect(node.address()).has_value());
  BOOST_TEST(peer.connect(node.address()).has_value());
  many.pop_back();
  BOOST_TEST(eventually([&] { return one_more.connect(node.address()).has_value(); }));
}

BOOST_AUTO_TEST_CASE(a_node_that_started_anew_takes_the_place_of_its_process_before) {
  signal s;
  int up = 0, down = 0;
  process node({.id = 1}), before({.id = 2});
  node.watch([&](const peer_up&) { s.change([&] { ++up; }); }, [&](const peer_down&) { s.change([&] { ++down; }); });
  BOOST_REQUIRE(node.listen() != 0);
  BOOST_REQUIRE(before.connect(node.address()));
  BOOST_REQUIRE(s.wait([&] { return up == 1; }));
  process after({.id = 2});
  after.echo(message_kind::ring);
  BOOST_REQUIRE(after.connect(node.address()));
  BOOST_REQUIRE(s.wait([&] { return up == 2 && down == 1; }));
  BOOST_TEST(eventually([&] { return node.closed(refusal_reason::replaced) == 1; }));
  BOOST_TEST(eventually([&] { return node.port().counters().sessions_up == 1; }));
  auto answer = node.ask(to(node_named(2), {5}));
  BOOST_REQUIRE_MESSAGE(answer, answer.error().message());
  BOOST_TEST(answer->body()[0] == 5);
  s.change([] {});
  BOOST_TEST(up == 2);
  BOOST_TEST(down == 1);
}

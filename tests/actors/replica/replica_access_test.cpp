// Reading through replicas over real links: a liar is found out and passed over, and so is one that is silent or was never announced.
#include <atomic>
#include <future>

#include <boost/test/unit_test.hpp>

#include "actors/base/clock.hpp"
#include "actors/client/replica_access.hpp"
#include "protocols/mesh/mesh_types.hpp"
#include "protocols/ring/root_operation.hpp"
#include "tests/actors/link/cluster.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using link::message_kind;

namespace {

/// A node that serves blocks as it is told to.
struct serving_node {
  explicit serving_node(std::uint8_t id) : id(node_named(id)), process({.id = id}) {
    process.listen();
    process.handle(message_kind::replica, [this](const inbound& m) {
      ++asked;
      auto request = codec::decode<replica::service_request>(m.body());
      BOOST_REQUIRE(request);
      auto data = content(*request);
      if (data) std::ignore = process.port().reply(m, make_payload(std::move(*data)));
    });
    process.handle(message_kind::mesh, [this](const inbound& m) {
      auto request = codec::decode<mesh::service_request>(m.body());
      BOOST_REQUIRE(std::holds_alternative<mesh::locate_pointers>(*request));
      std::ignore = process.port().reply(m, make_payload(codec::encode(mesh::service_reply(mesh::known_pointers{pointers}))));
    });
  }

  node_id id;
  testing::process process;
  std::atomic<int> asked{0};
  std::function<std::optional<bytes>(const replica::service_request&)> content;
  std::vector<mesh::signed_pointer> pointers;
};

struct world {
  world() {
    identity::directory directory;
    directory.cluster = ring.cluster;
    directory.version = 1;
    for (auto* node : {&first, &second, &third}) {
      auto& entry = directory.nodes[node->id];
      entry.node = node->id;
      entry.identity = keys.at(node->id).pub();
      entry.roles = {identity::role_kind::router, identity::role_kind::secondary};
      node->content = [this](const replica::service_request&) { return honest(); };
      client.port().know(node->id, {node->process.address()});
    }
    ring::authenticated_map state;
    state.store(ring::directory_place(), directory);
    BOOST_REQUIRE(trust->adopt(ring.trust));
    BOOST_REQUIRE(trust->adopt(ring.prove(state, ring::directory_place(), ring.entry.root)));
    BOOST_REQUIRE(client.connect(first.process.address()));
    // The members of the test's links are not the ring's: nobody here looks at admissions.
    access = std::make_unique<replica_access>(client.system(), std::shared_ptr<link_port>(&client.port(), [](link_port*) {}), trust,
                                              ring.entry.object, first.id);
  }

  bytes honest() const { return codec::encode(replica::service_reply(replica::content_reply{data})); }
  static bytes lie() { return codec::encode(replica::service_reply(replica::content_reply{bytes(5'000, 7)})); }

  mesh::signed_pointer pointer(const serving_node& server, const crypto::signing_key& signer) const {
    mesh::pointer p{ring.cluster, mesh::guid_of("object", object), server.id, 1, wall_now() + std::chrono::minutes(5)};
    return mesh::signed_pointer::make(p, signer);
  }

  /// Waits for the answer even if it is late: how fast this machine is today is not what is looked at.
  std::optional<replica_answer> read() {
    auto answer = std::make_shared<std::promise<std::optional<replica_answer>>>();
    auto future = answer->get_future();
    access->ask(object, wanted, {[] {}, [answer](std::optional<replica_answer> a) { answer->set_value(std::move(a)); }});
    BOOST_REQUIRE(future.wait_for(std::chrono::seconds(20)) == std::future_status::ready);
    return future.get();
  }

  ring::test_cluster ring;
  std::map<node_id, crypto::signing_key> keys = [this] {
    std::map<node_id, crypto::signing_key> made;
    for (std::uint8_t i = 1; i <= 3; ++i) made.emplace(node_named(i), crypto::signing_key::generate(ring.random));
    return made;
  }();
  std::shared_ptr<trust_store> trust = std::make_shared<trust_store>(ring.cluster);
  serving_node first{1}, second{2}, third{3};
  testing::process client{{.id = first_client}};
  std::unique_ptr<replica_access> access;

  aguid object = crypto::hash<aguid>("test", {});
  bytes data = bytes(5'000, 3);
  replica::get_block wanted{object, archive::block_name(data), 5'000, std::nullopt};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_node_that_was_entered_by_serves, world) {
  auto got = read();
  BOOST_REQUIRE(got);
  BOOST_TEST((got->by == first.id));
  BOOST_TEST((std::get<bytes>(got->what) == data));
}

BOOST_FIXTURE_TEST_CASE(a_liar_is_detected_and_the_read_succeeds_from_the_next, world) {
  first.content = [](const replica::service_request&) { return lie(); };
  for (int i = 0; i < 3; ++i) {
    auto got = read();
    BOOST_REQUIRE(got);
    BOOST_TEST((got->by == second.id));
  }
  BOOST_TEST(first.asked == 1);
}

BOOST_FIXTURE_TEST_CASE(bytes_that_are_no_answer_are_a_lie_too, world) {
  first.content = [](const replica::service_request&) { return bytes(100, 0xff); };
  BOOST_TEST(read().has_value());
  BOOST_TEST(read().has_value());
  BOOST_TEST(first.asked == 1);
}

BOOST_FIXTURE_TEST_CASE(where_all_lie_the_source_is_asked, world) {
  for (auto* node : {&first, &second, &third}) node->content = [](const replica::service_request&) { return lie(); };
  BOOST_TEST(!read().has_value());
  BOOST_TEST(!read().has_value());
  BOOST_TEST(first.asked + second.asked + third.asked == 3);
}

BOOST_FIXTURE_TEST_CASE(a_silent_replica_is_not_waited_for, world) {
  first.content = [](const replica::service_request&) { return std::nullopt; };
  BOOST_TEST(!access->ask(object, wanted).has_value());  // late: the source
  auto got = read();                                     // it rests: the next one
  BOOST_REQUIRE(got);
  BOOST_TEST((got->by == second.id));
}

BOOST_FIXTURE_TEST_CASE(who_announces_the_object_is_asked_first, world) {
  first.pointers = {pointer(third, keys.at(third.id))};
  access->look_for(object);
  auto got = read();
  BOOST_REQUIRE(got);
  // The mesh's answer is waited for a moment only; the next read has it for certain.
  BOOST_TEST(eventually([&] {
    auto again = read();
    return again && again->by == third.id;
  }));
}

BOOST_FIXTURE_TEST_CASE(a_pointer_that_its_server_did_not_sign_leads_nowhere, world) {
  first.pointers = {pointer(third, keys.at(second.id))};
  access->look_for(object);
  for (int i = 0; i < 20; ++i) {
    auto got = read();
    BOOST_REQUIRE(got);
    BOOST_TEST((got->by == first.id));
  }
  BOOST_TEST(third.asked == 0);
}

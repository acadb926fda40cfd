// The router's role: what an actor publishes is found by its node and by clients, and goes with the actor.
#include <boost/test/unit_test.hpp>

#include "actors/base/clock.hpp"
#include "actors/router/router_role.hpp"
#include "protocols/ring/root_operation.hpp"
#include "tests/actors/link/cluster.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;

namespace {

/// A cluster of one node, which is every GUID's root.
struct world {
  world() {
    identity::directory directory;
    directory.cluster = ring.cluster;
    directory.version = 1;
    auto& entry = directory.nodes[node_named(1)];
    entry.node = node_named(1);
    entry.identity = key.pub();
    entry.roles = {identity::role_kind::router};
    ring::authenticated_map state;
    state.store(ring::directory_place(), directory);
    BOOST_REQUIRE(trust->adopt(ring.trust));
    BOOST_REQUIRE(trust->adopt(ring.prove(state, ring::directory_place(), ring.entry.root)));
    node.listen();
    std::shared_ptr<link_port> port(&node.port(), [](link_port*) {});
    router = spawn_router_role(node.system(), {node_named(1), key, trust, port, std::make_shared<status_board>()});
    port->subscribe(link::message_kind::mesh, caf::actor_cast<caf::actor>(router));
  }
  ~world() {
    caf::scoped_actor self(node.system());
    self->send_exit(router, caf::exit_reason::user_shutdown);
    self->wait_for(router);
  }

  /// Publishes on behalf of an actor.
  void publish(caf::scoped_actor& by, const mesh::guid& what) {
    by->request(router, std::chrono::seconds(20), mesh_publish_atom::value, what)
        .receive([](const mesh_published& done) { BOOST_TEST(done.accepted.has_value()); }, [](const caf::error&) { BOOST_TEST(false); });
  }
  bool found(const mesh::guid& what) {
    caf::scoped_actor self(node.system());
    bool known = false;
    self->request(router, std::chrono::seconds(20), mesh_locate_atom::value, what)
        .receive([&](const mesh_located& l) { known = l.servers && l.servers->front() == node_named(1); }, [](const caf::error&) {});
    return known;
  }

  ring::test_cluster ring;
  crypto::signing_key key = crypto::signing_key::generate(ring.random);
  std::shared_ptr<trust_store> trust = std::make_shared<trust_store>(ring.cluster);
  testing::process node{{.id = 1}};
  router_actor router;
  mesh::guid thing = mesh::guid_of("object", crypto::hash<aguid>("test", {}));
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_an_actor_publishes_goes_with_the_last_that_does, world) {
  BOOST_TEST(!found(thing));
  caf::scoped_actor lasting(node.system());
  {
    caf::scoped_actor passing(node.system());
    publish(passing, thing);
    BOOST_TEST(eventually([&] { return found(thing); }));
    publish(lasting, thing);
  }
  BOOST_TEST(found(thing));
  lasting->send(router, mesh_withdraw_atom::value, thing);
  BOOST_TEST(eventually([&] { return !found(thing); }));
  {
    caf::scoped_actor passing(node.system());
    publish(passing, thing);
    BOOST_TEST(eventually([&] { return found(thing); }));
  }
  BOOST_TEST(eventually([&] { return !found(thing); }));
}

BOOST_FIXTURE_TEST_CASE(nobody_withdraws_what_another_publishes, world) {
  caf::scoped_actor one(node.system()), other(node.system());
  publish(one, thing);
  BOOST_TEST(eventually([&] { return found(thing); }));
  other->send(router, mesh_withdraw_atom::value, thing);
  publish(other, mesh::guid{});  // answered behind it
  BOOST_TEST(found(thing));
}

BOOST_FIXTURE_TEST_CASE(a_client_finds_the_signed_pointer, world) {
  caf::scoped_actor one(node.system());
  publish(one, thing);
  BOOST_TEST(eventually([&] { return found(thing); }));
  testing::process client{{.id = first_client}};
  BOOST_REQUIRE(client.connect(node.address()));
  auto ask = [&](const mesh::guid& what) {
    auto body = make_payload(codec::encode(mesh::service_request(mesh::locate_pointers{what})));
    auto reply = client.ask({node_named(1), link::traffic_class::foreground, link::message_kind::mesh, body});
    BOOST_REQUIRE(reply);
    auto decoded = codec::decode<mesh::service_reply>(reply->body());
    BOOST_REQUIRE(decoded);
    return *decoded;
  };
  auto reply = ask(thing);
  auto* known = std::get_if<mesh::known_pointers>(&reply);
  BOOST_REQUIRE(known);
  BOOST_REQUIRE_EQUAL(known->pointers.size(), 1u);
  auto pointer = mesh::open_pointer(known->pointers[0], ring.cluster, *trust->directory());
  BOOST_REQUIRE(pointer);
  BOOST_TEST((pointer->server == node_named(1)));
  BOOST_TEST((pointer->what == thing));
  BOOST_TEST(std::holds_alternative<mesh::refused>(ask(mesh::guid{})));
}

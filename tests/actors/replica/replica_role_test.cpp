// The role over real links: members read, strangers do not; what it does is seen; each router is told what is announced.
#include <boost/test/unit_test.hpp>

#include "actors/replica/replica_role.hpp"
#include "protocols/replica/replica_messages.hpp"
#include "tests/actors/link/cluster.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;
using link::message_kind;

namespace {

/// A node with a replica; its ring holds one inline block.
struct world {
  world() {
    node.listen();
    node_port = std::shared_ptr<link_port>(&node.port(), [](link_port*) {});
    asker = node.system().spawn([this](ring_asker_actor::pointer) -> ring_asker_actor::behavior_type {
      return {[](ring_submit_atom, const ring::submission&) { return ring_outcome{}; },
              [](ring_read_atom, const ring_reading&) { return ring_outcome{}; },
              [this](ring_fetch_atom, const ring::service_body&) {
                ++ring_asked;
                return ring_outcome{ring::service_reply(ring::inline_reply{data})};
              },
              [](const ring_reply_in&) {}, [](ring_tick_atom) {}};
    });
    gate = spawn_archive_gate(node.system(), node_port);
    router = new_router();
    replica_role_config config{node_named(1), ring.cluster, ring.entry.object, 1u << 20};
    config.links = node_port;
    config.board = board;
    config.ring_asker = asker;
    config.archive = gate;
    config.router = [this] {
      std::lock_guard lock(mutex);
      return router;
    };
    role = caf::actor_cast<caf::actor>(spawn_replica_role(node.system(), std::move(config)));
    node_port->subscribe(message_kind::replica, role);
  }
  ~world() {
    for (const auto& a : {caf::actor_cast<caf::actor>(asker), caf::actor_cast<caf::actor>(gate), role}) {
      caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    }
    for (const auto& r : routers) caf::anon_send_exit(r, caf::exit_reason::user_shutdown);
    caf::scoped_actor self(node.system());
    self->wait_for(caf::actor_cast<caf::actor>(asker), role, caf::actor_cast<caf::actor>(gate));
  }

  router_actor new_router() {
    auto number = routers.size();
    auto made = node.system().spawn([this, number](router_actor::pointer) -> router_actor::behavior_type {
      return {[](const inbound&) {},
              [](const mesh_reply_in&) {},
              [](mesh_tick_atom) {},
              [this, number](mesh_publish_atom, const mesh::guid& what) {
                announced.change([&] { told[number].insert(what); });
                return mesh_published{};
              },
              [](mesh_withdraw_atom, const mesh::guid&) {},
              [](mesh_locate_atom, const mesh::guid&) { return mesh_located{}; },
              [](mesh_route_atom, const mesh::guid&) { return mesh_root{}; }};
    });
    routers.push_back(caf::actor_cast<caf::actor>(made));
    return made;
  }

  result<replica::service_reply> read(testing::process& reader, bytes what) {
    BOOST_REQUIRE(reader.connect(node.address()));
    auto reply = reader.ask({node_named(1), link::traffic_class::foreground, message_kind::replica, make_payload(std::move(what))}, patience);
    if (!reply) return fail(reply.error());
    return codec::decode<replica::service_reply>(reply->body());
  }
  bytes question() const {
    return codec::encode(replica::service_request(
        replica::get_block{object, archive::block_name(data), static_cast<std::uint32_t>(data.size()), std::nullopt}));
  }

  ring::test_cluster ring;
  bytes data = bytes(5'000, 3);
  aguid object = crypto::hash<aguid>("test", {});
  std::atomic<int> ring_asked{0};
  duration patience = std::chrono::seconds(20);
  board_ptr board = std::make_shared<status_board>();
  std::mutex mutex;
  testing::signal announced;
  std::map<std::size_t, std::set<mesh::guid>> told;  ///< by router
  testing::process node{{.id = 1}};
  std::shared_ptr<link_port> node_port;
  ring_asker_actor asker;
  archive_gate_actor gate;
  router_actor router;
  std::vector<caf::actor> routers;
  caf::actor role;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_second_read_is_a_hit_and_is_seen_on_the_board, world) {
  testing::process client{{.id = first_client}};
  for (int i = 0; i < 2; ++i) {
    auto reply = read(client, question());
    BOOST_REQUIRE(reply);
    BOOST_REQUIRE(std::holds_alternative<replica::content_reply>(*reply));
    BOOST_TEST((std::get<replica::content_reply>(*reply).data == data));
  }
  BOOST_TEST(ring_asked == 1);
  BOOST_TEST(eventually([&] {
    auto status = board->secondary();
    return status && status->hits == 1 && status->misses == 1 && status->blocks == 1 && status->held_bytes > data.size();
  }));
  BOOST_TEST(eventually([&] { return board->actors().at("secondary").doing.find("1 hits, 1 misses") != std::string::npos; }));
}

BOOST_FIXTURE_TEST_CASE(a_router_that_was_started_anew_is_told_what_is_announced, world) {
  testing::process client{{.id = first_client}};
  const auto what = mesh::guid_of("object", object);
  for (int i = 0; i < 2; ++i) BOOST_REQUIRE(read(client, question()));
  BOOST_TEST(announced.wait([&] { return told[0].contains(what); }));
  {
    std::lock_guard lock(mutex);
    router = new_router();
  }
  BOOST_TEST(announced.wait([&] { return told[1].contains(what); }));
}

BOOST_FIXTURE_TEST_CASE(strangers_read_nothing_and_nonsense_is_refused, world) {
  testing::process client{{.id = first_client}};
  auto refused = read(client, bytes(50, 0xff));
  BOOST_REQUIRE(refused);
  BOOST_TEST(std::holds_alternative<replica::refusal>(*refused));
  patience = std::chrono::milliseconds(300);
  testing::process stranger{{.id = 0}};
  BOOST_TEST(!read(stranger, question()).has_value());
  BOOST_TEST(ring_asked == 0);
}

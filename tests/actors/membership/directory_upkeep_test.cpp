// A node's entry in the directory is kept true, whatever its clock was when it last said where it is.
#include <boost/test/unit_test.hpp>

#include "actors/base/clock.hpp"
#include "actors/membership/membership.hpp"
#include "protocols/ring/root_operation.hpp"
#include "tests/actors/link/cluster.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"
#include "tests/storage/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::actors::testing;

namespace {

/// As much of the root ring as advertisements need.
struct advertisements {
  std::mutex mutex;
  std::uint64_t last = 0, taken = 0, refused = 0;

  ring_outcome submit(const ring::submission& what) {
    auto operation = codec::decode<ring::root_operation>(what.operation);
    auto* advertise = operation ? std::get_if<ring::advertise>(&*operation) : nullptr;
    if (!advertise) return {};
    auto counter = advertise->statement.peek()->counter;
    std::lock_guard guard(mutex);
    if (counter <= last) {
      ++refused;
      return {fail(errc::stale, "a newer advertisement is known")};
    }
    ++taken;
    last = counter;
    return {ring::entry_reply{}};
  }
  ring_outcome read(const ring_reading& what) {
    std::lock_guard guard(mutex);
    ring::entry_reply found{.where = what.where};
    found.entry.value = codec::encode(ring::advertisement_record{last});
    return {found};
  }
};

ring_asker_actor::behavior_type answer(ring_asker_actor::pointer, std::shared_ptr<advertisements> ring) {
  return {
      [ring](ring_submit_atom, const ring::submission& what) { return ring->submit(what); },
      [ring](ring_read_atom, const ring_reading& what) { return ring->read(what); },
      [](ring_fetch_atom, const ring::service_body&) { return ring_outcome{}; },
      [](const ring_reply_in&) {},
      [](ring_tick_atom) {},
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_node_whose_clock_was_set_back_is_listed_at_its_new_address) {
  ring::test_cluster cluster;
  const auto& self = cluster.members.front();
  test::temporary_directory folder;
  auto data = storage::data_directory::open(storage::real_file_system(), folder.path());
  BOOST_REQUIRE(data.has_value());

  auto trust = std::make_shared<trust_store>(cluster.cluster);
  identity::directory directory;
  directory.cluster = cluster.cluster;
  directory.version = 1;
  directory.nodes[self.id].node = self.id;
  directory.nodes[self.id].address = "127.0.0.1:1";
  ring::authenticated_map state;
  state.store(ring::directory_place(), directory);
  BOOST_REQUIRE(trust->adopt(cluster.trust));
  BOOST_REQUIRE(trust->adopt(cluster.prove(state, ring::directory_place(), cluster.entry.root)));

  node_identity identity = fresh_identity(cluster.random);
  identity.cluster = cluster.cluster;
  identity.node = self.id;
  identity.chain = cluster.trust;
  identity.admission = ring::ring_admission{self.id, {}};

  testing::process node{{.id = 1}};
  auto ring = std::make_shared<advertisements>();
  ring->last = static_cast<std::uint64_t>((wall_now() + std::chrono::hours(24)).ms);
  auto asker = node.system().spawn(answer, ring);
  membership_config config;
  config.keeper = std::make_shared<identity_keeper>(*data, identity);
  config.trust = trust;
  config.link = {node.manager(), link_port_ptr(&node.port(), [](link_port*) {})};
  config.board = std::make_shared<status_board>();
  config.advert.address = "127.0.0.1:2";
  config.rings = [asker] { return rings_ready{asker, asker}; };
  config.on_revoked = [](bool) {};
  config.on_configured = [] {};
  auto role = caf::actor_cast<caf::actor>(spawn_membership(node.system(), std::move(config)));

  auto counted = [&](auto what) {
    std::lock_guard guard(ring->mutex);
    return what(*ring);
  };
  BOOST_TEST(eventually([&] { return counted([](auto& r) { return r.taken > 0; }); }));
  BOOST_TEST(counted([](auto& r) { return r.refused; }) == 1u);

  // Once it is listed as it is, it says no more: each word would be a batch of the root ring.
  directory.version = 2;
  directory.nodes[self.id].address = "127.0.0.1:2";
  state.store(ring::directory_place(), directory);
  BOOST_REQUIRE(trust->adopt(cluster.prove(state, ring::directory_place(), cluster.entry.root)));
  auto said = counted([](auto& r) { return r.taken; });
  auto said_last = steady_now();
  BOOST_TEST(eventually([&] {
    auto now_said = counted([](auto& r) { return r.taken; });
    if (std::exchange(said, now_said) != now_said) said_last = steady_now();
    return steady_now() - said_last > std::chrono::seconds(2);  // eight rounds
  }));

  caf::scoped_actor scope(node.system());
  for (const auto& actor : {role, caf::actor_cast<caf::actor>(asker)}) {
    scope->send_exit(actor, caf::exit_reason::user_shutdown);
    scope->wait_for(actor);
  }
}

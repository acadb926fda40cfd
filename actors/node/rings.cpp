#include "actors/node/rings.hpp"

#include "actors/base/log.hpp"
#include "actors/node/watching.hpp"
#include "actors/ring/ring_member.hpp"
#include "protocols/ring/object_operation.hpp"
#include "protocols/ring/object_state.hpp"
#include "protocols/ring/root_state.hpp"

namespace holdfast::actors {

namespace {

/// The root ring's own members learn the directory from their own state; the rest of the cluster learns it from them.
void learn_directory(const node_services& s, const ring::ring_engine& engine) {
  auto where = ring::directory_place();
  auto& proven = *engine.proven();
  auto* value = proven.map.get(where);
  if (!value) return;
  auto version = codec::decode<identity::directory>(*value, "directory");
  if (!version || version->version <= s.trust->directory_version()) return;
  auto adopted = s.trust->adopt(ring::proven_entry{*value, proven.map.prove(where), proven.certificate});
  if (!adopted) log::warning("own directory refused", {{"why", adopted.error().message()}});
}

/// An update is submitted by the client it names, over that client's own link.
outcome submitted_by_its_client(const link::peer_info& peer, bytes_view request) {
  auto operation = codec::decode<ring::object_operation>(request, "operation");
  if (!operation) return fail(operation.error());
  auto* update = std::get_if<ring::update_object>(&*operation);
  if (!update) return {};
  auto said = update->update.peek();
  if (!said) return fail(said.error());
  if (said->client != peer.id) return fail(errc::denied, "the update names another client than the one that sent it");
  return {};
}

supervised_child plan_member(caf::actor_system& system, const services_ptr& s, const std::string& label, const identity::ring_description& ring,
                             const crypto::secret<32>& seed, std::function<std::unique_ptr<ring::state_machine>()> machine) {
  ring_member_config config{s->trust->cluster(), ring, *ring.seat_of(s->self()), crypto::signing_key::from_seed(seed)};
  config.label = label;
  config.log_directory = s->directory->at("log-" + label);
  config.ran_before = s->keeper->get()->voted;
  config.make_machine = std::move(machine);
  config.links = s->link.port;
  config.log = s->log;
  config.stores = s->stores;
  config.blocks = s->blocks;
  config.board = s->board;
  std::weak_ptr<node_services> weak = s;
  config.on_disk_failure = [weak](const error&) {
    if (auto alive = weak.lock()) alive->disk_failed = true;
  };
  if (label == "root") {
    config.on_proven = [weak](const ring::ring_engine& engine) {
      if (auto alive = weak.lock()) learn_directory(*alive, engine);
    };
  }
  if (label == "object") config.may_submit = submitted_by_its_client;
  supervised_child child;
  child.spec.id = label;
  child.probe = "inner-ring/" + label;
  child.start = watching(s->link.port, [&system, config, gate = s->gate]() mutable {
    auto member = spawn_ring_member(system, config);
    config.ran_before = true;
    caf::anon_send(gate, ring_registration{config.ring.id, member});
    return caf::actor_cast<caf::actor>(member);
  });
  return child;
}

}  // namespace

std::vector<supervised_child> plan_rings(caf::actor_system& system, const services_ptr& s) {
  auto chain = *s->trust->verified();
  auto& configuration = *chain.current;
  std::vector<supervised_child> children;
  ring_asker_config root{s->trust->cluster(), configuration.root, "root", s->link.port, {}, link::traffic_class::foreground};
  ring_asker_config object{s->trust->cluster(), configuration.object, "object", s->link.port, {}, link::traffic_class::foreground};
  if (auto seat = configuration.root.seat_of(s->self())) {
    root.local = {*seat, s->gate};
    object.local = {*configuration.object.seat_of(s->self()), s->gate};
    auto identity = s->keeper->get();
    children.push_back(plan_member(system, s, "root", configuration.root, identity->root_seat_seed,
                                   [chain] { return std::make_unique<ring::root_state>(chain); }));
    children.push_back(plan_member(system, s, "object", configuration.object, identity->object_seat_seed, [chain] {
      return std::make_unique<ring::object_state>(*chain.current, chain.genesis.rules);
    }));
    if (!identity->voted) {
      auto saved = s->keeper->change([](node_identity& i) { i.voted = true; });
      if (!saved) s->disk_failed = true;
    }
  }
  s->set_rings({spawn_ring_asker(system, std::move(root)), spawn_ring_asker(system, std::move(object))});
  return children;
}

}  // namespace holdfast::actors

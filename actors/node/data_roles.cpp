#include "actors/node/data_roles.hpp"

#include "actors/archive/archive_role.hpp"
#include "actors/node/watching.hpp"
#include "actors/replica/replica_role.hpp"
#include "actors/router/router_role.hpp"

namespace holdfast::actors {

namespace {

/// What `start` made gets the messages of its kind.
std::function<caf::actor()> subscribed(link_port_ptr links, link::message_kind kind, std::function<caf::actor()> start) {
  return [links, kind, start] {
    auto role = start();
    links->subscribe(kind, role);
    return role;
  };
}

supervised_child plan_archive(caf::actor_system& system, const services_ptr& s) {
  supervised_child child;
  child.spec.id = "archive";
  child.probe = "archive";
  child.start = watching(s->link.port, [&system, s] {
    archive_config config{s->self(), crypto::signing_key::from_seed(s->keeper->get()->identity_seed), s->trust->configuration()->object.id,
                          s->rings()->object};
    config.trust = s->trust;
    config.links = s->link.port;
    config.board = s->board;
    config.gate = s->archive_gate;
    config.extents = s->extents;
    config.database = s->database;
    config.stores = s->stores;
    config.capacity_bytes = s->config.archive_capacity_bytes;
    config.uncommitted_bytes_max = s->config.uncommitted_bytes;
    auto server = caf::actor_cast<caf::actor>(spawn_archive_role(system, std::move(config)));
    caf::anon_send(s->archive_gate, archive_serves_atom::value, server);
    caf::anon_send(s->archive_gate, archive_asks_atom::value, archive_asker::repair, server);
    return server;
  });
  return child;
}

supervised_child plan_router(caf::actor_system& system, const services_ptr& s) {
  supervised_child child;
  child.spec.id = "router";
  child.probe = "router";
  child.start = subscribed(s->link.port, link::message_kind::mesh, [&system, s] {
    router_role_config config{s->self(), crypto::signing_key::from_seed(s->keeper->get()->identity_seed), s->trust, s->link.port, s->board};
    auto router = spawn_router_role(system, std::move(config));
    s->set_router(router);
    return caf::actor_cast<caf::actor>(router);
  });
  return child;
}

supervised_child plan_replica(caf::actor_system& system, const services_ptr& s) {
  supervised_child child;
  child.spec.id = "secondary";
  child.probe = "secondary";
  child.start = watching(s->link.port, subscribed(s->link.port, link::message_kind::replica, [&system, s] {
    replica_role_config config{s->self(), s->trust->cluster(), s->trust->configuration()->object, s->config.secondary_cache_bytes};
    config.links = s->link.port;
    config.board = s->board;
    config.ring_asker = s->rings()->object;
    config.archive = s->archive_gate;
    config.router = [weak = std::weak_ptr<node_services>(s)] {
      auto alive = weak.lock();
      return alive ? alive->router() : router_actor();
    };
    auto replica = caf::actor_cast<caf::actor>(spawn_replica_role(system, std::move(config)));
    caf::anon_send(s->archive_gate, archive_asks_atom::value, archive_asker::secondary, replica);
    return replica;
  }));
  return child;
}

}  // namespace

std::vector<supervised_child> plan_data(caf::actor_system& system, const services_ptr& s) {
  std::vector<supervised_child> children;
  if (s->config.roles.contains(identity::role_kind::router)) children.push_back(plan_router(system, s));
  if (s->extents) children.push_back(plan_archive(system, s));
  if (s->config.roles.contains(identity::role_kind::secondary)) children.push_back(plan_replica(system, s));
  return children;
}

}  // namespace holdfast::actors

#include "actors/node/data_roles.hpp"

#include "actors/archive/archive_role.hpp"
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

/// What `start` made hears of links; the one before it no longer does.
std::function<caf::actor()> watching(link_port_ptr links, std::function<caf::actor()> start) {
  return [links, start, before = caf::actor()]() mutable {
    if (before) links->unwatch(before);
    before = start();
    links->watch(before);
    return before;
  };
}

supervised_child plan_archive(caf::actor_system& system, const services_ptr& s) {
  supervised_child child;
  child.spec.id = "archive";
  child.probe = "archive";
  child.start = watching(s->link.port, subscribed(s->link.port, link::message_kind::archive, [&system, s] {
    archive_config config{s->self(), crypto::signing_key::from_seed(s->keeper->get().identity_seed), s->trust->configuration()->object.id,
                          s->rings()->object};
    config.trust = s->trust;
    config.links = s->link.port;
    config.board = s->board;
    config.extents = s->extents;
    config.database = s->database;
    config.stores = s->stores;
    config.capacity_bytes = s->config.archive_capacity_bytes;
    config.uncommitted_bytes_max = s->config.uncommitted_bytes;
    return caf::actor_cast<caf::actor>(spawn_archive_role(system, std::move(config)));
  }));
  return child;
}

supervised_child plan_router(caf::actor_system& system, const services_ptr& s) {
  supervised_child child;
  child.spec.id = "router";
  child.probe = "router";
  child.start = subscribed(s->link.port, link::message_kind::mesh, [&system, s] {
    router_role_config config{s->self(), crypto::signing_key::from_seed(s->keeper->get().identity_seed), s->trust, s->link.port, s->board};
    return caf::actor_cast<caf::actor>(spawn_router_role(system, std::move(config)));
  });
  return child;
}

}  // namespace

std::vector<supervised_child> plan_data(caf::actor_system& system, const services_ptr& s) {
  std::vector<supervised_child> children;
  if (s->config.roles.contains(identity::role_kind::router)) children.push_back(plan_router(system, s));
  if (s->extents) children.push_back(plan_archive(system, s));
  return children;
}

}  // namespace holdfast::actors

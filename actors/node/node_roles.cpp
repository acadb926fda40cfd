#include "actors/node/node_roles.hpp"

#include <caf/scoped_actor.hpp>

#include "actors/node/data_roles.hpp"
#include "actors/node/rings.hpp"
#include "actors/node/watching.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

/// What a group's death costs: a pause, and after the third within ten minutes the node.
supervision::supervisor_spec node_spec() {
  supervision::supervisor_spec spec;
  spec.id = "node";
  spec.intensity = 3;
  spec.window = 10min;
  spec.wait = {5s, 60s, 5min};
  return spec;
}

}  // namespace

/// A group is a supervisor of its own, so that what cannot be kept alive takes down its like and nothing else.
supervised_child node_roles::group(std::string id, std::function<std::vector<supervised_child>()> children) {
  supervised_child child;
  child.spec.id = id;
  child.start = [this, id, children] {
    supervision::supervisor_spec spec;
    spec.id = id;
    auto supervisor = spawn_supervisor(system_, {spec, children(), "supervisor/node", services_->board});
    return caf::actor_cast<caf::actor>(*supervisor);
  };
  return child;
}

supervised_child node_roles::plan_membership() {
  supervised_child child;
  child.spec.id = "responsible-party";
  child.probe = "responsible-party";
  child.start = watching(services_->link.port, [&system = system_, services = services_] {
    auto& s = *services;
    membership_config config;
    config.keeper = s.keeper;
    config.trust = s.trust;
    config.link = s.link;
    config.board = s.board;
    config.name = s.config.name;
    config.self.cluster = s.trust->cluster();
    config.self.boot = s.boot;
    config.advert.address = s.config.advertise;
    config.advert.roles = s.config.roles;
    config.advert.labels = s.config.labels;
    config.advert.archive_capacity_bytes = s.config.archive_capacity_bytes;
    config.rings = [services] { return services->rings(); };
    config.on_revoked = [weak = std::weak_ptr<node_services>(services)](bool revoked) {
      if (auto alive = weak.lock()) alive->revoked = revoked;
    };
    config.on_configured = [weak = std::weak_ptr<node_services>(services)] {
      if (auto alive = weak.lock()) alive->configured = true;
    };
    return caf::actor_cast<caf::actor>(spawn_membership(system, std::move(config)));
  });
  return child;
}

outcome node_roles::start() {
  services_->gate = spawn_ring_gate(system_, services_->link.port);
  services_->archive_gate = spawn_archive_gate(system_, services_->link.port);
  auto supervisor = spawn_supervisor(system_, {node_spec(), {}, "", services_->board});
  root_ = caf::actor_cast<caf::actor>(*supervisor);
  root_->attach_functor([services = services_](const caf::error& reason) {
    if (reason && reason != caf::exit_reason::user_shutdown) services->roles_failed = true;
  });
  // Nobody starts the links anew: all hold them. Without them the node would live on unreachable.
  caf::actor_cast<caf::actor>(services_->link.manager)->attach_functor([services = services_](const caf::error& reason) {
    if (!reason || reason == caf::exit_reason::user_shutdown) return;
    services->board->note(introspection::severity::error, "links-failed", services->config.name,
                          "the node's links have failed and it ends; start it again");
    services->roles_failed = true;
  });
  caf::anon_send(root_, group("membership", [this] { return std::vector{plan_membership()}; }));
  caf::anon_send(root_, group("windows", [this] { return std::vector{plan_monitor(system_, services_, window_)}; }));
  auto dashboard = start_dashboard(services_, window_);
  if (!dashboard) return fail(dashboard.error());
  dashboard_ = std::move(*dashboard);
  return {};
}

void node_roles::start_rings() {
  if (rings_started_) return;
  rings_started_ = true;
  auto members = plan_rings(system_, services_);
  caf::anon_send(root_, group("rings", [members] { return members; }));
  caf::anon_send(root_, group("data", [this] { return plan_data(system_, services_); }));
}

void node_roles::stop() {
  caf::scoped_actor self{system_};
  self->monitor(root_);
  caf::anon_send(root_, supervisor_stop_atom::value);
  self->receive([](const caf::down_msg&) {}, caf::after(8s) >> [] {});
  ended_ = true;
}

}  // namespace holdfast::actors

// The roles of a node under their supervisors: what is started when, and how it ends.
//
//   node
//   ├── membership   responsible party
//   ├── windows      monitor
//   ├── rings        inner-ring members, once genesis is complete
//   └── data         router, archive server, secondary replica, once the rings can be asked
#pragma once

#include <atomic>

#include "actors/node/windows.hpp"

namespace holdfast::actors {

/// Belongs to the main thread.
class node_roles {
 public:
  node_roles(caf::actor_system& system, services_ptr services) : system_(system), services_(std::move(services)) {}

  /// Starts membership and what needs no ring.
  outcome start();

  /// Genesis is complete: starts the ring members and what rests on them. Once.
  void start_rings();

  /// Stops everything in reverse order and waits for it.
  void stop();
  bool ended() const { return ended_; }

 private:
  supervised_child group(std::string id, std::function<std::vector<supervised_child>()> children);
  supervised_child plan_membership();

  caf::actor_system& system_;
  services_ptr services_;
  std::shared_ptr<view_window> window_ = std::make_shared<view_window>();
  std::unique_ptr<introspection::dashboard_server> dashboard_;
  caf::actor root_, membership_;
  bool rings_started_ = false;
  std::atomic<bool> ended_{false};
};

}  // namespace holdfast::actors

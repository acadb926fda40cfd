// What the roles of a node share: links, trust, stores, threads. Made once at the start, before any role, and outliving all.
#pragma once

#include <atomic>

#include "actors/archive/archive_gate.hpp"
#include "actors/base/work_pool.hpp"
#include "actors/membership/membership.hpp"
#include "actors/node/node_config.hpp"
#include "actors/ring/log_writer.hpp"
#include "actors/ring/ring_gate.hpp"
#include "actors/router/router_iface.hpp"
#include "storage/block_store.hpp"
#include "storage/extent_store.hpp"

namespace holdfast::actors {

struct node_services {
  node_config config;
  wall_time started;
  std::uint64_t boot = 0;
  board_ptr board = std::make_shared<status_board>();
  std::unique_ptr<storage::data_directory> directory;
  std::shared_ptr<identity_keeper> keeper;
  trust_ptr trust;
  links link;
  std::shared_ptr<storage::database_memory> memory;
  std::shared_ptr<storage::database> database;
  std::shared_ptr<storage::block_store> blocks;
  std::shared_ptr<storage::extent_store> extents;
  std::shared_ptr<log_writer> log;
  std::shared_ptr<work_pool> stores, compute;
  ring_gate_actor gate;
  archive_gate_actor archive_gate;

  /// How to ask the rings: nothing before genesis is complete.
  std::optional<rings_ready> rings() const {
    std::lock_guard guard(mutex_);
    return rings_;
  }
  void set_rings(rings_ready rings) {
    std::lock_guard guard(mutex_);
    rings_ = std::move(rings);
  }

  /// The router that lives here now, if this node has the role. What was published through one before it must be published again.
  router_actor router() const {
    std::lock_guard guard(mutex_);
    return router_;
  }
  void set_router(router_actor router) {
    std::lock_guard guard(mutex_);
    router_ = std::move(router);
  }

  /// Handles of actors must not outlive their system: given up once the roles have ended.
  void let_go() {
    std::lock_guard guard(mutex_);
    rings_.reset();
    gate = ring_gate_actor();
    archive_gate = archive_gate_actor();
    router_ = router_actor();
  }

  std::atomic<bool> configured{false};  ///< genesis is complete: the rings may start
  std::atomic<bool> revoked{false};     ///< this node's admission was taken back: nobody speaks with it
  std::atomic<bool> disk_failed{false};
  std::atomic<bool> roles_failed{false};

  node_id self() const { return keeper->get()->node; }

 private:
  mutable std::mutex mutex_;
  std::optional<rings_ready> rings_;
  router_actor router_;
};

using services_ptr = std::shared_ptr<node_services>;

}  // namespace holdfast::actors

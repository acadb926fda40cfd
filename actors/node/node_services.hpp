// What the roles of a node share: links, trust, stores, threads. Made once at the start, before any role, and outliving all.
#pragma once

#include <atomic>

#include "actors/base/work_pool.hpp"
#include "actors/membership/membership.hpp"
#include "actors/node/node_config.hpp"
#include "actors/ring/log_writer.hpp"
#include "actors/ring/ring_gate.hpp"
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
  rings_ready rings;  ///< set once genesis is complete

  std::atomic<bool> disk_failed{false};
  std::atomic<bool> roles_failed{false};

  const node_id& self() const { return keeper->get().node; }
};

using services_ptr = std::shared_ptr<node_services>;

}  // namespace holdfast::actors

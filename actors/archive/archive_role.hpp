// The archive server's role: the shell of `archive::archive_server`, and of what fills in its missing and damaged fragments.
#pragma once

#include "actors/archive/archive_gate.hpp"
#include "actors/archive/archive_iface.hpp"
#include "actors/base/status_board.hpp"
#include "actors/link/link_port.hpp"
#include "actors/membership/trust_store.hpp"
#include "actors/ring/ring_asker.hpp"

namespace holdfast::actors {

struct archive_config {
  node_id self;
  crypto::signing_key key;   ///< the node's identity key: receipts are verified with it
  ring_id ring;              ///< the object ring, whose commits make extents permanent
  ring_asker_actor ring_asker;
  trust_ptr trust;
  link_port_ptr links;
  board_ptr board;
  archive_gate_actor gate;   ///< leads to other askers of this node
  std::shared_ptr<storage::extent_store> extents;
  std::shared_ptr<storage::database> database;
  std::shared_ptr<work_pool> stores;
  std::uint64_t capacity_bytes = 0;  ///< 0: what the disk has
  std::uint64_t uncommitted_bytes_max = ~0ull;  ///< of one client; the cluster's policy may set less
};

/// Its memory is the store: a restart finds what was sealed, and writers send again what was not.
archive_actor spawn_archive_role(caf::actor_system& system, archive_config config);

}  // namespace holdfast::actors

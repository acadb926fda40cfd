// The secondary replica's role: the shell of `replica::secondary_replica`.
#pragma once

#include "actors/archive/archive_gate.hpp"
#include "actors/base/status_board.hpp"
#include "actors/link/link_port.hpp"
#include "actors/replica/replica_iface.hpp"
#include "actors/ring/ring_asker.hpp"
#include "actors/router/router_iface.hpp"

namespace holdfast::actors {

struct replica_role_config {
  node_id self;
  cluster_id cluster;
  identity::ring_description ring;  ///< the object ring
  std::uint64_t budget_bytes = 0;
  link_port_ptr links;
  board_ptr board;
  ring_asker_actor ring_asker;
  archive_gate_actor archive;            ///< leads to this node's own archive server
  std::function<router_actor()> router;  ///< the one that lives here now; an empty handle without one
};

/// What it holds is forgotten by a restart: it fills again as it is read through.
replica_actor spawn_replica_role(caf::actor_system& system, replica_role_config config);

}  // namespace holdfast::actors

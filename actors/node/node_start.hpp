// How a node comes to life: its data directory, its identity (kept, founded or joined), its links and stores.
#pragma once

#include <caf/actor_system.hpp>

#include "actors/node/node_services.hpp"

namespace holdfast::actors {

/// Opens the data directory and decides who this node is. Founding happens here; joining needs links and is finished by `enter_cluster`.
struct start_plan {
  node_identity identity;
  std::optional<identity::token> token;  ///< joining: still to be admitted
  std::optional<identity::profile> operating;  ///< founding: the operator's profile, to be saved before anybody is admitted
};
result<start_plan> plan_start(storage::data_directory& directory, const node_config& config, const start_choice& choice, status_board& board);

/// Opens the stores below the data directory. A database that fails its checks is set aside, and a new one begun with what is good in it;
/// so is one that failed them while the node ran: `known_damaged`.
outcome open_stores(node_services& services, bool known_damaged);

/// Joins, if the plan says so, and writes the node's identity and the disk's label for good.
outcome enter_cluster(caf::actor_system& system, node_services& services, start_plan plan, const start_choice& choice);

}  // namespace holdfast::actors

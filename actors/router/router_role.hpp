// The router's role: the shell of `mesh::router`.
#pragma once

#include "actors/base/status_board.hpp"
#include "actors/link/link_port.hpp"
#include "actors/membership/trust_store.hpp"
#include "actors/router/router_iface.hpp"

namespace holdfast::actors {

struct router_role_config {
  node_id self;
  crypto::signing_key key;  ///< the node's identity key
  trust_ptr trust;
  link_port_ptr links;
  board_ptr board;
};

/// What it publishes and keeps is forgotten by a restart; publishers publish again, roots are told again.
router_actor spawn_router_role(caf::actor_system& system, router_role_config config);

}  // namespace holdfast::actors

// Joining a cluster, as a newcomer does it: by any member's address and a token that pins the cluster.
//
// Blocks its caller for as long as the network takes, within deadlines: used where a process starts, by nodes and by clients
// that make a profile.
#pragma once

#include <caf/actor_system.hpp>

#include "actors/link/link_iface.hpp"
#include "actors/membership/trust_store.hpp"
#include "protocols/membership/membership_messages.hpp"

namespace holdfast::actors {

struct newcomer {
  identity::token token;
  crypto::signing_key identity;
  digest tls_key;
  std::string name;
  std::string dial_back;  ///< HOST:PORT; empty for clients
};

struct joined {
  identity::admission admission;
  ring::admission_proof proof;
  std::map<node_id, std::string> members;  ///< addresses that were told, unproven
};

/// Asks the member at `seed` for admission. `trust` learns the chain first, and pins it.
result<joined> join_cluster(caf::actor_system& system, const links& link, trust_store& trust, const std::string& seed, const newcomer& who);

/// One membership request to a node that is linked or known. A refusal is an error, with the node's code and sentence.
result<membership::reply> ask_member(const links& link, const node_id& node, membership::request what, duration patience = std::chrono::seconds(12));

}  // namespace holdfast::actors

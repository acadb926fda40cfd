// The door to a node's ring members: links and local askers speak to it, and it knows which member serves which ring now.
// A member that was restarted or moved here registers anew; nobody else keeps its handle.
#pragma once

#include "actors/ring/ring_iface.hpp"

namespace holdfast::actors {

/// A ring's member lives here from now on.
struct ring_registration {
  ring_id ring;
  ring_member_actor member;
};

using ring_gate_actor = caf::typed_actor<
    // A message of kind agreement or ring: passed to the member of the ring it names.
    caf::reacts_to<inbound>,
    caf::reacts_to<ring_registration>,
    // A request of this node.
    caf::replies_to<ring_ask_atom, ring_id, ring::service_body>::with<ring_answer>>;

ring_gate_actor spawn_ring_gate(caf::actor_system& system, link_port_ptr links);

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_registration)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::ring_id)

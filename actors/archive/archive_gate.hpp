// The door for archive messages of a node: requests go to its archive server, answers to whoever of its actors asked.
//
// One actor is subscribed to the kind, whoever lives here and however often each is started anew. This node's own server is asked
// through the gate too: links lead to others only.
#pragma once

#include "actors/archive/archive_wire.hpp"
#include "actors/link/link_port.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace holdfast::actors {

using archive_serves_atom = caf::atom_constant<caf::atom("arcserve")>;
using archive_asks_atom = caf::atom_constant<caf::atom("arcasks")>;

using archive_gate_actor = caf::typed_actor<
    // A message of a peer, or of this node to itself.
    caf::reacts_to<inbound>,
    // The archive server lives here from now on.
    caf::reacts_to<archive_serves_atom, caf::actor>,
    // Answers with these ids go to this actor from now on.
    caf::reacts_to<archive_asks_atom, archive_asker, caf::actor>>;

archive_gate_actor spawn_archive_gate(caf::actor_system& system, link_port_ptr links);

/// A message of this node to itself, as the gate passes it on.
inbound archive_message_from(const node_id& self, bytes sealed);

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::archive_asker)

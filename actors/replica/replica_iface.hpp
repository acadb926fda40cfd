// A secondary replica: what it is told by links, by its node and by time.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/link/link_types.hpp"

namespace holdfast::actors {

using replica_tick_atom = caf::atom_constant<caf::atom("repltick")>;
using replica_beat_atom = caf::atom_constant<caf::atom("replbeat")>;

using replica_actor = caf::typed_actor<
    // A member's question, or an archive server's answer.
    caf::reacts_to<inbound>,
    // A link broke, or a peer cannot be reached.
    caf::reacts_to<peer_down>,
    caf::reacts_to<dial_failed>,
    // Time passes: while fragments are on their way; and to say how it does, and to announce itself to a new router.
    caf::reacts_to<replica_tick_atom>,
    caf::reacts_to<replica_beat_atom>>;

}  // namespace holdfast::actors

// The responsible party's front on every node: joins, founding, operators' statements, the directory.
#pragma once

#include "actors/ring/ring_asker.hpp"

namespace holdfast::actors {

using membership_tick_atom = caf::atom_constant<caf::atom("memtick")>;

/// How to ask the rings.
struct rings_ready {
  ring_asker_actor root, object;
};

using membership_actor = caf::typed_actor<
    // A membership request of a peer or a stranger.
    caf::reacts_to<inbound>,
    // What links tell their watchers: whether this node's admission is still taken.
    caf::reacts_to<peer_up>, caf::reacts_to<peer_down>, caf::reacts_to<dial_failed>,
    // Time passes: founding, adverts, the directory and renewals go on.
    caf::reacts_to<membership_tick_atom>>;

}  // namespace holdfast::actors

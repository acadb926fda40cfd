// An archive server: what it can be told by other actors of its node.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/archive/archive_store.hpp"
#include "actors/link/link_types.hpp"

namespace holdfast::actors {

using archive_tick_atom = caf::atom_constant<caf::atom("arctick")>;
using archive_sweep_atom = caf::atom_constant<caf::atom("arcsweep")>;
using archive_fill_atom = caf::atom_constant<caf::atom("arcfill")>;

using archive_actor = caf::typed_actor<
    // An archive message of a peer: a request, or the answer to one of this server's own.
    caf::reacts_to<inbound>,
    // Links came up or broke.
    caf::reacts_to<peer_up>,
    caf::reacts_to<peer_down>,
    // The store's answers.
    caf::reacts_to<store_answer>,
    // Time passes: for the server, for the sweep, and for what is being rebuilt.
    caf::reacts_to<archive_tick_atom>,
    caf::reacts_to<archive_sweep_atom>,
    caf::reacts_to<archive_fill_atom>>;

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::store_answer)

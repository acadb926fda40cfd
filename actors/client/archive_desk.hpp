// Where this process's archive business with servers runs: one actor for the extents on their way out and the blocks on their way in,
// since a kind of message has one subscriber. What the two share is sending.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/atom.hpp>

#include "actors/client/block_fetches.hpp"
#include "actors/client/extent_stream.hpp"

namespace holdfast::actors {

/// Ends the desk once it has done what was asked of it before.
using desk_close_atom = caf::atom_constant<caf::atom("deskclose")>;

caf::actor spawn_archive_desk(caf::actor_system& system, link_port_ptr links, std::shared_ptr<server_memory> memory);

}  // namespace holdfast::actors

// A supervisor: starts its children, watches them, and does what the pure planner of `protocols/supervision` decides.
//
// A child that dies is started again by its own start function, which also makes the new handle known to whoever needs it.
// What cannot be kept alive is escalated: the supervisor dies with the cause, and its own supervisor, or the node, goes on.
#pragma once

#include <functional>

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/base/status_board.hpp"
#include "protocols/supervision/supervisor_planner.hpp"

namespace holdfast::actors {

using supervisor_timer_atom = caf::atom_constant<caf::atom("suptimer")>;
using supervisor_kill_atom = caf::atom_constant<caf::atom("supkill")>;
using supervisor_stop_atom = caf::atom_constant<caf::atom("supstop")>;

struct supervised_child {
  supervision::child_spec spec;
  std::function<caf::actor()> start;
  std::string probe;  ///< its id on the status board, which keeps the cause of its last death; empty for a supervisor
};

using supervisor_actor = caf::typed_actor<
    // A wait of the planner is over.
    caf::reacts_to<supervisor_timer_atom, std::uint64_t>,
    // A child had its grace to stop in; if it is still there it is killed.
    caf::reacts_to<supervisor_kill_atom, std::string, caf::actor>,
    // A further child, started behind the others.
    caf::reacts_to<supervised_child>,
    // Stop all children in reverse order, then end.
    caf::reacts_to<supervisor_stop_atom>>;

struct supervisor_config {
  supervision::supervisor_spec spec;  ///< `children` is filled in from the list below
  std::vector<supervised_child> children;
  std::string parent;
  board_ptr board;
};

/// Ends with an error if it gives up, normally once it was asked to stop. `errc::malformed` if the specification cannot be run.
result<supervisor_actor> spawn_supervisor(caf::actor_system& system, supervisor_config config);

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::supervised_child)

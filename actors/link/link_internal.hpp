// What manager, sessions and port say to each other inside this folder.
#pragma once

#include <caf/atom.hpp>

#include "actors/link/link_types.hpp"

namespace holdfast::actors {

using dial_atom = caf::atom_constant<caf::atom("dial")>;          ///< port → manager: a lane has messages and no session
using wake_atom = caf::atom_constant<caf::atom("wake")>;          ///< port → session: the lane has messages
using consumed_atom = caf::atom_constant<caf::atom("consumed")>;  ///< → session: received bodies were let go
using budget_poll_atom = caf::atom_constant<caf::atom("budgetpoll")>;  ///< a paused session looks whether it may read again
using beat_atom = caf::atom_constant<caf::atom("beat")>;          ///< a session's or the manager's own regular timer
using deadline_atom = caf::atom_constant<caf::atom("deadline")>;  ///< a session's handshake or goodbye took too long
using answered_atom = caf::atom_constant<caf::atom("answered")>;  ///< manager to itself: an `ask` has its response
using end_atom = caf::atom_constant<caf::atom("end")>;            ///< manager → session: close for this reason

/// Session → manager.
struct session_started {
  std::uint64_t serial;
  peer_ptr peer;
  link::traffic_class lane;
};
struct session_ended {
  std::uint64_t serial;
  link::refusal_reason reason;
  std::string text;
  bool by_peer = false;       ///< the peer said so
  bool was_up = false;
  bool lane_waiting = false;  ///< messages wait for a new session
};
/// The session's socket is closed: until then it counts.
struct session_gone {
  std::uint64_t serial;
};
/// A dialled session, or one of a stranger, has had no message for a while; the manager closes it unless its peer is kept.
struct session_idle {
  std::uint64_t serial;
};
/// Resolver → manager: numeric addresses of what was to be dialled; empty if the name is unknown.
struct resolved {
  std::uint64_t dial;
  bool peer_known;  ///< a peer in particular is dialled there
  std::vector<std::string> addresses;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::session_started)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::session_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::session_gone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::session_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::resolved)

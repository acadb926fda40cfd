// The actor that owns all connections of a process: what it can be told and asked. Messages to peers go through its
// `link_port`; a process that only dials simply never sends it `listen`.
#pragma once

#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/link/link_port.hpp"
#include "actors/link/link_types.hpp"

namespace holdfast::actors {

using listen_atom = caf::atom_constant<caf::atom("listen")>;
using connect_atom = caf::atom_constant<caf::atom("connect")>;
using keep_atom = caf::atom_constant<caf::atom("keep")>;
using release_atom = caf::atom_constant<caf::atom("release")>;
using identify_atom = caf::atom_constant<caf::atom("identify")>;
using recheck_atom = caf::atom_constant<caf::atom("recheck")>;
using ask_atom = caf::atom_constant<caf::atom("ask")>;
using sessions_atom = caf::atom_constant<caf::atom("sessions")>;
using close_atom = caf::atom_constant<caf::atom("close")>;

using link_manager_actor = caf::typed_actor<
    // Listens on HOST:PORT (port 0: any); answers the port, or that the address cannot be bound.
    caf::replies_to<listen_atom, std::string>::with<listening>,
    // Dials an address for one class, whoever is there; answers the peer once the session is up, or why it is not.
    caf::replies_to<connect_atom, std::string, link::traffic_class>::with<connected>,
    // Keeps agreement and foreground links to this peer alive: dials at once, and again with backoff whenever one is lost.
    caf::reacts_to<keep_atom, node_id, std::vector<std::string>>,
    // No longer keeps the peer's links; they close when idle.
    caf::reacts_to<release_atom, node_id>,
    // What hellos say from now on; the cluster stays. A changed admission is shown on all links that are up, ahead of whatever
    // is sent after this.
    caf::reacts_to<identify_atom, link::local_identity>,
    // Verifies the admissions of all open sessions anew (after a revocation).
    caf::reacts_to<recheck_atom>,
    // Sends a request and answers with the peer's reply or why there is none. The duration is the reply's deadline.
    caf::replies_to<ask_atom, outgoing, duration>::with<response>,
    // All sessions that are up.
    caf::replies_to<sessions_atom>::with<std::vector<session_status>>,
    // Closes the listener and all connections in an orderly way; then the actor ends.
    caf::reacts_to<close_atom>>;

struct links {
  link_manager_actor manager;
  link_port_ptr port;
};

/// Starts the links of a process; `system` must have been configured by `configure_links`, `config.tls` be checked. Send
/// `close` before the system is to end: it waits for all actors.
links start_links(caf::actor_system& system, link_config config);

/// Loads the middleman and sets what the links want of CAF: no BASP workers, short read bursts, the `sharing` scheduler.
void configure_links(caf::actor_system_config& config);

}  // namespace holdfast::actors

// The links for threads that wait: commands, and a process that starts. Never to be called by an actor.
#pragma once

#include <chrono>

#include <caf/actor_system.hpp>

#include "actors/link/link_iface.hpp"

namespace holdfast::actors {

/// Dials all addresses at once for a foreground link: the first who answers will do, and a dead or frozen one costs nothing.
/// `unavailable` if nobody does in time, with the reasons of the first. `denied` if they turn this process away for who it is: all of them, or
/// as many as `convincing`, of which one at least tells the truth.
result<peer_ptr> reach(caf::actor_system& system, const links& link, const std::vector<std::string>& addresses, std::size_t convincing,
                       duration patience = std::chrono::seconds(6));

/// Sends a request and waits for its answer, for a second longer than `patience` at most.
result<inbound> ask(const links& link, outgoing question, duration patience);

}  // namespace holdfast::actors

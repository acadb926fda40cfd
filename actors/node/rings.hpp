// Starts a node's ring members and askers once genesis is complete.
#pragma once

#include "actors/node/node_services.hpp"
#include "actors/supervision/supervisor.hpp"

namespace holdfast::actors {

/// The children of the rings' supervisor: this node's seats, if it has any. The askers are made here too and put into `services`.
std::vector<supervised_child> plan_rings(caf::actor_system& system, const services_ptr& services);

}  // namespace holdfast::actors

// The roles that hold and find data; they start once the rings can be asked.
#pragma once

#include "actors/node/node_services.hpp"
#include "actors/supervision/supervisor.hpp"

namespace holdfast::actors {

/// The children of the data roles' supervisor: those that the node's manifest names.
std::vector<supervised_child> plan_data(caf::actor_system& system, const services_ptr& services);

}  // namespace holdfast::actors

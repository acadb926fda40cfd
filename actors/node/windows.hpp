// How a node is seen: the monitor role, and the dashboard's server on its own thread.
#pragma once

#include "actors/monitor/monitor.hpp"
#include "actors/node/node_services.hpp"
#include "actors/supervision/supervisor.hpp"
#include "introspection/dashboard/dashboard_server.hpp"

namespace holdfast::actors {

/// What a node's own state is, as a whole: starting until its rings can be asked and the directory lists it, catching-up while
/// one of its ring members does, then serving.
introspection::life state_of(const node_services& services);

/// The monitor, to be supervised.
supervised_child plan_monitor(caf::actor_system& system, const services_ptr& services, const std::shared_ptr<view_window>& window);

/// Starts the dashboard if the manifest wants one. Its key is kept in `dashboard.key` in the data directory, mode 0600.
result<std::unique_ptr<introspection::dashboard_server>> start_dashboard(const services_ptr& services, const std::shared_ptr<view_window>& window);

}  // namespace holdfast::actors

// A node's figures for /metrics and for its status: what its links, actors, rings and archive have counted, gathered when asked.
#pragma once

#include "actors/node/node_services.hpp"

namespace holdfast::actors {

/// The whole page, Prometheus text; from any thread.
std::string metrics_page(const node_services& services, introspection::life state);

/// The few totals that travel in the node's status to every monitor, by metric name.
std::map<std::string, std::uint64_t> status_counters(const node_services& services);

}  // namespace holdfast::actors

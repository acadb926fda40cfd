// What a role that must hear of links is started by.
#pragma once

#include <functional>

#include "actors/link/link_port.hpp"

namespace holdfast::actors {

/// What `start` made hears of links; the one before it no longer does.
inline std::function<caf::actor()> watching(link_port_ptr links, std::function<caf::actor()> start) {
  return [links, start, before = caf::actor()]() mutable {
    if (before) links->unwatch(before);
    before = start();
    links->watch(before);
    return before;
  };
}

}  // namespace holdfast::actors

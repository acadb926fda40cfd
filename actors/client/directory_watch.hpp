// Keeps a client's directory fresh, so that it learns of new servers and of revoked members while it works, not only when it begins.
//
// Each round asks b + 1 members of the root ring: one of them tells the truth, and what they tell proves itself, so no member can keep a
// client on an old directory.
#pragma once

#include <caf/actor_system.hpp>

#include "actors/link/link_iface.hpp"
#include "actors/membership/trust_store.hpp"

namespace holdfast::actors {

/// A round each 2 s. A newer directory goes into `trust`, its addresses to the links, and open sessions are looked at again.
caf::actor spawn_directory_watch(caf::actor_system& system, links link, trust_ptr trust);

}  // namespace holdfast::actors

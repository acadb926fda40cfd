// Where fragments go: a pure function of the directory and the extent's name, so that the writer computes it and every ring
// replica recomputes the same.
//
// Rendezvous hashing (Thaler and Ravishankar 1998) ranks the servers anew for each extent, so load spreads and a server that
// comes or goes moves only its own share. Independence goes first: the next server is always one whose operator, then site,
// then rack, has been chosen least often so far; rank only breaks ties. Integers and bytes alone: the same on every machine.
#pragma once

#include <set>

#include "protocols/archive/archive_types.hpp"
#include "protocols/identity/identity_types.hpp"

namespace holdfast::archive {

/// Servers an extent may be dispersed to, first choice first: the n slots' servers and as many spares.
constexpr std::size_t placement_candidates(coding code) { return 2 * std::size_t{code.n}; }

/// The directory's archive servers that are not revoked, best placed first, at most `count` of them.
std::vector<node_id> placement_order(const identity::directory& directory, const extent_id& extent,
                                     std::size_t count = static_cast<std::size_t>(-1));

/// Which of `reachable` should fill one vacant slot of `record`: the one most independent of the slots' present holders.
/// Nothing if every reachable server holds a slot already. `passed_over` are servers that had their turn.
std::optional<node_id> filler_for(const coding_record& record, const identity::directory& directory, const std::set<node_id>& reachable,
                                  const std::set<node_id>& passed_over = {});

}  // namespace holdfast::archive

// Members that lie: the real engine inside, a mask that changes what goes out and comes in. A liar signs with its own key and
// speaks on its own links alone, as a captured server would.
#pragma once

#include "tests/simulation/agreement/member.hpp"

namespace holdfast::simulation {

/// The mask for every behaviour but `equivocate`, which takes two engines: see `twin_mask`.
member::mask mask_for(behaviour how, ring_world& world, std::uint64_t seed);

/// Twins (Bano et al., 2020): one seat and key, two engines. At each moment every other member is on one twin's side and hears
/// and is heard by that twin alone; the sides are drawn anew now and then. `side` is 0 or 1; both twins get the same seed.
member::mask twin_mask(ring_world& world, std::uint64_t seed, int side);

}  // namespace holdfast::simulation

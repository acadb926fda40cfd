#include "protocols/link/backoff.hpp"

#include <algorithm>

namespace holdfast::link {

duration backoff::next(random_source& random) {
  auto half = step_ / 2;
  auto wait = half + duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(half.count()) + 1)));
  step_ = std::min(max_, step_ * 2);
  return wait;
}

}  // namespace holdfast::link

#include "protocols/link/backoff.hpp"

#include <algorithm>

namespace holdfast::link {

duration backoff::next(random_source& random, duration longest) {
  step_ = std::min(longest, step_);
  auto half = step_ / 2;
  auto wait = half + duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(half.count()) + 1)));
  step_ = std::min(longest, step_ * 2);
  return wait;
}

}  // namespace holdfast::link

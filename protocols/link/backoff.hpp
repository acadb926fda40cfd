// Reconnection: exponential, with full jitter above half the step, so that peers of a node that returns do not come at once.
#pragma once

#include "protocols/base/random.hpp"
#include "protocols/link/link_limits.hpp"

namespace holdfast::link {

class backoff {
 public:
  /// How long to wait after another failure: between half the step and the step, which then doubles up to the longest for that failure.
  duration next(random_source& random, duration longest = limits::backoff_max);
  void reset() { step_ = limits::backoff_min; }

 private:
  duration step_ = limits::backoff_min;
};

}  // namespace holdfast::link

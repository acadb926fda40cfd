// Reconnection: exponential, with full jitter above half the step, so that peers of a node that returns do not come at once.
#pragma once

#include "protocols/base/random.hpp"
#include "protocols/link/link_limits.hpp"

namespace holdfast::link {

class backoff {
 public:
  explicit backoff(duration min = limits::backoff_min, duration max = limits::backoff_max) : min_(min), max_(max), step_(min) {}

  /// How long to wait after another failure: between half the step and the step, which then doubles up to the maximum.
  duration next(random_source& random);
  void reset() { step_ = min_; }

 private:
  duration min_, max_, step_;
};

}  // namespace holdfast::link

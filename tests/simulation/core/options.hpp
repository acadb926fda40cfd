// The knobs of the virtual world; a scenario file sets them by these names. Probabilities are per message or operation.
#pragma once

#include <chrono>

#include "protocols/base/random.hpp"
#include "protocols/base/time.hpp"

namespace holdfast::simulation {

using namespace std::chrono_literals;

struct network_options {
  duration delay_min = 100us;
  duration delay_max = 800us;   ///< uniform between the two; a pair's messages keep their order
  double loss = 0;              ///< gone
  double duplication = 0;       ///< delivered a second time, later
  double reordering = 0;        ///< held back by up to twenty times `delay_max` and overtaken by later ones
};

struct disk_options {
  duration sync_min = 100us;
  duration sync_max = 2ms;      ///< how long an fsync takes, uniform
  double stall = 0;             ///< an fsync that takes fifty times as long
  double failure = 0;           ///< an fsync that fails: the node must die without having acknowledged
  double torn = 0.5;            ///< at a crash, zeros where bytes that were not yet durable had been
};

struct clock_options {
  std::int64_t drift_ppm_max = 200;    ///< a node's clock runs fast or slow by up to this
  std::int64_t wall_offset_ms_max = 50;  ///< and its date is off by up to this
};

/// A choice with probability `p`.
inline bool chance(random_source& random, double p) {
  return p > 0 && static_cast<double>(random.next_u64() >> 11) * 0x1.0p-53 < p;
}

inline duration between(random_source& random, duration low, duration high) {
  return low + duration(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>((high - low).count()) + 1)));
}

/// One machine's clocks: they start anywhere, drift, and disagree on the date.
class skewed_clock {
 public:
  skewed_clock() = default;
  skewed_clock(const clock_options& options, random_source& random)
      : drift_ppm_(even(random, options.drift_ppm_max)),
        wall_offset_ms_(even(random, options.wall_offset_ms_max)),
        start_(between(random, 0s, 1000s)) {}

  instant now(instant world) const { return instant(start_ + stretch(world.time_since_epoch())); }
  wall_time wall(instant world) const {
    return {wall_start_ms + wall_offset_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(stretch(world.time_since_epoch())).count()};
  }

  /// The world's time when this machine's clock shows `local`, rounded up so that a timer is never early.
  instant world_at(instant local) const {
    auto passed = (local.time_since_epoch() - start_).count();
    return instant(duration(static_cast<std::int64_t>(static_cast<double>(passed) / (1 + static_cast<double>(drift_ppm_) * 1e-6)) + 2));
  }

 private:
  static constexpr std::int64_t wall_start_ms = 1'700'000'000'000;

  static std::int64_t even(random_source& random, std::int64_t max) {
    return static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(max) + 1)) - max;
  }
  duration stretch(duration passed) const { return passed + duration(passed.count() * drift_ppm_ / 1'000'000); }

  std::int64_t drift_ppm_ = 0, wall_offset_ms_ = 0;
  duration start_{};
};

}  // namespace holdfast::simulation

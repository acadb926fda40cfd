// Two kinds of time, which never mix: `instant` is one machine's monotonic time, handed to engines from outside;
// `wall_time` is a date, in the cluster agreed upon batch by batch. Neither has a `now()`: engines read no clock.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace holdfast {

struct monotonic_clock {
  using rep = std::int64_t;
  using period = std::micro;
  using duration = std::chrono::microseconds;
  using time_point = std::chrono::time_point<monotonic_clock>;
  static constexpr bool is_steady = true;
};

using duration = std::chrono::microseconds;
using instant = monotonic_clock::time_point;

/// Milliseconds since 1970-01-01 UTC. Encoded as a signed 64-bit number.
struct wall_time {
  std::int64_t ms = 0;
  auto operator<=>(const wall_time&) const = default;
};

inline wall_time operator+(wall_time t, std::chrono::milliseconds d) { return {t.ms + d.count()}; }
inline wall_time operator-(wall_time t, std::chrono::milliseconds d) { return {t.ms - d.count()}; }
inline std::chrono::milliseconds operator-(wall_time a, wall_time b) { return std::chrono::milliseconds(a.ms - b.ms); }

template <class F>
bool inspect(F& f, wall_time& x) {
  return f.fields("ms", x.ms);
}

}  // namespace holdfast

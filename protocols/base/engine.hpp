// What every engine shares: the time it is handed, and the tickets by which it hears that something is durable.
#pragma once

#include <compare>
#include <cstdint>

#include "protocols/base/time.hpp"

namespace holdfast {

/// The time an input arrived, by both clocks of the machine it arrived at.
struct clock_reading {
  instant now;
  wall_time wall;
};

/// Names one store effect; `on_stored(ticket)` follows once it is durable, never before. Tickets of an engine count up.
struct store_ticket {
  std::uint64_t value = 0;
  auto operator<=>(const store_ticket&) const = default;
};

}  // namespace holdfast

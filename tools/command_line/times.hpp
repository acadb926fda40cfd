// Dates and durations as people write them on a command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/base/time.hpp"

namespace holdfast::tools {

/// A whole number and s, m, h or d: "90s", "15m", "24h", "7d". Positive, at most 100 years.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// A moment: "2026-11-21", "2026-11-21T10:30", "2026-11-21 10:30:05", in this machine's time zone, or with Z in UTC; or "15m ago", or
/// "now". A day, minute or second is meant through its end: so what `holdfast log` prints finds the version it stands beside.
std::optional<wall_time> parse_time(std::string_view text, wall_time now);

/// "2026-11-21 10:30:05" in this machine's time zone.
std::string print_time(wall_time t);

}  // namespace holdfast::tools

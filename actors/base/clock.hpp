// The one place of the room that reads clocks; engines are handed what it read.
#pragma once

#include <chrono>

#include "protocols/base/engine.hpp"

namespace holdfast::actors {

inline instant steady_now() {
  return instant(std::chrono::duration_cast<duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

inline wall_time wall_now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

inline clock_reading read_clock() { return {steady_now(), wall_now()}; }

}  // namespace holdfast::actors

// How much memory this process has resident, as the kernel counts it.
#pragma once

#include <cstdint>
#include <fstream>
#include <unistd.h>

namespace holdfast::actors {

/// Bytes; 0 where /proc is not to be read.
inline std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace holdfast::actors

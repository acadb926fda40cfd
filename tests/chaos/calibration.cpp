#include "tests/chaos/calibration.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>

#include "protocols/crypto/hash.hpp"

namespace holdfast::test {

namespace {

using clock = std::chrono::steady_clock;

double milliseconds_since(clock::time_point begin) { return std::chrono::duration<double, std::milli>(clock::now() - begin).count(); }

double hash_ms() {
  constexpr std::size_t hashed_bytes = 64u << 20;
  const bytes block(1u << 20, 0x5a);
  const auto begin = clock::now();
  crypto::hasher h("holdfast/calibration/v1");
  for (std::size_t done = 0; done < hashed_bytes; done += block.size()) h.update(block);
  h.finish();
  return milliseconds_since(begin);
}

double fsync_ms() {
  constexpr int rounds = 20;
  std::string name = "calibration-XXXXXX";
  const int file = ::mkstemp(name.data());
  if (file < 0) return 0;
  const auto begin = clock::now();
  for (int i = 0; i < rounds; ++i) {
    if (::write(file, name.data(), name.size()) < 0 || ::fdatasync(file) != 0) break;
  }
  const double took = milliseconds_since(begin) / rounds;
  ::close(file);
  ::unlink(name.c_str());
  return took;
}

double measure() {
  constexpr double usual_hash_ms = 60, usual_fsync_ms = 5;
  const double hash = hash_ms(), sync = fsync_ms();
  const double factor = std::clamp(std::max(hash / usual_hash_ms, sync / usual_fsync_ms), 1.0, 8.0);
  std::cout << "calibration: 64 MiB hashed in " << std::lround(hash) << " ms, fsync in " << sync << " ms: deadlines times " << factor << std::endl;
  return factor;
}

}  // namespace

double slowness() {
  static const double factor = measure();
  return factor;
}

std::chrono::seconds within(std::chrono::seconds usually) {
  return std::chrono::seconds(std::lround(static_cast<double>(usually.count()) * slowness()));
}

bool long_run() {
  const char* value = std::getenv("HOLDFAST_LONG");
  return value != nullptr && std::string(value) == "1";
}

}  // namespace holdfast::test

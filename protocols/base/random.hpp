// Randomness is handed to engines from outside: the system's for keys and nonces, a seeded one in the simulator.
#pragma once

#include <array>
#include <cstdint>

#include "protocols/base/bytes.hpp"

namespace holdfast {

class random_source {
 public:
  virtual ~random_source() = default;
  virtual void fill(mutable_bytes_view out) = 0;

  std::uint64_t next_u64();

  /// Uniform in [0, bound), without modulo bias. `bound` must not be zero.
  std::uint64_t below(std::uint64_t bound);

  template <std::size_t N>
  std::array<std::uint8_t, N> array() {
    std::array<std::uint8_t, N> out;
    fill(out);
    return out;
  }
};

/// Deterministic: the same seed gives the same stream on every machine (xoshiro256**, Blackman and Vigna 2018). Never for keys.
class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed);
  void fill(mutable_bytes_view out) override;

 private:
  std::uint64_t step();
  std::array<std::uint64_t, 4> state_;
};

/// The operating system's generator, through libsodium. Stateless, safe from any thread.
class system_random final : public random_source {
 public:
  void fill(mutable_bytes_view out) override;
};

}  // namespace holdfast

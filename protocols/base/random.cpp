#include "protocols/base/random.hpp"

#include <bit>
#include <cassert>
#include <cstring>

#include <sodium.h>

namespace holdfast {

std::uint64_t random_source::next_u64() {
  auto raw = array<8>();
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | raw[static_cast<std::size_t>(i)];
  return value;
}

std::uint64_t random_source::below(std::uint64_t bound) {
  assert(bound > 0);
  auto uneven = (0 - bound) % bound;  // 2^64 mod bound: values below it would weigh more
  for (;;) {
    if (auto value = next_u64(); value >= uneven) return value % bound;
  }
}

seeded_random::seeded_random(std::uint64_t seed) {
  for (auto& word : state_) {  // splitmix64, as the generator's authors advise
    seed += 0x9e3779b97f4a7c15;
    auto z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

std::uint64_t seeded_random::step() {
  auto value = std::rotl(state_[1] * 5, 7) * 9;
  auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return value;
}

void seeded_random::fill(mutable_bytes_view out) {
  while (!out.empty()) {
    auto word = step();
    for (std::size_t i = 0; i < 8 && !out.empty(); ++i) {
      out[0] = static_cast<std::uint8_t>(word >> (8 * i));
      out = out.subspan(1);
    }
  }
}

void system_random::fill(mutable_bytes_view out) { randombytes_buf(out.data(), out.size()); }

}  // namespace holdfast

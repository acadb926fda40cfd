// Integers of fixed width inside headers (little-endian) and database keys (big-endian, so that they sort).
#pragma once

#include <bit>
#include <concepts>
#include <cstring>

#include "protocols/base/bytes.hpp"

namespace holdfast::storage {

static_assert(std::endian::native == std::endian::little);

/// `at` must have room for the value.
template <std::unsigned_integral T>
void put_little(std::uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof(value));
}

template <std::unsigned_integral T>
T get_little(const std::uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

template <std::unsigned_integral T>
void append_big(bytes& to, T value) {
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

template <std::unsigned_integral T>
T get_big(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | at[i]);
  return value;
}

}  // namespace holdfast::storage

// Secrets of fixed size: wiped when they go, compared in constant time, not printable.
#pragma once

#include <algorithm>
#include <array>

#include "protocols/base/bytes.hpp"

namespace holdfast::crypto {

/// Overwrites memory in a way the optimiser keeps.
void wipe(mutable_bytes_view data);

/// Equal in content; takes as long for any content of a length.
bool equal_constant_time(bytes_view a, bytes_view b);

template <std::size_t N>
class secret {
 public:
  secret() = default;
  explicit secret(const std::array<std::uint8_t, N>& value) : value_(value) {}
  secret(const secret&) = default;
  secret& operator=(const secret&) = default;
  ~secret() { wipe(value_); }

  /// `data` must be N bytes long.
  static secret from(bytes_view data) {
    secret s;
    std::copy_n(data.begin(), N, s.value_.begin());
    return s;
  }

  bytes_view view() const { return value_; }
  mutable_bytes_view span() { return value_; }
  bool operator==(const secret& other) const { return equal_constant_time(value_, other.value_); }

  /// Secrets are encoded only into what is itself encrypted: key files, directories, profiles.
  template <class F>
  friend bool inspect(F& f, secret& x) {
    return f.fields("secret", x.value_);
  }
  friend std::string to_string(const secret&) { return "(secret)"; }

 private:
  std::array<std::uint8_t, N> value_{};
};

}  // namespace holdfast::crypto

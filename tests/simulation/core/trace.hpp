// What happened, as a hash and, on demand, as lines. Two runs of one seed have one hash; a run that fails is repeated with
// `--trace` and read.
#pragma once

#include <iostream>
#include <string>
#include <string_view>

#include "protocols/base/bytes.hpp"
#include "protocols/base/time.hpp"

namespace holdfast::simulation {

class trace {
 public:
  explicit trace(bool printing = false) : printing_(printing) {}

  bool printing() const { return printing_; }
  std::uint64_t hash() const { return hash_; }

  /// Mixes an event into the hash. `line` is only called when lines are wanted.
  template <class Line>
  void event(instant now, std::uint32_t node, std::string_view kind, bytes_view detail, Line&& line) {
    mix_number(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    mix_number(node);
    mix(as_bytes_view(kind));
    mix(detail);
    if (printing_) print(now, node, kind, line());
  }

  void event(instant now, std::uint32_t node, std::string_view kind, std::string_view detail) {
    event(now, node, kind, as_bytes_view(detail), [&] { return std::string(detail); });
  }

 private:
  void mix_number(std::uint64_t x) { hash_ = (hash_ ^ x) * prime * prime; }

  /// FNV-1a over words rather than bytes: what is hashed are whole messages, and only equality matters.
  void mix(bytes_view data) {
    for (; data.size() >= 8; data = data.subspan(8)) {
      std::uint64_t word = 0;
      for (int i = 7; i >= 0; --i) word = word << 8 | data[static_cast<std::size_t>(i)];
      hash_ = (hash_ ^ word) * prime;
      hash_ ^= hash_ >> 29;
    }
    for (auto b : data) hash_ = (hash_ ^ b) * prime;
  }

  static void print(instant now, std::uint32_t node, std::string_view kind, const std::string& detail) {
    auto us = now.time_since_epoch().count();
    auto fraction = std::to_string(us % 1000);
    std::cerr << us / 1000 << '.' << std::string(3 - fraction.size(), '0') << fraction << " ms  node " << node << "  " << kind << "  "
              << detail << '\n';
  }

  static constexpr std::uint64_t prime = 1099511628211ull;
  bool printing_;
  std::uint64_t hash_ = 1469598103934665603ull;
};

}  // namespace holdfast::simulation

// How far a transfer is, how fast, and how long it will take. Pure: times are handed in.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "protocols/base/time.hpp"

namespace holdfast::tools {

class progress_meter {
 public:
  /// `total_bytes` is nothing for a stream of unknown length.
  progress_meter(std::string label, std::optional<std::uint64_t> total_bytes, instant start)
      : label_(std::move(label)), total_(total_bytes), start_(start), last_(start) {}

  void update(std::uint64_t done_bytes, instant now);

  /// One line of at most `columns` characters: `name  42% [====>      ]  12.0 MiB/s  0:17 left`.
  std::string line(std::size_t columns) const;

  /// After the end: `name  512 MiB in 4.2 s, 122 MiB/s`.
  std::string summary(instant now) const;

 private:
  std::string label_;
  std::optional<std::uint64_t> total_;
  instant start_, last_;
  std::uint64_t done_ = 0;
  double rate_ = 0;  ///< bytes a second, an exponential mean over about 3 s
};

}  // namespace holdfast::tools

// A latency histogram with buckets of nearly equal relative width, after HdrHistogram (Tene): 16 linear steps per power of
// two, so that any quantile is off by at most 1/16. Values are microseconds from 0 to 2^36 (19 hours); larger ones count as that.
//
// `record` is one relaxed increment from any thread. A reading is not a snapshot: it may miss what is recorded meanwhile.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

namespace holdfast::introspection {

constexpr unsigned histogram_step_bits = 4;
constexpr unsigned histogram_octaves = 33;
constexpr std::size_t histogram_buckets = (histogram_octaves + 1) << histogram_step_bits;

constexpr std::size_t bucket_of(std::uint64_t us) {
  if (us < (1u << histogram_step_bits)) return us;
  unsigned octave = std::bit_width(us) - histogram_step_bits;
  if (octave > histogram_octaves) return histogram_buckets - 1;
  return (static_cast<std::size_t>(octave) << histogram_step_bits) + ((us >> (octave - 1)) & ((1u << histogram_step_bits) - 1));
}

/// The largest value that falls into the bucket.
constexpr std::uint64_t bucket_end_us(std::size_t bucket) {
  auto octave = bucket >> histogram_step_bits;
  auto step = bucket & ((1u << histogram_step_bits) - 1);
  if (octave == 0) return step;
  return (((1ull << histogram_step_bits) + step + 1) << (octave - 1)) - 1;
}

/// Counts per bucket at one moment; plain data, mergeable.
struct histogram_reading {
  std::array<std::uint64_t, histogram_buckets> counts{};
  std::uint64_t count = 0, sum_us = 0;

  /// The value below which `quantile` (0 to 1) of what was recorded lies, rounded up to its bucket's end; 0 if nothing was.
  std::uint64_t quantile_us(double quantile) const;
  /// How many were at most `us`, exact where `us` ends a bucket.
  std::uint64_t at_most(std::uint64_t us) const;
  histogram_reading& operator+=(const histogram_reading& other);
  /// What was recorded since `earlier`, a reading of the same histogram.
  histogram_reading since(const histogram_reading& earlier) const;
};

class histogram {
 public:
  void record_us(std::uint64_t us) {
    counts_[bucket_of(us)].fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(us, std::memory_order_relaxed);
  }
  void record(std::chrono::microseconds time) { record_us(time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count())); }

  histogram_reading read() const;

 private:
  std::array<std::atomic<std::uint64_t>, histogram_buckets> counts_{};
  std::atomic<std::uint64_t> sum_us_{0};
};

}  // namespace holdfast::introspection

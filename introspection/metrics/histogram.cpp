#include "introspection/metrics/histogram.hpp"

#include <algorithm>

namespace holdfast::introspection {

std::uint64_t histogram_reading::quantile_us(double quantile) const {
  if (count == 0) return 0;
  auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::clamp(quantile, 0.0, 1.0) * static_cast<double>(count) + 0.5));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    seen += counts[i];
    if (seen >= wanted) return bucket_end_us(i);
  }
  return bucket_end_us(counts.size() - 1);
}

std::uint64_t histogram_reading::at_most(std::uint64_t us) const {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts.size() && bucket_end_us(i) <= us; ++i) seen += counts[i];
  return seen;
}

histogram_reading& histogram_reading::operator+=(const histogram_reading& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  count += other.count;
  sum_us += other.sum_us;
  return *this;
}

histogram_reading histogram_reading::since(const histogram_reading& earlier) const {
  auto newer = *this;
  for (std::size_t i = 0; i < counts.size(); ++i) newer.counts[i] -= std::min(earlier.counts[i], counts[i]);
  newer.count -= std::min(earlier.count, count);
  newer.sum_us -= std::min(earlier.sum_us, sum_us);
  return newer;
}

histogram_reading histogram::read() const {
  histogram_reading r;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    r.counts[i] = counts_[i].load(std::memory_order_relaxed);
    r.count += r.counts[i];
  }
  r.sum_us = sum_us_.load(std::memory_order_relaxed);
  return r;
}

}  // namespace holdfast::introspection

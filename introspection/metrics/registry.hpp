// The process's metrics: counters, gauges and histograms by name, written with relaxed atomics, read as Prometheus text.
//
// Names are `holdfast_<room>_<thing>_<unit>[_total]`; the registry refuses others, so that a typing error fails its test and
// not a board. A metric lives as long as the registry: keep the reference, never look up on a hot path.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "introspection/metrics/histogram.hpp"

namespace holdfast::introspection {

class counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Label names and values, in the order in which they are printed.
using metric_labels = std::vector<std::pair<std::string, std::string>>;

class registry {
 public:
  static constexpr std::size_t series_max = 4096;  ///< over all names; more are counted in one series nobody sees

  registry() = default;
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  /// The one series of this name and these labels, made at first use. Safe from any thread. A name that does not keep to
  /// the form, or is of another type already, throws std::invalid_argument: it is a mistake in the program.
  counter& count(const std::string& name, const std::string& help, const metric_labels& labels = {});
  gauge& level(const std::string& name, const std::string& help, const metric_labels& labels = {});
  /// `name` ends in `_us`; printed in seconds under the name with `_seconds` instead, as Prometheus expects.
  histogram& latency(const std::string& name, const std::string& help, const metric_labels& labels = {});

  /// Text format 0.0.4, in the order of names.
  std::string prometheus() const;

  /// Counters and gauges by name, labels appended as `{a=b}`: what a node's status carries. Negative gauges count as 0.
  std::map<std::string, std::uint64_t> values(std::size_t size_max) const;

 private:
  enum class type { counter, gauge, latency };
  struct family {
    type what = type::counter;
    std::string help;
    std::map<std::string, std::unique_ptr<counter>> counters;  // by printed labels
    std::map<std::string, std::unique_ptr<gauge>> gauges;
    std::map<std::string, std::unique_ptr<histogram>> latencies;
  };

  family& family_of(const std::string& name, const std::string& help, type what);
  template <class T>
  T& series(std::map<std::string, std::unique_ptr<T>>& all, const metric_labels& labels, T& overflow);

  mutable std::mutex mutex_;
  std::map<std::string, family> families_;
  std::size_t series_ = 0;
  counter overflow_counter_;
  gauge overflow_gauge_;
  histogram overflow_latency_;
};

}  // namespace holdfast::introspection

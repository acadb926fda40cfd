// A page of metrics in Prometheus' text format 0.0.4, composed when it is asked for from figures that their owners keep anyway.
//
// Nothing is counted twice, and the hot paths know no registry: links, actors and rings have counters of their own, and this
// page reads them. Names are `holdfast_<room>_<thing>_<unit>[_total]`; others are refused, so that a typing error fails its
// test and not a board.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "introspection/metrics/histogram.hpp"

namespace holdfast::introspection {

/// Label names and values, in the order in which they are printed.
using metric_labels = std::vector<std::pair<std::string, std::string>>;

class exposition {
 public:
  static constexpr std::size_t series_max = 16384;  ///< over all names, to bound a page; the rest is left out

  /// What only grows; `name` ends in `_total`. A name that does not keep to the form, or is of another type on this page
  /// already, throws std::invalid_argument: it is a mistake in the program. The same series again replaces its value.
  void counter(const std::string& name, const std::string& help, std::uint64_t value, const metric_labels& labels = {});
  void gauge(const std::string& name, const std::string& help, std::int64_t value, const metric_labels& labels = {});
  /// `name` ends in `_us`; printed in seconds under the name with `_seconds` instead, as Prometheus expects.
  void latency(const std::string& name, const std::string& help, const histogram_reading& reading, const metric_labels& labels = {});

  /// The page, in the order of names.
  std::string text() const;

 private:
  enum class type : std::uint8_t { counter, gauge, latency };
  struct family {
    type what = type::counter;
    std::string help;
    std::map<std::string, std::string> lines;  ///< by printed labels
  };

  void add(const std::string& name, const std::string& help, type what, const std::string& labels, std::string lines);

  std::map<std::string, family> families_;  ///< by printed name
  std::size_t series_ = 0;
};

}  // namespace holdfast::introspection

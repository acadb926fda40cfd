// The last ten minutes in a few curves, so that a page that opens now shows what was before it.
#pragma once

#include <deque>
#include <optional>

#include "introspection/status/status_json.hpp"

namespace holdfast::introspection {

class history {
 public:
  static constexpr std::size_t samples_max = 300;
  static constexpr std::int64_t interval_ms = 2'000;

  /// Takes a sample if the view is at least `interval_ms` younger than the last one. The new sample, as JSON, if it did.
  /// The first view only sets what rates are measured from.
  std::optional<json> observe(const cluster_view& view);

  /// {time_ms: [...], handled_per_s: [...], batches_per_s: [...], stored_bytes: [...]}, oldest first.
  json to_json() const;

 private:
  struct sample {
    std::int64_t time_ms = 0;
    std::uint64_t handled_per_s = 0, stored_bytes = 0;
    double batches_per_s = 0;
  };

  std::deque<sample> samples_;
  std::optional<std::int64_t> observed_ms_;
  std::map<ring_id, std::uint64_t> executed_;  // of each object ring, as of the last sample
};

}  // namespace holdfast::introspection

#include "introspection/dashboard/history.hpp"

namespace holdfast::introspection {

std::optional<json> history::observe(const cluster_view& view) {
  auto passed_ms = view.time.ms - observed_ms_.value_or(0);
  if (passed_ms < interval_ms) return std::nullopt;
  bool first = !observed_ms_;
  observed_ms_ = view.time.ms;
  sample s{.time_ms = view.time.ms};
  std::map<ring_id, std::uint64_t> executed;
  for (const auto& node : view.nodes) {
    if (node.answers) {
      for (const auto& actor : node.actors) s.handled_per_s += actor.handled_per_s;
    }
    if (node.status.archive) s.stored_bytes += node.status.archive->bytes;
    for (const auto& ring : node.status.rings) {
      auto& furthest = executed[ring.id];
      furthest = std::max(furthest, ring.executed);
    }
  }
  std::uint64_t batches = 0;
  for (const auto& [ring, sequence] : executed) {
    auto before = executed_.find(ring);
    if (before != executed_.end() && sequence > before->second) batches += sequence - before->second;
  }
  executed_ = std::move(executed);
  if (first) return std::nullopt;  // what rates are measured from
  s.batches_per_s = static_cast<double>(batches * 10'000 / static_cast<std::uint64_t>(passed_ms)) / 10.0;
  samples_.push_back(s);
  if (samples_.size() > samples_max) samples_.pop_front();
  return json{{"time_ms", s.time_ms}, {"handled_per_s", s.handled_per_s}, {"batches_per_s", s.batches_per_s}, {"stored_bytes", s.stored_bytes}};
}

json history::to_json() const {
  json j = {{"time_ms", json::array()}, {"handled_per_s", json::array()}, {"batches_per_s", json::array()}, {"stored_bytes", json::array()}};
  for (const auto& s : samples_) {
    j["time_ms"].push_back(s.time_ms);
    j["handled_per_s"].push_back(s.handled_per_s);
    j["batches_per_s"].push_back(s.batches_per_s);
    j["stored_bytes"].push_back(s.stored_bytes);
  }
  return j;
}

}  // namespace holdfast::introspection

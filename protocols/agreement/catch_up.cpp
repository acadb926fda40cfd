#include "protocols/agreement/catch_up.hpp"

namespace holdfast::agreement {

std::vector<catch_up::ask> catch_up::start(std::uint64_t first, std::uint64_t last, const std::vector<seat_index>& holders,
                                           std::size_t weak_quorum) {
  votes_.erase(votes_.begin(), votes_.lower_bound(first));
  bodies_.erase(bodies_.begin(), bodies_.lower_bound(first));
  first_ = first;
  last_ = last;
  std::vector<ask> asks;
  for (std::size_t i = 0; i < holders.size() && i < weak_quorum; ++i) {
    asks.push_back({holders[(rotation_ + i) % holders.size()], {first, last, i == 0}});
  }
  ++rotation_;
  return asks;
}

void catch_up::add(seat_index from, batches answer) {
  auto sequence = answer.first;
  for (auto& entry : answer.list) {
    if (sequence >= first_ && sequence <= last_) {
      votes_[sequence][from] = entry.batch_digest;
      if (entry.body && digest_of(*entry.body) == entry.batch_digest) {
        bodies_[sequence][from] = {entry.batch_digest, std::make_shared<const batch>(std::move(*entry.body))};
      }
    }
    if (++sequence > last_) return;
  }
}

std::optional<digest> catch_up::agreed(std::uint64_t sequence, std::size_t weak_quorum) const {
  auto found = votes_.find(sequence);
  if (found == votes_.end()) return std::nullopt;
  std::map<digest, std::size_t> tally;
  for (const auto& [seat, d] : found->second) {
    if (++tally[d] >= weak_quorum) return d;
  }
  return std::nullopt;
}

batch_ptr catch_up::body(std::uint64_t sequence, const digest& d) const {
  auto found = bodies_.find(sequence);
  if (found == bodies_.end()) return nullptr;
  for (const auto& [seat, held] : found->second) {
    if (held.first == d) return held.second;
  }
  return nullptr;
}

bool catch_up::spent_at(std::uint64_t sequence) {
  votes_.erase(votes_.begin(), votes_.upper_bound(sequence));
  bodies_.erase(bodies_.begin(), bodies_.upper_bound(sequence));
  return active() && bodies_.empty();
}

}  // namespace holdfast::agreement

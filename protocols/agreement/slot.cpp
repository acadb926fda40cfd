#include "protocols/agreement/slot.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::agreement {

void slot::add_prepare(seat_index seat, const digest& d, const crypto::signature& sig) {
  if (!prepares.try_emplace(seat, d, sig).second && planted(planted_bug::prepare_counted_twice)) ++repeated_prepares_;
}

bool slot::has_prepare_quorum(std::size_t quorum) const {
  if (!accepted) return false;
  std::size_t votes = 1 + repeated_prepares_;  // the proposal is the primary's vote
  for (const auto& [seat, vote] : prepares) votes += vote.first == accepted->batch;
  return votes >= quorum;
}

bool slot::has_commit_quorum(std::size_t quorum) const {
  if (!accepted) return false;
  std::size_t votes = 0;
  for (const auto& [seat, d] : commits) votes += d == accepted->batch;
  return votes >= quorum;
}

prepared_certificate slot::make_certificate(std::size_t quorum) const {
  prepared_certificate c{*accepted, proposal, {}};
  for (const auto& [seat, vote] : prepares) {
    if (c.prepares.size() + 1 == quorum) break;
    if (vote.first == accepted->batch) c.prepares.push_back({seat, vote.second});
  }
  return c;
}

void slot::leave_view() {
  accepted.reset();
  accepted_durable = prepared = commit_sent = false;
  prepares.clear();
  commits.clear();
  repeated_prepares_ = 0;
}

const known_body* slot::body_of(const digest& d) const {
  auto found = bodies.find(d);
  return found == bodies.end() ? nullptr : &found->second;
}

}  // namespace holdfast::agreement

#include "protocols/agreement/checkpoint_table.hpp"

namespace holdfast::agreement {

bool checkpoint_table::has(std::uint64_t sequence, seat_index seat) const {
  auto found = votes_.find(sequence);
  return found != votes_.end() && found->second.contains(seat);
}

std::optional<checkpoint_certificate> checkpoint_table::add(std::uint64_t sequence, seat_index seat, vote v, std::size_t quorum) {
  auto& votes = votes_[sequence];
  auto state = v.state;
  if (!votes.try_emplace(seat, std::move(v)).second) return std::nullopt;
  checkpoint_certificate c{sequence, state, {}};
  for (const auto& [other, said] : votes) {
    if (said.state == state && c.votes.size() < quorum) c.votes.push_back({other, said.sig});
  }
  if (c.votes.size() < quorum) return std::nullopt;
  return c;
}

}  // namespace holdfast::agreement

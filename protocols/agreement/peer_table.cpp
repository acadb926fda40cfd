#include "protocols/agreement/peer_table.hpp"

namespace holdfast::agreement {

namespace {

/// In memory, about: empty requests are not free.
std::size_t weight(const message& m) {
  auto* p = std::get_if<pre_prepare>(&m);
  return sizeof(message) + (p ? size_of(*p->body) + p->body->requests.size() * sizeof(bytes) : 0);
}

constexpr std::size_t ahead_bytes_max = 4u << 20;  // of a seat's early messages; the rest is sent again on demand

}  // namespace

std::size_t peer_table::confirming(const boot_id& boot) const {
  std::size_t n = 0;
  for (seat_index i = 0; i < peers_.size(); ++i) n += i != own_ && peers_[i].knows_our_boot == boot;
  return n;
}

std::size_t peer_table::reporting() const {
  std::size_t n = 0;
  for (seat_index i = 0; i < peers_.size(); ++i) n += i != own_ && peers_[i].reported;
  return n;
}

std::size_t peer_table::impatient_with(std::uint64_t view) const {
  std::size_t n = 0;
  for (seat_index i = 0; i < peers_.size(); ++i) n += i != own_ && (peers_[i].view > view || (peers_[i].view == view && peers_[i].impatient));
  return n;
}

std::vector<boot_id> peer_table::boots(const boot_id& own_boot) const {
  std::vector<boot_id> all;
  for (seat_index i = 0; i < peers_.size(); ++i) all.push_back(i == own_ ? own_boot : peers_[i].boot);
  return all;
}

template <class Of>
std::uint64_t peer_table::at_least(std::size_t count, Of of) const {
  std::vector<std::uint64_t> values;
  for (seat_index i = 0; i < peers_.size(); ++i) {
    if (i != own_) values.push_back(of(peers_[i]));
  }
  if (count == 0 || values.size() < count) return 0;
  std::sort(values.rbegin(), values.rend());
  return values[count - 1];
}

std::uint64_t peer_table::remembered_boot(const boot_id& own_boot, std::size_t weak_quorum) const {
  return at_least(weak_quorum, [&](const peer& p) { return p.knows_our_boot == own_boot ? 0 : p.knows_our_boot.count; });
}

std::uint64_t peer_table::committed_by(std::size_t weak_quorum) const {
  return at_least(weak_quorum, [](const peer& p) { return p.committed; });
}

std::uint64_t peer_table::rescue_through() const {
  std::uint64_t highest = 0;
  for (const auto& p : peers_) highest = std::max(highest, p.rescued_through);
  return highest;
}

std::vector<seat_index> peer_table::holding(std::uint64_t sequence) const {
  std::vector<seat_index> seats;
  for (seat_index i = 0; i < peers_.size(); ++i) {
    if (i != own_ && peers_[i].committed >= sequence) seats.push_back(i);
  }
  return seats;
}

void peer_table::keep(seat_index from, message m, const limits& bounds) {
  auto& p = peers_[from];
  p.ahead_bytes += weight(m);
  p.ahead.push_back(std::move(m));
  while (p.ahead.size() > bounds.ahead_messages_max || p.ahead_bytes > ahead_bytes_max) {
    p.ahead_bytes -= weight(p.ahead.front());
    p.ahead.pop_front();
  }
}

std::vector<std::pair<seat_index, message>> peer_table::take_kept() {
  std::vector<std::pair<seat_index, message>> all;
  for (seat_index i = 0; i < peers_.size(); ++i) {
    for (auto& m : peers_[i].ahead) all.emplace_back(i, std::move(m));
    peers_[i].ahead.clear();
    peers_[i].ahead_bytes = 0;
  }
  return all;
}

}  // namespace holdfast::agreement

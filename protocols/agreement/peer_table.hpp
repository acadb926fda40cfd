// What the other seats said of themselves, and the messages of theirs that are for a view not yet entered.
#pragma once

#include <deque>

#include "protocols/agreement/agreement_limits.hpp"
#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

struct peer {
  boot_id boot;                     ///< the newest it told; remembered in the log
  boot_id knows_our_boot;
  std::uint64_t view = 0;
  bool impatient = false;           ///< with the primary of that view
  std::uint64_t committed = 0;
  std::uint64_t silent_through = 0;   ///< it has lost its log and waits for a stable checkpoint there
  std::uint64_t rescued_through = 0;  ///< up to here null batches are ordered for it, if nothing else is
  std::optional<instant> rescued_at;
  std::optional<instant> lost_since;  ///< its link went down then and is not up again
  bool reported = false;            ///< a status came since this process started
  std::deque<message> ahead;
  std::size_t ahead_bytes = 0;
};

class peer_table {
 public:
  peer_table(std::size_t seats, seat_index own) : peers_(seats), own_(own) {}

  peer& at(seat_index seat) { return peers_[seat]; }
  const peer& at(seat_index seat) const { return peers_[seat]; }
  std::size_t size() const { return peers_.size(); }

  std::size_t confirming(const boot_id& boot) const;  ///< others that remember exactly this start of ours
  std::size_t reporting() const;                      ///< others heard since this process started
  std::vector<boot_id> boots(const boot_id& own_boot) const;

  /// The count of a start other than `own_boot` that at least `weak_quorum` others remember of us; 0 if fewer do.
  std::uint64_t remembered_boot(const boot_id& own_boot, std::size_t weak_quorum) const;
  /// What at least `weak_quorum` others claim to have committed: one of them is honest.
  std::uint64_t committed_by(std::size_t weak_quorum) const;

  /// Others that would leave this view, or have left it.
  std::size_t impatient_with(std::uint64_t view) const;

  /// Up to where null batches are ordered so that seats without a log become safe.
  std::uint64_t rescue_through() const;

  /// Others that claim to have committed `sequence`.
  std::vector<seat_index> holding(std::uint64_t sequence) const;

  /// Keeps a message for later; the oldest of its seat give way.
  void keep(seat_index from, message m, const limits& bounds);
  std::vector<std::pair<seat_index, message>> take_kept();

 private:
  template <class Of>
  std::uint64_t at_least(std::size_t count, Of of) const;

  std::vector<peer> peers_;
  seat_index own_;
};

}  // namespace holdfast::agreement

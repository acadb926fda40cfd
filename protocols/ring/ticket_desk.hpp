// Who waits for which answer of a ring member. Each asker has a share of the member's tickets, so that one that floods it leaves room for all
// others.
#pragma once

#include <map>
#include <optional>

#include "protocols/base/time.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::ring {

/// `Who`: how the answer reaches the asker. Held until it is answered, or the engine has forgotten the ticket.
template <class Who>
class ticket_desk {
 public:
  /// `share`: tickets of one asker. `age_max`: how long the engine keeps a ticket that it cannot answer.
  ticket_desk(std::size_t share, duration age_max) : share_(share), age_max_(age_max) {}

  /// A new ticket; nothing if the asker's share is used up, and then `who` is as it was.
  std::optional<std::uint64_t> take(instant now, const node_id& asker, Who& who) {
    while (!held_.empty() && now - held_.begin()->second.since > age_max_) release(held_.begin());
    auto& count = counts_[asker];
    if (count >= share_) return std::nullopt;
    ++count;
    held_.emplace_hint(held_.end(), ++last_, entry{asker, std::move(who), now});
    return last_;
  }

  /// Whose ticket it is, which is over with that; nothing if it was forgotten.
  std::optional<Who> give(std::uint64_t ticket) {
    auto at = held_.find(ticket);
    if (at == held_.end()) return std::nullopt;
    auto who = std::move(at->second.who);
    release(at);
    return who;
  }

  std::size_t size() const { return held_.size(); }

 private:
  struct entry {
    node_id asker;
    Who who;
    instant since;
  };

  void release(typename std::map<std::uint64_t, entry>::iterator at) {
    auto count = counts_.find(at->second.asker);
    if (--count->second == 0) counts_.erase(count);
    held_.erase(at);
  }

  std::size_t share_;
  duration age_max_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, entry> held_;  ///< by ticket, so the oldest first
  std::map<node_id, std::size_t> counts_;
};

}  // namespace holdfast::ring

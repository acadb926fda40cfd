// The admission this node shows: the ring's proof in place of the founder's word, renewed in time, saved and shown on all links; and
// whether others still take it.
//
// A node that was off for so long that its admission expired is a stranger to the others. It sends membership messages alone, so that
// its links hold, and has any member that it is linked with pass its renewal on to the root ring.
#pragma once

#include <set>

#include "actors/membership/membership_context.hpp"

namespace holdfast::actors {

class own_admission {
 public:
  explicit own_admission(membership_context& context);

  /// Tells the links what to show.
  void show();
  /// The next step of its upkeep, once the root ring can be asked.
  void go_on();

  /// A link with this peer is up; one was refused or ended for this reason.
  void taken_by(const node_id& peer) { revoked_by_.erase(peer); }
  void refused_by(const node_id& peer, link::refusal_reason reason);
  /// It was taken back, for good: by the directory, or, as a revoked node may get no directory any more, by the word of so many members
  /// of the root ring that an honest one is among them. Said in the log, and the node is told, when that changes.
  bool is_revoked(const identity::configuration_entry& configuration);

  /// Others take this node as a stranger, rings included; the links are told when that changes.
  bool has_expired();
  /// The next step while it `has_expired`.
  void renew_by_a_member();

 private:
  bool is_past_its_term() const;
  bool is_called_revoked(const identity::configuration_entry& configuration) const;
  void ask_for_proof();
  void renew();
  ring::root_operation renewal() const;
  std::optional<node_id> next_member();
  void take_word_of(const node_id& member, const result<membership::reply>& answer);
  void wear(ring::ring_admission admission);

  membership_context& context_;
  std::optional<identity::admission> current_;  ///< what the identity's proof says
  bool shown_expired_ = false;                  ///< as the links were told last
  std::set<node_id> revoked_by_;                ///< members of the root ring that said so, and have had no link with this node since
  bool revoked_ = false;                        ///< as was told last
  node_id asked_last_;                          ///< of the members: the next one is asked next
  instant retry_at_{};
  std::uint64_t rounds_ = 0;
  bool asked_ = false;
};

}  // namespace holdfast::actors

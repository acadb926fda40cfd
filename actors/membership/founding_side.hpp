// A node's side of its cluster's founding. The founder alone admits meanwhile; it collects seats, then their consents, and hands what it
// promised over to the root ring. The others offer their seats, consent, and learn the chain.
//
// What the founder promises is saved before it is said, so that a restart goes on where it was.
#pragma once

#include <set>

#include "actors/membership/membership_context.hpp"

namespace holdfast::actors {

class founding_side {
 public:
  explicit founding_side(membership_context& context);

  /// This node is the founder, and the root ring has not taken over all it promised yet.
  bool founds() const { return engine_.has_value(); }

  /// The next step while genesis is not complete.
  void go_on();
  /// The next step while it `founds` and the root ring can be asked.
  void hand_over();

  // What is asked of the founder before there are rings
  outcome invite(const ring::invite& invitation);
  result<ring::provisional_admission> admit(const identity::signed_join& join);
  outcome take_offer(const link::peer_info& from, const membership::seat_offer& offer);
  // What the founder asks of the others
  result<identity::configuration_consent> consent_to(const link::peer_info& from, bytes_view proposal);

 private:
  outcome save();
  void collect_consents();
  void ask_for_consent(const node_id& seat);
  void complete();
  void ask_about_founding(const node_id& member, const std::string& address);
  outcome adopt(const identity::trust_chain& chain);
  void hand_over_invitations(const std::vector<ring::invite>& invitations, std::size_t next);
  identity::configuration_consent consent(bytes_view body) const;

  membership_context& context_;
  std::optional<membership::founding_engine> engine_;
  std::set<node_id> consenting_;  ///< asked and not answered
  instant complete_at_{};         ///< not before: it failed just now
  bool handing_over_ = false;
};

}  // namespace holdfast::actors

// The root ring's state machine: admissions, invitations, revocations and the directory, a new version of it with each batch
// that changed it.
//
// A node id is hash(identity, nonce) with a nonce drawn from the state root before the batch and the join itself, so nobody
// chooses a place. Tokens are single use; times are agreed times.
#pragma once

#include "protocols/ring/root_operation.hpp"
#include "protocols/ring/state_machine.hpp"

namespace holdfast::ring {

class root_state final : public state_machine {
 public:
  /// Begins with genesis' operators and policy and the configuration's object ring. The chain must be complete.
  explicit root_state(const identity::verified_chain& chain);

  outcome check(const agreement::named_request& request) const override;
  std::optional<place> outcome_of(const agreement::named_request& request) const override;
  execution apply(std::uint64_t sequence, wall_time time, const std::vector<agreement::named_request>& requests) override;
  const authenticated_map& map() const override { return map_; }

  const identity::directory& directory() const { return directory_; }

 private:
  struct batch {
    wall_time time;
    digest before;  ///< root of the state before the batch
  };

  applied run(const adopt_founding& x, const batch& now);
  applied run(const invite& x, const batch& now);
  applied run(const join& x, const batch& now);
  applied run(const revoke& x, const batch& now);
  applied run(const advertise& x, const batch& now);
  applied run(const renew& x, const batch& now);

  outcome speaks_as_operator(const crypto::public_key& key) const;
  outcome admit(const identity::admission& a);
  void forget_expired_invitations(wall_time now);

  cluster_id cluster_;
  crypto::public_key founder_;
  authenticated_map map_;
  identity::directory directory_;  ///< as in the map
  bool directory_changed_ = false;
};

}  // namespace holdfast::ring

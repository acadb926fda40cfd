// The founder's engine while genesis is not complete: it alone admits, gathers the first ring's seats, has entry 0 of the
// configuration signed by all of them, and hands over to the root ring for good.
//
// Everything it has promised (invitations, admissions) is in `founding_record`, which is durable before a promise leaves; a
// founder that restarts goes on where it was.
#pragma once

#include "protocols/identity/join.hpp"
#include "protocols/membership/membership_messages.hpp"

namespace holdfast::membership {

constexpr std::size_t founding_invitations_max = 256;

/// What a founder must not forget before genesis is complete.
struct founding_record {
  std::uint32_t ring_size = 1;
  crypto::public_key founder;
  std::vector<ring::invite> invitations;                ///< open, signed by an operator
  std::vector<identity::admission> admitted;            ///< provisional; the founder's own is the first
  std::map<crypto::public_key, node_id> used_tokens;    ///< by token key
};
template <class F>
bool inspect(F& f, founding_record& x) {
  return f.fields("ring_size", x.ring_size, "founder", x.founder, "invitations", x.invitations, "admitted", x.admitted, "used_tokens",
                  x.used_tokens);
}

class founding_engine {
 public:
  /// `own` is the founder's own seat; `key` the genesis key.
  founding_engine(identity::signed_genesis genesis, identity::founding_member own, crypto::signing_key key, founding_record record);

  /// An operator's invitation. The record changed: save it before the answer leaves.
  outcome invite(const ring::invite& operation, wall_time now);

  /// Admits a newcomer. The same request again gets the same admission.
  result<identity::admission> admit(const identity::signed_join& join, wall_time now, random_source& random);

  crypto::signed_statement<identity::admission> sign(const identity::admission& admission) const;

  /// A member offers its seat. Ignored from whom is not admitted, and beyond the ring's size.
  outcome offer(const node_id& from, const identity::founding_member& member);

  /// Entry 0, once enough seats were offered: the same one for good, to be signed by every seat.
  const std::optional<identity::configuration_entry>& proposal() const { return proposal_; }
  bytes proposal_body() const { return codec::encode(*proposal_); }

  /// A seat's signatures. True if the configuration is complete now.
  result<bool> consent(const identity::configuration_consent& consent);

  /// Complete: the whole chain, to be kept and shown to everybody.
  const std::optional<identity::trust_chain>& complete() const { return complete_; }

  /// What the founder has the root ring adopt first, once it runs.
  ring::adopt_founding adoption() const;

  const founding_record& record() const { return record_; }
  std::size_t seats() const { return seats_.size(); }

 private:
  void propose();

  identity::signed_genesis genesis_;
  identity::genesis_statement statement_;
  cluster_id cluster_;
  crypto::signing_key key_;
  founding_record record_;
  std::map<node_id, identity::founding_member> seats_;
  std::vector<identity::configuration_consent> consents_;
  std::optional<identity::configuration_entry> proposal_;
  std::optional<identity::trust_chain> complete_;
};

}  // namespace holdfast::membership

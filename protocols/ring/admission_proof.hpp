// What a peer shows in a link's first frames: that its cluster admitted it.
#pragma once

#include "protocols/ring/root_operation.hpp"

namespace holdfast::ring {

/// Given by the founder alone. Good only while the configuration chain has no entry, that is until genesis is complete.
struct provisional_admission {
  crypto::signed_statement<identity::admission> statement;
};
template <class F>
bool inspect(F& f, provisional_admission& x) {
  return f.fields("statement", x.statement);
}

/// The admission as it lies in the root ring's state.
struct ring_admission {
  node_id node;
  proven_entry entry;
};
template <class F>
bool inspect(F& f, ring_admission& x) {
  return f.fields("node", x.node, "entry", x.entry);
}

using admission_proof = std::variant<provisional_admission, ring_admission>;

/// The admission that `proof` proves, its expiry not regarded: a member of the configuration is accepted whatever the expiry,
/// other unrevoked members may renew. `stale` for a provisional one after genesis is complete.
result<identity::admission> open_admission(const admission_proof& proof, const identity::verified_chain& chain);

/// `expired` if the admission is past its time at `now` and its member has no seat in the configuration. Who may only renew is told so.
outcome check_term(const identity::admission& admission, const std::optional<identity::configuration_entry>& configuration, wall_time now);

/// Opened, and within its term. Errors: `bad_signature`, `stale`, `expired`. Revocation is the directory's business: see
/// `identity::directory::revoked`.
result<identity::admission> verify_admission(const admission_proof& proof, const identity::verified_chain& chain, wall_time now);

/// What a proof says, unverified: for whoever was given it and has verified it then.
result<identity::admission> peek_admission(const admission_proof& proof);

}  // namespace holdfast::ring

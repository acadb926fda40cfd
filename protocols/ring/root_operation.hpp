// What the root ring (the responsible party) orders: who is admitted, who is revoked, where nodes are.
#pragma once

#include "protocols/ring/state_root.hpp"

namespace holdfast::ring {

/// An operator's statement that a node, client or operator is no longer welcome. For good: a return needs a new token.
struct revocation {
  static constexpr std::string_view type_tag = "holdfast/revocation/v1";
  cluster_id cluster;
  node_id node;
};
template <class F>
bool inspect(F& f, revocation& x) {
  return f.fields("cluster", x.cluster, "node", x.node);
}

/// A member's request for a full term from now, signed with its identity key. `expires` is of the admission it renews, so it renews once.
struct renewal {
  static constexpr std::string_view type_tag = "holdfast/renewal/v1";
  cluster_id cluster;
  node_id node;
  wall_time expires;
};
template <class F>
bool inspect(F& f, renewal& x) {
  return f.fields("cluster", x.cluster, "node", x.node, "expires", x.expires);
}

/// The admissions that the founder gave while it was alone, in one statement, once. At most `founding_admissions_max`. The ring
/// issues each anew, for a full term from then.
struct founding {
  static constexpr std::string_view type_tag = "holdfast/founding/v1";
  cluster_id cluster;
  std::vector<identity::admission> admissions;
};
constexpr std::size_t founding_admissions_max = 64;
template <class F>
bool inspect(F& f, founding& x) {
  return f.fields("cluster", x.cluster, "admissions", x.admissions);
}

/// Reply: the `invitation_record` under the token's key.
struct invite {
  crypto::public_key by;  ///< an operator
  crypto::signed_statement<identity::invitation> statement;
};
template <class F>
bool inspect(F& f, invite& x) {
  return f.fields("by", x.by, "statement", x.statement);
}

/// Reply: the admission under the new member's id. A retry of the same request answers the same admission.
struct join {
  identity::signed_join request;
};
template <class F>
bool inspect(F& f, join& x) {
  return f.fields("request", x.request);
}

/// Reply: the directory, also if the member was revoked before. One that was never admitted is refused with `not_found`.
struct revoke {
  crypto::public_key by;  ///< an operator
  crypto::signed_statement<revocation> statement;
};
template <class F>
bool inspect(F& f, revoke& x) {
  return f.fields("by", x.by, "statement", x.statement);
}

/// Reply: the directory. A counter that is not above the last is refused as `stale`, a node that changes what it says of itself again and
/// again with `over_limit`.
struct advertise {
  crypto::signed_statement<identity::advertisement> statement;
};
template <class F>
bool inspect(F& f, advertise& x) {
  return f.fields("statement", x.statement);
}

/// Reply: the admission.
struct renew {
  crypto::signed_statement<renewal> statement;
};
template <class F>
bool inspect(F& f, renew& x) {
  return f.fields("statement", x.statement);
}

/// Reply: the statement's name under `founding_place`. Signed by the founder; a second one is refused with `already_exists`.
struct adopt_founding {
  crypto::signed_statement<founding> statement;
};
template <class F>
bool inspect(F& f, adopt_founding& x) {
  return f.fields("statement", x.statement);
}

using root_operation = std::variant<adopt_founding, invite, join, revoke, advertise, renew>;

/// An invitation in the state, under its token's key.
struct invitation_record {
  identity::invitation invitation;
  crypto::public_key by;
  std::optional<node_id> used_by;  ///< single use
  digest request;                  ///< hash of the join that used it
};
template <class F>
bool inspect(F& f, invitation_record& x) {
  return f.fields("invitation", x.invitation, "by", x.by, "used_by", x.used_by, "request", x.request);
}

/// The newest advertisement of a node, in the state under its id.
struct advertisement_record {
  std::uint64_t counter = 0;
  std::uint32_t changes = 0;  ///< of its entry in the directory, since
  wall_time since;
};
template <class F>
bool inspect(F& f, advertisement_record& x) {
  return f.fields("counter", x.counter, "changes", x.changes, "since", x.since);
}

/// Every change makes a directory version that all nodes and clients fetch: a node has this many of them in a span.
constexpr std::uint32_t changes_max = 6;
constexpr std::chrono::milliseconds changes_span = std::chrono::minutes(10);

constexpr std::size_t invitations_max = 4096;  ///< open or not yet expired
constexpr std::size_t members_max = 65536;
constexpr std::size_t operators_max = 128;  ///< genesis has at most half of them

/// The directory, in the root ring's state.
inline place directory_place() { return place_named(submap::directory, "current"); }

/// Which statement of the founder was taken over.
inline place founding_place() { return place_named(submap::configuration, "founding"); }
inline digest founding_name(const adopt_founding& x) { return crypto::hash(founding::type_tag, {x.statement.body}); }

inline place admission_place(const node_id& node) { return place_of(submap::admissions, node); }
inline place advertisement_place(const node_id& node) { return place_of(submap::advertisements, node); }
inline place invitation_place(const crypto::public_key& token_key) { return place_of(submap::invitations, token_key); }

}  // namespace holdfast::ring

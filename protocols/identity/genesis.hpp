// The birth of a cluster: the founder's statement, then entry 0 of the configuration, signed by all first members.
#pragma once

#include "protocols/identity/identity_types.hpp"

namespace holdfast::identity {

constexpr std::size_t founding_operators_max = 64;

/// The founder's statement, with 1 to 64 operators and a random salt; its hash is the cluster id.
signed_genesis make_genesis(const crypto::signing_key& founder, std::vector<crypto::public_key> operators, const policy& rules, wall_time now,
                            random_source& random);

/// A first member: its node id and the keys that it will sign with in each ring.
struct founding_member {
  node_id node;
  crypto::public_key root_key, object_key;
};
template <class F>
bool inspect(F& f, founding_member& x) {
  return f.fields("node", x.node, "root_key", x.root_key, "object_key", x.object_key);
}

/// Entry 0, both rings on the same members in the order of their ids. `errc::malformed` if their number is no ring size or two share
/// a node or key.
result<configuration_entry> first_configuration(const cluster_id& cluster, std::vector<founding_member> members);

/// One member's signatures over the body of entry 0, one with each of its ring keys.
struct configuration_consent {
  node_id node;
  crypto::signature root, object;
};
template <class F>
bool inspect(F& f, configuration_consent& x) {
  return f.fields("node", x.node, "root", x.root, "object", x.object);
}
configuration_consent consent(const node_id& node, bytes_view body, const crypto::signing_key& root_key, const crypto::signing_key& object_key);

/// The complete entry 0; `errc::unavailable` while a member's consent is missing, `bad_signature` if one does not verify.
result<signed_configuration> assemble(const configuration_entry& entry, const crypto::signing_key& founder,
                                      const std::vector<configuration_consent>& consents);

}  // namespace holdfast::identity

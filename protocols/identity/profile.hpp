// What a client or an operator keeps: who it is, which cluster it trusts, and where its data begins.
//
// Founding makes an operator's profile, a token makes a client's. How it lies on disk is `tools/profile`'s business.
#pragma once

#include "protocols/identity/identity_types.hpp"

namespace holdfast::identity {

/// The part that is sealed when a profile has a passphrase. Whoever holds it is the client.
struct profile_secrets {
  static constexpr std::string_view type_tag = "holdfast/profile/v1";
  member_kind kind = member_kind::client;
  cluster_id cluster;
  trust_chain chain;                ///< as walked when the profile was made; a longer one is learned from members
  bytes admission;                  ///< the admission with its proof, as it is shown in a link's first frames
  crypto::secret<32> identity_seed;
  bytes tls_key;                    ///< private key, PKCS #8 DER
  bytes root_directory;             ///< canonical `object::capability`; empty in an operator's profile

  profile_secrets() = default;
  profile_secrets(const profile_secrets&) = default;
  profile_secrets(profile_secrets&&) = default;
  profile_secrets& operator=(const profile_secrets&) = default;
  profile_secrets& operator=(profile_secrets&&) = default;
  ~profile_secrets() {
    crypto::wipe(tls_key);
    crypto::wipe(root_directory);
  }
};
template <class F>
bool inspect(F& f, profile_secrets& x) {
  return f.fields("kind", x.kind, "cluster", x.cluster, "chain", x.chain, "admission", x.admission, "identity_seed", x.identity_seed, "tls_key",
                  x.tls_key, "root_directory", x.root_directory);
}

/// A profile in memory. Addresses are no secret and may be edited by hand when a cluster has moved.
struct profile {
  std::vector<std::string> members;  ///< HOST:PORT of some members, any of which leads to all
  profile_secrets secrets;
};

}  // namespace holdfast::identity

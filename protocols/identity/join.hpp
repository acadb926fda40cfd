// Joining: what a newcomer signs, and how whoever admits checks it.
#pragma once

#include "protocols/identity/identity_types.hpp"

namespace holdfast::identity {

constexpr std::size_t name_bytes_max = 64;  ///< names, operator labels, keys and values of labels

/// The key pair that a token is.
crypto::signing_key key_of(const token& t);

/// The invitation that makes `t` good, for an operator to sign.
invitation invitation_for(const token& t, std::string operated_by, wall_time expires);

signed_join make_join(const token& t, const crypto::signing_key& identity, const digest& tls_key, std::string name);

/// The request, if token and newcomer both signed it, for this cluster. Whether the token is known and unused is another matter.
result<join_request> verify(const signed_join& join, const cluster_id& cluster);

/// The admission that answers a join: kind and label from the invitation, the rest from the request. `nonce` is the admitter's to draw.
admission admit(const join_request& request, const invitation& invited, const std::array<std::uint8_t, 32>& nonce, wall_time now,
                const policy& rules);

/// Texts within bounds and printable.
outcome check(const invitation& i);

/// Texts and counts within bounds, texts printable: an address of at most 256 bytes, at most 16 labels.
outcome check(const advertisement& a);

}  // namespace holdfast::identity

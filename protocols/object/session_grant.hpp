// A client's word that a writer acts for it in a session.
//
// An update names the client whose quota it is charged to and whose session it runs in, but it is the object's writer who signs it. So whatever
// opens a session in the ring's state brings this: or any member, or a ring member that lies, could use up another's quota, and
// open so many sessions in its name that the ring forgets its real ones. Later updates of that session and writer need none.
#pragma once

#include "protocols/names/names.hpp"
#include "protocols/crypto/sign.hpp"

namespace holdfast::object {

struct update;

struct session_grant {
  static constexpr std::string_view type_tag = "holdfast/session-grant/v1";
  crypto::public_key identity;  ///< the client's: its node id is the hash of this and `nonce`
  std::array<std::uint8_t, 32> nonce{};
  crypto::signature sig;  ///< by the identity key, over the update's cluster, ring, session and writer

  static session_grant make(const update& u, const crypto::signing_key& identity, const std::array<std::uint8_t, 32>& nonce);
  /// Whether the client that the update names has signed for its writer in its session.
  bool covers(const update& u) const;
};
template <class F>
bool inspect(F& f, session_grant& x) {
  return f.fields("identity", x.identity, "nonce", x.nonce, "sig", x.sig);
}

}  // namespace holdfast::object

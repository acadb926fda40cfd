#include "protocols/object/session_grant.hpp"

#include "protocols/identity/identity_types.hpp"
#include "protocols/object/object_types.hpp"

namespace holdfast::object {

namespace {

struct granted {
  cluster_id cluster;
  ring_id ring;
  session_id session;
  crypto::public_key writer;
};
template <class F>
bool inspect(F& f, granted& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "session", x.session, "writer", x.writer);
}

bytes granted_by(const update& u) { return codec::encode(granted{u.cluster, u.ring, u.session, u.writer}); }

}  // namespace

session_grant session_grant::make(const update& u, const crypto::signing_key& identity, const std::array<std::uint8_t, 32>& nonce) {
  return {identity.pub(), nonce, identity.sign(type_tag, granted_by(u))};
}

bool session_grant::covers(const update& u) const {
  return identity::id_for(identity, nonce) == u.client && crypto::verify(identity, type_tag, granted_by(u), sig);
}

}  // namespace holdfast::object

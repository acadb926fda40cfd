// The router: what other actors of its node ask of the mesh. It stays as it is when the mesh learns to route in several steps.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/link/link_types.hpp"
#include "protocols/mesh/mesh_types.hpp"

namespace holdfast::actors {

using mesh_publish_atom = caf::atom_constant<caf::atom("meshpub")>;
using mesh_withdraw_atom = caf::atom_constant<caf::atom("meshunpub")>;
using mesh_locate_atom = caf::atom_constant<caf::atom("meshloc")>;
using mesh_route_atom = caf::atom_constant<caf::atom("meshroute")>;
using mesh_tick_atom = caf::atom_constant<caf::atom("meshtick")>;

struct mesh_published {
  outcome accepted;  ///< the roots are told soon, and again and again
};
struct mesh_located {
  result<std::vector<node_id>> servers = fail(errc::unavailable, "not answered");
};
struct mesh_root {
  std::optional<node_id> node;  ///< none: no router is known yet
};
/// A root's answer to the router's own question, or why there is none.
struct mesh_reply_in {
  std::uint64_t request = 0;
  result<mesh::service_reply> reply = fail(errc::unavailable, "not answered");
};

using router_actor = caf::typed_actor<
    // A request of another node, for which this one is a root.
    caf::reacts_to<inbound>,
    caf::reacts_to<mesh_reply_in>,
    // Time passes: publications are renewed, pointers expire.
    caf::reacts_to<mesh_tick_atom>,
    // The sender serves it, until further notice or its end.
    caf::replies_to<mesh_publish_atom, mesh::guid>::with<mesh_published>,
    // The sender no longer serves it.
    caf::reacts_to<mesh_withdraw_atom, mesh::guid>,
    // Who serves it?
    caf::replies_to<mesh_locate_atom, mesh::guid>::with<mesh_located>,
    // Which node does the GUID come to?
    caf::replies_to<mesh_route_atom, mesh::guid>::with<mesh_root>>;

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::mesh_published)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::mesh_located)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::mesh_root)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::mesh_reply_in)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::mesh::guid)

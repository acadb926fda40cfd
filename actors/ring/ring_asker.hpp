// Asks a ring on behalf of this process: a node that needs the root ring, or a client. The shell of `ring::ring_client`.
#pragma once

#include "actors/ring/ring_gate.hpp"
#include "protocols/ring/ring_client.hpp"

namespace holdfast::actors {

using ring_submit_atom = caf::atom_constant<caf::atom("submit")>;
using ring_read_atom = caf::atom_constant<caf::atom("read")>;
using ring_fetch_atom = caf::atom_constant<caf::atom("fetch")>;
using ring_tick_atom = caf::atom_constant<caf::atom("tick")>;

struct ring_reading {
  ring::place where;
  ring::ring_client::freshness how = ring::ring_client::freshness::linearizable;
};
/// A reply that was verified as `ring::ring_client` promises, or why there is none.
struct ring_outcome {
  result<ring::service_reply> what = fail(errc::unavailable, "not answered");
};
struct ring_reply_in {
  std::uint64_t request = 0;
  std::optional<ring::service_reply> reply;  ///< none: the member cannot be reached
};

using ring_asker_actor = caf::typed_actor<
    // Orders an operation; its result's proven entry comes back.
    caf::replies_to<ring_submit_atom, ring::submission>::with<ring_outcome>,
    // Reads a proven entry.
    caf::replies_to<ring_read_atom, ring_reading>::with<ring_outcome>,
    // Fetches version records, an inline block or a page of work; names are checked.
    caf::replies_to<ring_fetch_atom, ring::service_body>::with<ring_outcome>,
    // A member answered, or cannot be reached.
    caf::reacts_to<ring_reply_in>,
    // Time passes, for as long as something is under way.
    caf::reacts_to<ring_tick_atom>>;

struct ring_asker_config {
  cluster_id cluster;
  identity::ring_description ring;
  std::string label;
  link_port_ptr links;
  std::optional<std::pair<std::uint32_t, ring_gate_actor>> local;  ///< this node's own seat, behind its gate
  link::traffic_class lane = link::traffic_class::foreground;
  ring::client_limits limits = {};
};

ring_asker_actor spawn_ring_asker(caf::actor_system& system, ring_asker_config config);

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::ring::submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_reading)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_reply_in)

// A ring member: what it can be told and asked by other actors of its node.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/base/work_pool.hpp"
#include "actors/link/link_port.hpp"
#include "protocols/ring/ring_engine.hpp"

namespace holdfast::actors {

using ring_timer_atom = caf::atom_constant<caf::atom("ringtimer")>;
using ring_publish_atom = caf::atom_constant<caf::atom("ringpub")>;
using ring_ask_atom = caf::atom_constant<caf::atom("ringask")>;

/// What the log thread found: the replica's memory, or why there is none.
struct ring_recovered {
  result<agreement::recovered> log;
  std::string note;
};
struct ring_stored {
  result<store_ticket> ticket;
};
struct ring_loaded {
  std::uint64_t ticket = 0, first = 0;
  std::vector<agreement::batch_ptr> bodies;
};
struct ring_answer {
  ring::service_reply what;
};

using ring_member_actor = caf::typed_actor<
    // A message of another member (kind agreement) or of a client (kind ring).
    caf::reacts_to<inbound>,
    // A link came up or broke: hints that speed repair.
    caf::reacts_to<peer_up>,
    caf::reacts_to<peer_down>,
    // The log thread's answers.
    caf::reacts_to<ring_recovered>,
    caf::reacts_to<ring_stored>,
    caf::reacts_to<ring_loaded>,
    // A timer of the engine; the second number is its generation, and old ones are ignored.
    caf::reacts_to<ring_timer_atom, std::uint8_t, std::uint64_t>,
    // Time to say how far it is.
    caf::reacts_to<ring_publish_atom>,
    // A request of this very node.
    caf::replies_to<ring_ask_atom, ring::service_body>::with<ring_answer>>;

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_recovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::ring_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::ring::service_body)

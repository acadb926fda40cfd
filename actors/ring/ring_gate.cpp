#include "actors/ring/ring_gate.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/ring/ring_wire.hpp"

namespace holdfast::actors {

namespace {

struct ring_gate_state {
  ring_gate_state() = default;
  static inline const char* name = "ring_gate";
  std::map<ring_id, ring_member_actor> members;
};

ring_gate_actor::behavior_type ring_gate(ring_gate_actor::stateful_pointer<ring_gate_state> self, link_port_ptr links) {
  auto me = caf::actor_cast<caf::actor>(self);
  links->subscribe(link::message_kind::agreement, me);
  links->subscribe(link::message_kind::ring, me);
  return {
      [self, links](const inbound& m) {
        auto ring = ring_of(m.body());
        auto member = ring ? self->state.members.find(*ring) : self->state.members.end();
        if (member != self->state.members.end()) {
          self->send(member->second, m);
        } else if (m.wants_reply()) {
          ring::service_reply refusal =
              ring::failure_reply{static_cast<std::uint16_t>(errc::unavailable), "this node is no member of that ring, or not yet"};
          static_cast<void>(links->reply(m, make_payload(codec::encode(refusal))));
        }
      },
      [self](const ring_registration& r) { self->state.members[r.ring] = r.member; },
      [self](ring_ask_atom atom, const ring_id& ring, const ring::service_body& body) -> caf::result<ring_answer> {
        auto member = self->state.members.find(ring);
        if (member == self->state.members.end()) return caf::make_error(caf::sec::request_receiver_down);
        return self->delegate(member->second, atom, body);
      },
  };
}

}  // namespace

ring_gate_actor spawn_ring_gate(caf::actor_system& system, link_port_ptr links) { return system.spawn(ring_gate, std::move(links)); }

}  // namespace holdfast::actors

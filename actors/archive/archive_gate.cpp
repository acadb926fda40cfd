#include "actors/archive/archive_gate.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace holdfast::actors {

namespace {

struct archive_gate_state {
  archive_gate_state() = default;
  static inline const char* name = "archive_gate";
  caf::actor server;
  std::array<caf::actor, archive_askers> askers;
};

archive_gate_actor::behavior_type archive_gate(archive_gate_actor::stateful_pointer<archive_gate_state> self, link_port_ptr links) {
  links->subscribe(link::message_kind::archive, caf::actor_cast<caf::actor>(self));
  return {
      // Nobody there: whoever asked turns to another server, and an answer that nobody waits for is none.
      [self](const inbound& m) {
        auto envelope = envelope_of(m.body());
        if (!envelope || (envelope->reply && envelope->asker >= archive_askers)) return;
        const auto& receiver = envelope->reply ? self->state.askers[envelope->asker] : self->state.server;
        if (receiver) caf::anon_send(receiver, m);
      },
      [self](archive_serves_atom, const caf::actor& server) { self->state.server = server; },
      [self](archive_asks_atom, archive_asker who, const caf::actor& asker) { self->state.askers[static_cast<std::size_t>(who)] = asker; },
  };
}

}  // namespace

archive_gate_actor spawn_archive_gate(caf::actor_system& system, link_port_ptr links) { return system.spawn(archive_gate, std::move(links)); }

inbound archive_message_from(const node_id& self, bytes sealed) {
  auto peer = std::make_shared<link::peer_info>();
  peer->id = self;
  peer->admitted = true;
  inbound m;
  m.from = std::move(peer);
  m.kind = link::message_kind::archive;
  m.payload = make_payload(std::move(sealed));
  return m;
}

}  // namespace holdfast::actors

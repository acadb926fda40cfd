#include "actors/client/directory_watch.hpp"

#include <caf/event_based_actor.hpp>

#include "actors/base/send_later.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/membership/membership_messages.hpp"

namespace holdfast::actors {

namespace {

using round_atom = caf::atom_constant<caf::atom("dirround")>;

constexpr auto round_interval = std::chrono::seconds(2);
constexpr duration answer_patience = std::chrono::seconds(5);

void take_in(const links& link, const trust_ptr& trust, const result<inbound>& answer) {
  if (!answer) return;
  auto reply = codec::decode<membership::reply>(answer->body(), "membership reply");
  auto* told = reply ? std::get_if<membership::directory_reply>(&*reply) : nullptr;
  if (!told || !told->directory) return;
  if (auto newer = trust->adopt(*told->directory); !newer || !*newer) return;
  auto directory = trust->directory();
  for (const auto& [id, entry] : directory->nodes) {
    if (!entry.address.empty() && !directory->revoked.contains(id)) link.port->know(id, {entry.address});
  }
  caf::anon_send(link.manager, recheck_atom::value);
}

/// Members of the root ring that are linked, `count` of them, beginning with another one each round.
std::vector<node_id> whom_to_ask(const identity::ring_description& ring, const link_port& port, std::size_t round, std::size_t count) {
  std::vector<node_id> chosen;
  for (std::size_t i = 0; i < ring.size() && chosen.size() < count; ++i) {
    const auto& node = ring.seats[(round + i) % ring.size()].node;
    if (port.is_up(node, link::traffic_class::foreground)) chosen.push_back(node);
  }
  return chosen;
}

caf::behavior watch(caf::event_based_actor* self, const links& link, const trust_ptr& trust) {
  send_later(self, round_interval, round_atom::value);
  auto rounds = std::make_shared<std::size_t>(0);
  return {[self, link, trust, rounds](round_atom) {
    send_later(self, round_interval, round_atom::value);
    auto configuration = trust->configuration();
    if (!configuration) return;
    auto payload = make_payload(codec::encode(membership::request(membership::directory_request{trust->directory_version()})));
    for (const auto& node : whom_to_ask(configuration->root, *link.port, (*rounds)++, configuration->root.weak_quorum())) {
      outgoing question;
      question.to = node;
      question.kind = link::message_kind::membership;
      question.payload = payload;
      link.port->request(std::move(question), answer_patience, [link, trust](const result<inbound>& answer) { take_in(link, trust, answer); });
    }
  }};
}

}  // namespace

caf::actor spawn_directory_watch(caf::actor_system& system, links link, trust_ptr trust) {
  return system.spawn(watch, std::move(link), std::move(trust));
}

}  // namespace holdfast::actors

#include "actors/membership/joining.hpp"

#include <thread>

#include <caf/scoped_actor.hpp>

#include "protocols/identity/join.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

result<peer_ptr> reach(caf::scoped_actor& self, const links& link, const std::string& address) {
  result<peer_ptr> reached = fail(errc::unavailable, "nobody answers at " + address);
  self->request(link.manager, 6s, connect_atom::value, address, link::traffic_class::foreground)
      .receive([&](const connected& c) { reached = c.peer; }, [&](const caf::error&) {});
  if (!reached) {
    return fail(reached.error().within("cannot connect to " + address + "; is a node of this cluster running there?"));
  }
  return reached;
}

result<membership::reply> ask(caf::scoped_actor& self, const links& link, const node_id& to, membership::request what, duration patience) {
  result<membership::reply> answer = fail(errc::unavailable, "no answer");
  outgoing m;
  m.to = to;
  m.kind = link::message_kind::membership;
  m.payload = make_payload(codec::encode(what));
  self->request(link.manager, patience + duration(1s), ask_atom::value, std::move(m), patience)
      .receive(
          [&](const actors::response& r) {
            answer =
                r.value ? codec::decode<membership::reply>(r.value->body(), "membership reply") : result<membership::reply>(fail(r.value.error()));
          },
          [&](const caf::error&) { answer = fail(errc::unavailable, "the connection was lost before the answer came"); });
  if (!answer) return answer;
  if (auto* refusal = std::get_if<membership::refusal>(&*answer)) return fail(static_cast<errc>(refusal->code), refusal->sentence);
  return answer;
}

// Genesis may be completed between the founder's word and its arrival here: then the root ring takes the word over, and its proof is what counts.
result<ring::admission_proof> proven(caf::scoped_actor& self, const links& link, const node_id& member, const trust_store& trust,
                                     ring::admission_proof given) {
  auto* word = std::get_if<ring::provisional_admission>(&given);
  if (!word || !trust.configuration()) return given;
  auto claimed = word->statement.open(trust.verified()->genesis.founder);
  if (!claimed) return fail(claimed.error());
  constexpr auto pause = 250ms;
  constexpr int tries = 60;
  error last(errc::unavailable, "the root ring has not taken over the founder's admission of this newcomer; try again with another token");
  for (int i = 0; i < tries; ++i) {
    auto answer = ask(self, link, member, membership::admission_request{claimed->id}, 6s);
    if (auto* found = answer ? std::get_if<membership::admission_reply>(&*answer) : nullptr) return std::move(found->admission);
    if (!answer) last = answer.error();
    std::this_thread::sleep_for(pause);
  }
  return fail(last);
}

result<joined> try_to_join(caf::actor_system& system, const links& link, trust_store& trust, const std::string& seed, const newcomer& who) {
  caf::scoped_actor self{system};
  auto peer = reach(self, link, seed);
  if (!peer) return fail(peer.error());
  auto chain_answer = ask(self, link, (*peer)->id, membership::chain_request{}, 6s);
  if (!chain_answer) return fail(chain_answer.error());
  auto* chain = std::get_if<membership::chain_reply>(&*chain_answer);
  if (!chain) return fail(errc::malformed, "the member at " + seed + " answered something else than was asked");
  if (auto ok = trust.adopt(chain->chain); !ok) {
    return fail(ok.error().within("the node at " + seed + " is not of the cluster that the token is for"));
  }
  joined result_of_joining;
  result_of_joining.members = chain->addresses;

  membership::join_request request{identity::make_join(who.token, who.identity, who.tls_key, who.name), who.dial_back};
  auto answer = ask(self, link, (*peer)->id, std::move(request), 35s);
  if (!answer) return fail(answer.error());
  auto* admitted = std::get_if<membership::join_reply>(&*answer);
  if (!admitted) return fail(errc::malformed, "the member at " + seed + " answered something else than was asked");
  if (auto ok = trust.adopt(admitted->chain); !ok) return fail(ok.error());
  auto proof = proven(self, link, (*peer)->id, trust, std::move(admitted->admission));
  if (!proof) return fail(proof.error());
  auto admission = ring::open_admission(*proof, *trust.verified());
  if (!admission) return fail(admission.error());
  if (admission->identity != who.identity.pub() || admission->tls_key != who.tls_key) {
    return fail(errc::bad_signature, "the cluster admitted other keys than were asked for");
  }
  result_of_joining.admission = std::move(*admission);
  result_of_joining.proof = std::move(*proof);
  return result_of_joining;
}

}  // namespace

result<membership::reply> ask_member(caf::actor_system& system, const links& link, const std::string& address, membership::request what,
                                     duration patience) {
  caf::scoped_actor self{system};
  auto peer = reach(self, link, address);
  if (!peer) return fail(peer.error());
  return ask(self, link, (*peer)->id, std::move(what), patience);
}

/// A request may be lost while members change their own admissions for better ones; the same keys and token get the same answer.
result<joined> join_cluster(caf::actor_system& system, const links& link, trust_store& trust, const std::string& seed, const newcomer& who) {
  constexpr auto pause = 300ms;
  constexpr int tries = 40;
  for (int i = 1;; ++i) {
    auto entered = try_to_join(system, link, trust, seed, who);
    bool may_help = !entered && (entered.error().is(errc::unavailable) || entered.error().is(errc::outcome_unknown));
    if (!may_help || i == tries) return entered;
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace holdfast::actors

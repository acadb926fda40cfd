#include "actors/membership/joining.hpp"

#include <thread>

#include "actors/base/clock.hpp"
#include "actors/link/blocking.hpp"
#include "protocols/identity/join.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

// Genesis may be completed between the founder's word and its arrival here: then the root ring takes the word over, and its proof is what counts.
result<ring::admission_proof> proven(const links& link, const node_id& member, const trust_store& trust,
                                     ring::admission_proof given) {
  auto* word = std::get_if<ring::provisional_admission>(&given);
  if (!word || !trust.configuration()) return given;
  auto claimed = word->statement.open(trust.verified()->genesis.founder);
  if (!claimed) return fail(claimed.error());
  constexpr auto pause = 250ms;
  constexpr auto patience = 30s;
  error last(errc::unavailable, "the root ring has not taken over the founder's admission of this newcomer; try again with another token");
  const auto deadline = steady_now() + patience;
  do {
    auto answer = ask_member(link, member, membership::admission_request{claimed->id}, 6s);
    if (auto* found = answer ? std::get_if<membership::admission_reply>(&*answer) : nullptr) return std::move(found->admission);
    if (!answer) last = answer.error();
    std::this_thread::sleep_for(pause);
  } while (steady_now() < deadline);
  return fail(last);
}

}  // namespace

result<membership::reply> ask_member(const links& link, const node_id& node, membership::request what, duration patience) {
  outgoing m;
  m.to = node;
  m.kind = link::message_kind::membership;
  m.payload = make_payload(codec::encode(what));
  auto answer = ask(link, std::move(m), patience);
  if (!answer) return fail(answer.error());
  auto reply = codec::decode<membership::reply>(answer->body(), "membership reply");
  if (!reply) return reply;
  if (auto* refusal = std::get_if<membership::refusal>(&*reply)) return fail(static_cast<errc>(refusal->code), refusal->sentence);
  return reply;
}

result<joined> join_cluster(caf::actor_system& system, const links& link, trust_store& trust, const std::string& seed, const newcomer& who) {
  auto peer = reach(system, link, {seed}, 1);
  if (!peer && peer.error().is(errc::denied)) return fail(peer.error().within("the token does not fit"));
  if (!peer) return fail(peer.error().within("cannot connect to " + seed + "; is a node of this cluster running there?"));
  auto chain_answer = ask_member(link, (*peer)->id, membership::chain_request{}, 6s);
  if (!chain_answer) return fail(chain_answer.error());
  auto* chain = std::get_if<membership::chain_reply>(&*chain_answer);
  if (!chain) return fail(errc::malformed, "the member at " + seed + " answered something else than was asked");
  if (auto ok = trust.adopt(chain->chain); !ok) {
    return fail(ok.error().within("the node at " + seed + " is not of the cluster that the token is for"));
  }
  joined result_of_joining;
  result_of_joining.members = chain->addresses;

  membership::join_request request{identity::make_join(who.token, who.identity, who.tls_key, who.name), who.dial_back};
  auto answer = ask_member(link, (*peer)->id, std::move(request), 35s);
  if (!answer) return fail(answer.error());
  auto* admitted = std::get_if<membership::join_reply>(&*answer);
  if (!admitted) return fail(errc::malformed, "the member at " + seed + " answered something else than was asked");
  if (auto ok = trust.adopt(admitted->chain); !ok) return fail(ok.error());
  auto proof = proven(link, (*peer)->id, trust, std::move(admitted->admission));
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

}  // namespace holdfast::actors

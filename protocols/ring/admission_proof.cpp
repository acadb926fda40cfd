#include "protocols/ring/admission_proof.hpp"

namespace holdfast::ring {

namespace {

result<identity::admission> open_proof(const provisional_admission& proof, const identity::verified_chain& chain) {
  if (chain.current) return fail(errc::stale, "a founder's provisional admission is no good once genesis is complete");
  return proof.statement.open(chain.genesis.founder);
}

result<identity::admission> open_proof(const ring_admission& proof, const identity::verified_chain& chain) {
  if (!chain.current) return fail(errc::unavailable, "no ring can have admitted anyone before genesis is complete");
  auto opened = open<identity::admission>(proof.entry, admission_place(proof.node), chain.cluster, chain.current->root);
  if (!opened) return fail(opened.error());
  return std::move(opened->value);
}

}  // namespace

result<identity::admission> open_admission(const admission_proof& proof, const identity::verified_chain& chain) {
  auto admission = std::visit([&](const auto& p) { return open_proof(p, chain); }, proof);
  if (!admission) return admission;
  if (admission->cluster != chain.cluster || admission->id != identity::id_for(admission->identity, admission->nonce)) {
    return fail(errc::bad_signature, "the admission is of another cluster or its id is not its key's");
  }
  return admission;
}

outcome check_term(const identity::admission& admission, const std::optional<identity::configuration_entry>& configuration, wall_time now) {
  bool seated = configuration && (configuration->root.seat_of(admission.id) || configuration->object.seat_of(admission.id));
  if (admission.expires >= now || seated) return {};
  return fail(errc::expired, "the admission of " + admission.id.brief() + " (" + admission.name + ") has expired; it may only be renewed");
}

result<identity::admission> verify_admission(const admission_proof& proof, const identity::verified_chain& chain, wall_time now) {
  auto admission = open_admission(proof, chain);
  if (!admission) return admission;
  if (auto ok = check_term(*admission, chain.current, now); !ok) return fail(ok.error());
  return admission;
}

result<identity::admission> peek_admission(const admission_proof& proof) {
  if (auto* given = std::get_if<provisional_admission>(&proof)) return given->statement.peek();
  const auto& value = std::get<ring_admission>(proof).entry.value;
  if (!value) return fail(errc::not_found, "the proof is of an admission's absence");
  return codec::decode<identity::admission>(*value, "admission");
}

}  // namespace holdfast::ring

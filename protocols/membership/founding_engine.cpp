#include "protocols/membership/founding_engine.hpp"

#include <algorithm>

namespace holdfast::membership {

founding_engine::founding_engine(identity::signed_genesis genesis, identity::founding_member own, crypto::signing_key key, founding_record record)
    : genesis_(std::move(genesis)), cluster_(identity::id_of(genesis_)), key_(std::move(key)), record_(std::move(record)) {
  if (auto opened = genesis_.peek()) statement_ = std::move(*opened);
  seats_[own.node] = own;
  propose();
}

outcome founding_engine::invite(const ring::invite& operation, wall_time now) {
  if (std::find(statement_.operators.begin(), statement_.operators.end(), operation.by) == statement_.operators.end()) {
    return fail(errc::denied, "only an operator of this cluster may invite");
  }
  auto invitation = operation.statement.open(operation.by);
  if (!invitation) return fail(invitation.error());
  if (auto ok = identity::check(*invitation); !ok) return ok;
  if (invitation->cluster != cluster_) return fail(errc::malformed, "the invitation is for another cluster");
  if (invitation->expires <= now) return fail(errc::expired, "the invitation has expired already");
  if (record_.invitations.size() >= founding_invitations_max)
    return fail(errc::over_limit, "too many invitations while the cluster is being founded");
  for (const auto& known : record_.invitations) {
    if (known.statement.body == operation.statement.body) return {};
  }
  record_.invitations.push_back(operation);
  return {};
}

result<identity::admission> founding_engine::admit(const identity::signed_join& join, wall_time now, random_source& random) {
  auto request = identity::verify(join, cluster_);
  if (!request) return fail(request.error());
  if (auto used = record_.used_tokens.find(request->token_key); used != record_.used_tokens.end()) {
    for (const auto& admitted : record_.admitted) {
      if (admitted.id == used->second && admitted.identity == request->identity) return admitted;
    }
    return fail(errc::denied, "this token has been used already; ask an operator for a new one (holdfast invite node)");
  }
  for (const auto& invited : record_.invitations) {
    auto invitation = invited.statement.peek();
    if (!invitation || invitation->token_key != request->token_key) continue;
    if (invitation->expires <= now) return fail(errc::expired, "this token has expired; ask an operator for a new one (holdfast invite node)");
    if (invitation->kind != identity::member_kind::node) {
      return fail(errc::unavailable, "this cluster is still being founded and admits only nodes; try again in a moment");
    }
    if (record_.admitted.size() >= ring::founding_admissions_max) return fail(errc::over_limit, "too many members before the founding is complete");
    auto admission = identity::admit(*request, *invitation, random.array<32>(), now, statement_.rules);
    record_.admitted.push_back(admission);
    record_.used_tokens[request->token_key] = admission.id;
    return admission;
  }
  return fail(errc::denied, "nobody in this cluster knows this token; ask an operator for a new one (holdfast invite node)");
}

crypto::signed_statement<identity::admission> founding_engine::sign(const identity::admission& admission) const {
  return crypto::signed_statement<identity::admission>::make(admission, key_);
}

outcome founding_engine::offer(const node_id& from, const identity::founding_member& member) {
  if (member.node != from) return fail(errc::denied, "a seat is offered by its own node");
  auto admitted = std::any_of(record_.admitted.begin(), record_.admitted.end(), [&](const auto& a) { return a.id == from; });
  if (!admitted) return fail(errc::denied, "a seat is offered by an admitted node");
  if (proposal_ || seats_.size() >= record_.ring_size) return {};
  seats_[from] = member;
  propose();
  return {};
}

void founding_engine::propose() {
  if (proposal_ || seats_.size() < record_.ring_size) return;
  std::vector<identity::founding_member> members;
  for (const auto& [id, member] : seats_) members.push_back(member);
  if (auto entry = identity::first_configuration(cluster_, std::move(members))) proposal_ = std::move(*entry);
}

result<bool> founding_engine::consent(const identity::configuration_consent& consent) {
  if (!proposal_) return fail(errc::malformed, "nothing was proposed to be signed yet");
  std::erase_if(consents_, [&](const auto& known) { return known.node == consent.node; });
  consents_.push_back(consent);
  auto assembled = identity::assemble(*proposal_, key_, consents_);
  if (!assembled) {
    if (assembled.error().is(errc::unavailable)) return false;
    consents_.pop_back();
    return fail(assembled.error());
  }
  complete_ = identity::trust_chain{genesis_, {std::move(*assembled)}};
  return true;
}

ring::adopt_founding founding_engine::adoption() const {
  return {crypto::signed_statement<ring::founding>::make({cluster_, record_.admitted}, key_)};
}

}  // namespace holdfast::membership

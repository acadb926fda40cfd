#include "actors/membership/founding_side.hpp"

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"

namespace holdfast::actors {

using introspection::life;
using introspection::severity;

founding_side::founding_side(membership_context& context) : context_(context) {
  const auto& identity = context_.identity();
  if (!identity.founding) return;
  context_.addresses[identity.node] = context_.config.advert.address;
  engine_.emplace(identity.chain.genesis, seat_of(identity), context_.identity_key(), *identity.founding);
}

void founding_side::go_on() {
  if (engine_) return collect_consents();
  context_.probe().say(life::starting, "waits for the cluster's founding to be complete");
  // Who of the members known the founder is, nobody needs to be told: the others refuse a seat.
  for (const auto& [node, address] : context_.identity().members) ask_about_founding(node, address);
}

// -- the founder ----------------------------------------------------------------------------------------------------

outcome founding_side::save() {
  return context_.change([&](node_identity& i) { i.founding = engine_->record(); });
}

outcome founding_side::invite(const ring::invite& invitation) {
  auto invited = engine_->invite(invitation, wall_now());
  return invited ? save() : invited;
}

result<ring::provisional_admission> founding_side::admit(const identity::signed_join& join) {
  system_random random;
  auto admission = engine_->admit(join, wall_now(), random);
  if (!admission) return fail(admission.error());
  if (auto saved = save(); !saved) return fail(saved.error());
  context_.config.board->note(severity::info, "joined", admission->name, admission->name + " has joined the cluster that is being founded");
  return ring::provisional_admission{engine_->sign(*admission)};
}

outcome founding_side::take_offer(const link::peer_info& from, const membership::seat_offer& offer) {
  if (!from.admitted || !engine_) return fail(errc::denied, "seats are offered to the founder, by admitted nodes");
  if (auto taken = engine_->offer(from.id, offer.member); !taken) return taken;
  context_.addresses[from.id] = offer.address.substr(0, 256);
  return {};
}

void founding_side::collect_consents() {
  if (!engine_->proposal()) {
    context_.probe().say(life::starting, "founding: " + std::to_string(engine_->seats()) + " of " + std::to_string(engine_->record().ring_size) +
                                             " ring-capable nodes are here");
    return;
  }
  if (steady_now() < complete_at_) return;
  if (auto own = engine_->consent(consent(engine_->proposal_body())); own && *own) return complete();
  for (const auto& seat : engine_->proposal()->root.seats) {
    if (seat.node != context_.identity().node && !consenting_.contains(seat.node)) ask_for_consent(seat.node);
  }
}

void founding_side::ask_for_consent(const node_id& seat) {
  consenting_.insert(seat);
  context_.ask_peer(seat, membership::configuration_proposal{engine_->proposal_body()}, [this, seat](result<membership::reply> answer) {
    consenting_.erase(seat);
    if (!answer || !engine_ || context_.trust().configuration()) return;
    auto* consented = std::get_if<membership::consent_reply>(&*answer);
    if (!consented) return;
    if (auto all = engine_->consent(consented->consent); all && *all) complete();
  });
}

void founding_side::complete() {
  constexpr auto pause = std::chrono::seconds(5);
  auto adopted = adopt(*engine_->complete());
  if (adopted) return;
  complete_at_ = steady_now() + pause;
  context_.note(severity::error, "founding", adopted.error().message());
}

void founding_side::hand_over() {
  if (handing_over_) return;
  handing_over_ = true;
  context_.ask_root(ring::submission_of(ring::root_operation(engine_->adoption())), [this](result<ring::entry_reply> done) {
    handing_over_ = false;
    if (!done && !done.error().is(errc::already_exists)) return;
    hand_over_invitations(engine_->record().invitations, 0);
  });
}

/// One after the other; the hand-over is complete with the last one.
void founding_side::hand_over_invitations(const std::vector<ring::invite>& invitations, std::size_t next) {
  if (next < invitations.size()) {
    handing_over_ = true;
    context_.ask_root(ring::submission_of(ring::root_operation(invitations[next])),
                      [this, invitations, next](result<ring::entry_reply> done) {
                        bool again = !done && (done.error().is(errc::unavailable) || done.error().is(errc::outcome_unknown));
                        if (!again) return hand_over_invitations(invitations, next + 1);
                        handing_over_ = false;  // the next tick begins anew; what is there already is refused as such
                      });
    return;
  }
  engine_.reset();
  context_.change_identity([](node_identity& i) { i.founding.reset(); });
  context_.note(severity::info, "founded", "genesis is complete: the root ring admits from now on");
}

// -- the others -----------------------------------------------------------------------------------------------------

void founding_side::ask_about_founding(const node_id& member, const std::string& address) {
  context_.config.link.port->know(member, {address});
  context_.ask_peer(member, membership::chain_request{}, [this](result<membership::reply> answer) {
    auto* chain = answer ? std::get_if<membership::chain_reply>(&*answer) : nullptr;
    if (!chain || chain->chain.entries.empty() || context_.trust().configuration()) return;
    for (const auto& [node, address] : chain->addresses) context_.addresses[node] = address;
    if (auto ok = adopt(chain->chain); !ok) log::warning("chain refused", {{"why", ok.error().message()}});
  });
  const auto& advert = context_.config.advert;
  if (!advert.roles.contains(identity::role_kind::inner_ring)) return;
  context_.ask_peer(member, membership::seat_offer{seat_of(context_.identity()), advert.address}, [](result<membership::reply>) {});
}

/// The rings start on what is published: saved first, it is still known after a crash.
outcome founding_side::adopt(const identity::trust_chain& chain) {
  if (auto walked = identity::verify(chain, context_.trust().cluster()); !walked) return fail(walked.error());
  auto saved = context_.change([&](node_identity& i) {
    i.chain = chain;
    for (const auto& [node, address] : context_.addresses) {
      if (node != i.node) i.members[node] = address;
    }
  });
  if (!saved) return saved;
  if (auto adopted = context_.trust().adopt(chain); !adopted) return fail(adopted.error());
  caf::anon_send(context_.config.link.manager, recheck_atom::value);  // who was taken at his word can be verified now
  return {};
}

result<identity::configuration_consent> founding_side::consent_to(const link::peer_info& from, bytes_view proposal) {
  auto chain = context_.trust().verified();
  if (!chain || chain->current || !from.admitted) return fail(errc::denied, "there is nothing to be founded here");
  auto entry = codec::decode<identity::configuration_entry>(proposal, "configuration entry");
  if (!entry) return fail(entry.error());
  const auto& identity = context_.identity();
  auto own = seat_of(identity);
  auto root_seat = entry->root.seat_of(identity.node);
  auto object_seat = entry->object.seat_of(identity.node);
  if (entry->cluster != identity.cluster || !root_seat || !object_seat || entry->root.seats[*root_seat].key != own.root_key ||
      entry->object.seats[*object_seat].key != own.object_key) {
    return fail(errc::malformed, "the proposed configuration does not seat this node with its keys");
  }
  return consent(proposal);
}

identity::configuration_consent founding_side::consent(bytes_view body) const {
  const auto& own = context_.identity();
  return identity::consent(own.node, body, crypto::signing_key::from_seed(own.root_seat_seed), crypto::signing_key::from_seed(own.object_seat_seed));
}

}  // namespace holdfast::actors

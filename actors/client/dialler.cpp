#include "actors/client/dialler.hpp"

#include <algorithm>

#include "actors/base/clock.hpp"
#include "actors/link/blocking.hpp"
#include "actors/membership/joining.hpp"
#include "protocols/object/object_types.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr duration patience_to_reach = 6s, patience_to_learn = 6s;

link::local_identity stranger_of(const cluster_id& cluster) {
  link::local_identity self;
  self.cluster = cluster;
  self.boot = system_random().next_u64();
  return self;
}

tl::unexpected<error> not_let_in(const error& why) { return fail(why.is(errc::denied) ? why.within("this profile is not let in") : why); }

tl::unexpected<error> answered_otherwise() { return fail(errc::malformed, "a member answered something else than was asked"); }

}  // namespace

dialler::dialler(const link::tls_identity& tls, link::local_identity self)
    : self_(std::move(self)), trust_(std::make_shared<trust_store>(self_.cluster)) {
  configure_links(config_);
  config_.set("scheduler.max-threads", std::size_t{2});
  system_ = std::make_unique<caf::actor_system>(config_);
  link_config config;
  config.tls = tls;
  config.self = self_;
  config.strangers_welcome = false;
  config.verify = [trust = trust_](bytes_view admission, const digest& tls_key, wall_time now) {
    return trust->verify_peer(admission, tls_key, now);
  };
  link_ = start_links(*system_, std::move(config));
}

dialler::~dialler() { caf::anon_send(link_.manager, close_atom::value); }  // the system then waits for every actor

result<std::unique_ptr<dialler>> dialler::open(const identity::profile& as) {
  auto tls = codec::decode<link::tls_identity>(as.secrets.tls_key, "TLS key");
  if (!tls) return fail(tls.error().within("profile"));
  if (auto ok = link::check(*tls); !ok) return fail(ok.error().within("profile"));
  auto proof = codec::decode<ring::admission_proof>(as.secrets.admission, "admission");
  if (!proof) return fail(proof.error().within("profile"));
  auto admission = ring::peek_admission(*proof);
  if (!admission) return fail(admission.error().within("profile"));
  auto self = stranger_of(as.secrets.cluster);
  if (std::holds_alternative<ring::ring_admission>(*proof)) {
    self.member = admission->id;
    self.admission = as.secrets.admission;
  }
  auto opened = std::unique_ptr<dialler>(new dialler(*tls, std::move(self)));
  if (auto ok = opened->trust_->adopt(as.secrets.chain); !ok) return fail(ok.error().within("profile"));
  opened->self_.member = admission->id;
  opened->identity_seed_ = as.secrets.identity_seed;
  opened->admission_ = std::move(*admission);
  return opened;
}

std::unique_ptr<dialler> dialler::open_stranger(const cluster_id& pinned, const link::tls_identity& tls) {
  return std::unique_ptr<dialler>(new dialler(tls, stranger_of(pinned)));
}

object::session_grant dialler::grant(const object::update& u) const {
  return object::session_grant::make(u, crypto::signing_key::from_seed(identity_seed_), admission_.nonce);
}

outcome dialler::enter(const std::vector<std::string>& members, duration patience) {
  enter_until_ = steady_now() + patience;
  if (members.empty()) return fail(errc::unavailable, "the profile names no member's address; add one to its `members`");
  // One member that lies does not shut anybody out while others would let him in.
  auto known = trust_->configuration();
  auto convincing = known ? known->root.weak_quorum() : members.size();
  auto first = reach(*system_, link_, members, convincing, at_most(patience_to_reach));
  if (!first) return not_let_in(first.error());
  auto entered = enter_by((*first)->id);
  return entered && knows_enough() ? entered : enter_by_others(members, convincing, entered);
}

/// After a member that answered first and then failed, refused, or knows no directory: it may have started anew, or lie. Who knows no
/// directory knows of no revocation either, so the others have their say, too.
outcome dialler::enter_by_others(const std::vector<std::string>& members, std::size_t convincing, outcome so_far) {
  const auto first = member_;
  auto best = first;
  std::size_t refusals = 0;
  for (const auto& address : members) {
    if (steady_now() >= enter_until_) break;
    auto other = reach(*system_, link_, {address}, 1, at_most(patience_to_reach));
    if (!other && other.error().is(errc::denied) && ++refusals >= convincing) return not_let_in(other.error());
    if (!other || (*other)->id == first) continue;
    auto entered = enter_by((*other)->id);
    if (entered && knows_enough()) return entered;
    if (so_far) continue;
    so_far = entered;
    best = member_;
  }
  member_ = best;
  return so_far;
}

/// What is left of the time to enter in, and no more than is wanted.
duration dialler::at_most(duration wanted) const { return std::clamp<duration>(enter_until_ - steady_now(), 1ms, wanted); }

outcome dialler::enter_by(const node_id& node) {
  member_ = node;
  if (distrusted_.contains(node)) return fail(errc::unavailable, "what member " + node.brief() + " said was untrue, and no other answers");
  if (auto learned = learn_chain(node); !learned) return learned;
  if (!trust_->configuration()) return {};
  if (goes_as_stranger()) {
    if (auto proven = prove_admission(node); !proven) return proven;
  }
  if (goes_as_stranger()) {
    if (auto renewed = renew_admission(node); !renewed) return renewed;
  }
  return learn_directory(node);
}

/// A member that others do not take for one: what it shows has expired, or is nothing yet.
bool dialler::goes_as_stranger() const {
  return !self_.member.is_zero() && (self_.admission.empty() || admission_.expires < wall_now());
}

/// While the cluster is being founded there is no directory to know.
bool dialler::knows_enough() const { return trust_->directory() || !trust_->configuration(); }

outcome dialler::learn_chain(const node_id& node) {
  auto answer = ask_member(link_, node, membership::chain_request{}, at_most(patience_to_learn));
  if (!answer) return fail(answer.error());
  auto* said = std::get_if<membership::chain_reply>(&*answer);
  if (!said) return answered_otherwise();
  if (auto ok = trust_->adopt(said->chain); !ok) return fail(ok.error());
  for (const auto& [other, address] : said->addresses) link_.port->know(other, {address});
  return {};
}

outcome dialler::learn_directory(const node_id& node) {
  auto answer = ask_member(link_, node, membership::directory_request{trust_->directory_version()}, at_most(patience_to_learn));
  if (!answer) return fail(answer.error());
  auto* said = std::get_if<membership::directory_reply>(&*answer);
  if (!said) return answered_otherwise();
  if (said->directory) {
    if (auto ok = trust_->adopt(*said->directory); !ok) return fail(ok.error());
  }
  if (auto known = trust_->directory()) {
    for (const auto& [other, entry] : known->nodes) {
      if (!entry.address.empty()) link_.port->know(other, {entry.address});
    }
  }
  return {};
}

outcome dialler::prove_admission(const node_id& node) {
  auto answer = ask_member(link_, node, membership::admission_request{self_.member}, at_most(10s));
  if (!answer) return fail(answer.error());
  auto* said = std::get_if<membership::admission_reply>(&*answer);
  if (!said) return answered_otherwise();
  return take(said->admission);
}

outcome dialler::renew_admission(const node_id& node) {
  ring::renewal wanted{trust_->cluster(), self_.member, admission_.expires};
  ring::renew renewal{crypto::signed_statement<ring::renewal>::make(wanted, crypto::signing_key::from_seed(identity_seed_))};
  auto answer = ask_member(link_, node, membership::statement_request{codec::encode(ring::root_operation(renewal))}, at_most(40s));
  if (!answer) return fail(answer.error().within("the profile's admission has expired and could not be renewed"));
  auto* done = std::get_if<membership::statement_reply>(&*answer);
  if (!done) return answered_otherwise();
  if (auto taken = take(ring::ring_admission{self_.member, done->entry}); !taken) return taken;
  return goes_as_stranger() ? outcome(fail(errc::expired, "a member answered with an admission that has expired; is this machine's clock right?"))
                            : outcome();
}

/// What is in its term is shown on the links there are, ahead of what is asked next.
outcome dialler::take(const ring::admission_proof& proof) {
  auto admission = ring::open_admission(proof, *trust_->verified());
  if (!admission) return fail(admission.error());
  if (admission->id != self_.member) return fail(errc::bad_signature, "a member answered with somebody else's admission");
  admission_ = std::move(*admission);
  if (admission_.expires < wall_now()) return {};
  self_.admission = codec::encode(proof);
  link_.port->identify(self_);
  return {};
}

result<membership::reply> dialler::ask(membership::request what, duration patience) const {
  return ask_member(link_, member_, std::move(what), patience);
}

result<inbound> dialler::ask(link::message_kind kind, bytes payload, duration patience) const {
  outgoing m;
  m.to = member_;
  m.kind = kind;
  m.payload = make_payload(std::move(payload));
  return actors::ask(link_, std::move(m), patience);
}

}  // namespace holdfast::actors

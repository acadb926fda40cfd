#include "actors/client/dialler.hpp"

#include <caf/scoped_actor.hpp>

#include "actors/base/clock.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

}  // namespace

dialler::dialler(const cluster_id& pinned, const link::tls_identity& tls, link::local_identity self)
    : self_(std::move(self)), trust_(std::make_shared<trust_store>(pinned)) {
  configure_links(config_);
  system_ = std::make_unique<caf::actor_system>(config_);
  system_->await_actors_before_shutdown(false);
  link_config config;
  config.tls = tls;
  config.self = self_;
  config.strangers_welcome = false;
  config.verify = [trust = trust_](bytes_view admission, const digest& tls_key, wall_time now) {
    return trust->verify_peer(admission, tls_key, now);
  };
  link_ = start_links(*system_, std::move(config));
}

dialler::~dialler() { caf::anon_send(link_.manager, close_atom::value); }

result<std::unique_ptr<dialler>> dialler::open(const identity::profile& as) {
  auto tls = codec::decode<link::tls_identity>(as.secrets.tls_key, "the profile's TLS key");
  if (!tls) return fail(tls.error());
  auto chain = identity::verify(as.secrets.chain, as.secrets.cluster);
  if (!chain) return fail(chain.error().within("the profile's chain"));
  auto proof = codec::decode<ring::admission_proof>(as.secrets.admission, "the profile's admission");
  if (!proof) return fail(proof.error());
  link::local_identity self;
  self.cluster = as.secrets.cluster;
  self.admission = as.secrets.admission;
  system_random random;
  self.boot = random.next_u64();
  if (auto* proven = std::get_if<ring::ring_admission>(&*proof)) {
    self.member = proven->node;
  } else {
    // The founder's word is shown to nobody: as a stranger this process asks for what the root ring proves.
    auto given = std::get<ring::provisional_admission>(*proof).statement.peek();
    if (!given) return fail(given.error());
    self.admission.clear();
  }
  auto dialling = std::unique_ptr<dialler>(new dialler(as.secrets.cluster, *tls, std::move(self)));
  if (auto ok = dialling->trust_->adopt(as.secrets.chain); !ok) return fail(ok.error());
  if (dialling->self_.admission.empty()) dialling->self_.member = std::get<ring::provisional_admission>(*proof).statement.peek()->id;
  return dialling;
}

result<std::unique_ptr<dialler>> dialler::open_stranger(const cluster_id& pinned, const link::tls_identity& tls) {
  link::local_identity self;
  self.cluster = pinned;
  system_random random;
  self.boot = random.next_u64();
  return std::unique_ptr<dialler>(new dialler(pinned, tls, std::move(self)));
}

result<peer_ptr> dialler::reach(const std::string& address) {
  caf::scoped_actor self{*system_};
  result<peer_ptr> reached = fail(errc::unavailable, "nobody answers at " + address);
  self->request(link_.manager, 6s, connect_atom::value, address, link::traffic_class::foreground)
      .receive([&](const connected& c) { reached = c.peer; }, [](const caf::error&) {});
  return reached;
}

outcome dialler::enter(const std::vector<std::string>& members) {
  std::string tried;
  for (const auto& address : members) {
    auto peer = reach(address);
    if (!peer) {
      tried += (tried.empty() ? "" : "; ") + address + ": " + peer.error().message();
      continue;
    }
    member_ = (*peer)->id;
    auto chain = ask(membership::chain_request{}, 6s);
    if (!chain) {
      tried += (tried.empty() ? "" : "; ") + address + ": " + chain.error().message();
      continue;
    }
    if (auto* said = std::get_if<membership::chain_reply>(&*chain)) {
      if (auto ok = trust_->adopt(said->chain); !ok) return fail(ok.error());
    }
    if (self_.admission.empty() && !self_.member.is_zero()) {
      auto proven = prove_admission();
      if (proven) return enter({address});
      // While the cluster is being founded nothing is proven yet; statements need no admission, they speak for themselves.
      return proven.error().is(errc::unavailable) ? outcome{} : proven;
    }
    auto directory = ask(membership::directory_request{}, 6s);
    if (!directory) return fail(directory.error());
    if (auto* said = std::get_if<membership::directory_reply>(&*directory); said && said->directory) {
      if (auto ok = trust_->adopt(*said->directory); !ok) return fail(ok.error());
    }
    if (auto known = trust_->directory()) {
      for (const auto& [node, entry] : known->nodes) {
        if (!entry.address.empty()) link_.port->know(node, {entry.address});
      }
    }
    return {};
  }
  return fail(errc::unavailable, "no member of the cluster can be reached (" + tried +
                                     "); is it running? The addresses stand in the profile and may be mended there");
}

outcome dialler::prove_admission() {
  auto answer = ask(membership::admission_request{self_.member}, 10s);
  if (!answer) return fail(answer.error());
  auto* said = std::get_if<membership::admission_reply>(&*answer);
  if (!said) return fail(errc::malformed, "a member answered something else than was asked");
  auto admission = ring::open_admission(said->admission, *trust_->verified());
  if (!admission) return fail(admission.error());
  if (admission->id != self_.member) return fail(errc::bad_signature, "a member answered with somebody else's admission");
  self_.admission = codec::encode(said->admission);
  caf::anon_send(link_.manager, identify_atom::value, self_);
  return {};
}

result<membership::reply> dialler::ask(membership::request what, duration patience) {
  auto answer = ask(link::message_kind::membership, codec::encode(what), patience);
  if (!answer) return fail(answer.error());
  auto reply = codec::decode<membership::reply>(answer->body(), "membership reply");
  if (!reply) return reply;
  if (auto* refusal = std::get_if<membership::refusal>(&*reply)) return fail(static_cast<errc>(refusal->code), refusal->sentence);
  return reply;
}

result<inbound> dialler::ask(link::message_kind kind, bytes payload, duration patience) {
  caf::scoped_actor self{*system_};
  result<inbound> answer = fail(errc::unavailable, "no answer");
  outgoing m;
  m.to = member_;
  m.kind = kind;
  m.payload = make_payload(std::move(payload));
  self->request(link_.manager, patience + duration(1s), ask_atom::value, std::move(m), patience)
      .receive([&](const actors::response& r) { answer = r.value; }, [](const caf::error&) {});
  return answer;
}

}  // namespace holdfast::actors

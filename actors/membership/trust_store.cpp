#include "actors/membership/trust_store.hpp"

#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

namespace {

// A newcomer whose chain does not reach the configuration cannot verify what rings proved, and must ask somebody for the rest.
// Nothing it is told then rests on who told it: the chain proves itself against the cluster's id, the admission against the chain.
result<link::peer_info> at_its_word(const ring::admission_proof& proof, const digest& tls_key) {
  link::peer_info peer;
  peer.tls_key = tls_key;
  peer.unverified = true;
  peer.name = "unverified";
  if (auto* admitted = std::get_if<ring::ring_admission>(&proof)) {
    peer.id = admitted->node;
  } else {
    auto claimed = std::get<ring::provisional_admission>(proof).statement.peek();
    if (!claimed) return fail(claimed.error());
    peer.id = claimed->id;
  }
  return peer;
}

}  // namespace

result<bool> trust_store::adopt(const identity::trust_chain& chain) {
  auto walked = identity::verify(chain, pinned_);
  if (!walked) return fail(walked.error());
  std::lock_guard guard(mutex_);
  if (verified_ && chain.entries.size() <= chain_.entries.size()) return false;
  chain_ = chain;
  verified_ = std::move(*walked);
  return true;
}

result<bool> trust_store::adopt(const ring::proven_entry& directory) {
  auto configuration = this->configuration();
  if (!configuration) return fail(errc::unavailable, "a directory cannot be verified before genesis is complete");
  auto opened = ring::open<identity::directory>(directory, ring::directory_place(), pinned_, configuration->root);
  if (!opened) return fail(opened.error());
  std::lock_guard guard(mutex_);
  if (directory_ && opened->value.version <= directory_->version) return false;
  directory_ = std::make_shared<const identity::directory>(std::move(opened->value));
  proof_ = directory;
  return true;
}

std::optional<identity::configuration_entry> trust_store::configuration() const {
  std::lock_guard guard(mutex_);
  return verified_ ? verified_->current : std::nullopt;
}

std::optional<identity::verified_chain> trust_store::verified() const {
  std::lock_guard guard(mutex_);
  return verified_;
}

identity::trust_chain trust_store::chain() const {
  std::lock_guard guard(mutex_);
  return chain_;
}

directory_ptr trust_store::directory() const {
  std::lock_guard guard(mutex_);
  return directory_;
}

std::optional<ring::proven_entry> trust_store::directory_proof() const {
  std::lock_guard guard(mutex_);
  return proof_;
}

std::uint64_t trust_store::directory_version() const {
  std::lock_guard guard(mutex_);
  return directory_ ? directory_->version : 0;
}

result<link::peer_info> trust_store::verify_peer(bytes_view admission, const digest& tls_key, wall_time now) const {
  auto proof = codec::decode<ring::admission_proof>(admission, "admission");
  if (!proof) return fail(proof.error());
  std::optional<identity::verified_chain> chain;
  directory_ptr directory;
  {
    std::lock_guard guard(mutex_);
    chain = verified_;
    directory = directory_;
  }
  auto* provisional = std::get_if<ring::provisional_admission>(&*proof);
  if (!chain || (!chain->current && !provisional && !founder_)) return at_its_word(*proof, tls_key);
  const auto configuration = chain->current;
  // Whoever was admitted while the cluster was being founded shows the founder's word until it has heard what the ring made of it.
  if (provisional && chain->current) {
    auto opened = provisional->statement.open(chain->genesis.founder);
    bool adopted = opened && (chain->current->root.seat_of(opened->id) || (directory && directory->nodes.contains(opened->id)));
    if (adopted) chain->current.reset();
  }
  auto opened = ring::open_admission(*proof, *chain);
  if (!opened) return fail(opened.error());
  if (opened->tls_key != tls_key) return fail(errc::bad_signature, "the admission is for another TLS key");
  if (directory && directory->revoked.contains(opened->id)) return fail(errc::denied, "the admission has been revoked");
  // The last question: whoever is only past his time may renew.
  if (auto ok = ring::check_term(*opened, configuration, now); !ok) return fail(ok.error());
  link::peer_info peer;
  peer.id = opened->id;
  peer.admitted = true;
  peer.kind = opened->kind;
  peer.name = opened->name;
  peer.tls_key = tls_key;
  return peer;
}

std::vector<std::string> trust_store::addresses(const node_id& node) const {
  auto directory = this->directory();
  if (!directory) return {};
  auto entry = directory->nodes.find(node);
  if (entry == directory->nodes.end() || entry->second.address.empty()) return {};
  return {entry->second.address};
}

std::string trust_store::name_of(const node_id& node) const {
  auto directory = this->directory();
  if (directory) {
    if (auto entry = directory->nodes.find(node); entry != directory->nodes.end()) return entry->second.name;
  }
  return node.brief();
}

}  // namespace holdfast::actors

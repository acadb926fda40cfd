#include "protocols/ring/state_root.hpp"

#include <set>

namespace holdfast::ring {

result<state_root> verify(const certified_root& root, const cluster_id& cluster, const identity::ring_description& ring) {
  auto claimed = codec::decode<state_root>(root.body, "state root");
  if (!claimed) return fail(claimed.error());
  if (claimed->cluster != cluster || claimed->ring != ring.id) {
    return fail(errc::bad_signature, "state root is of ring " + claimed->ring.brief() + ", not of ring " + ring.id.brief());
  }
  if (claimed->epoch != ring.epoch) {
    return fail(errc::stale, "state root is of epoch " + std::to_string(claimed->epoch) + ", the ring is in epoch " + std::to_string(ring.epoch));
  }
  std::set<std::uint32_t> seats;
  for (const auto& s : root.signatures) {
    if (s.seat >= ring.size() || !seats.insert(s.seat).second) {
      return fail(errc::bad_signature, "state root's certificate names a seat twice or one that the ring has not");
    }
  }
  if (seats.size() < ring.certificate_size()) {
    return fail(errc::bad_signature, "state root's certificate has " + std::to_string(seats.size()) + " signatures of " +
                                         std::to_string(ring.certificate_size()) + " needed");
  }
  for (const auto& s : root.signatures) {
    if (!crypto::verify(ring.seats[s.seat].key, state_root::type_tag, root.body, s.sig)) {
      return fail(errc::bad_signature, "state root's certificate has a signature that seat " + std::to_string(s.seat) + " did not make");
    }
  }
  return claimed;
}

namespace {

result<state_root> lead_to(const state_root& root, const proven_entry& entry, const place& where) {
  if (verify(entry.proof, root.root, where, entry.value)) return root;
  return fail(errc::bad_signature, "proof for " + std::string(to_string(where.map)) + " does not lead to the ring's state root");
}

}  // namespace

result<state_root> verify(const proven_entry& entry, const place& where, const cluster_id& cluster, const identity::ring_description& ring) {
  auto root = verify(entry.root, cluster, ring);
  return root ? lead_to(*root, entry, where) : root;
}

result<state_root> entry_verifier::verify(const proven_entry& entry, const place& where) {
  auto name = crypto::hash("holdfast/certified-root/v1", {codec::encode(entry.root)});
  if (auto known = held_.find(name); known != held_.end()) return lead_to(known->second, entry, where);
  auto root = ring::verify(entry.root, cluster_, ring_);
  if (!root) return root;
  if (held_.size() >= remembered_max) held_.clear();
  held_.emplace(name, *root);
  return lead_to(*root, entry, where);
}

}  // namespace holdfast::ring

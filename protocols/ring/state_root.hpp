// What a ring signs, and how whatever a ring says is shown to others: a value, its path in the state, and the certified root.
//
// Until rings sign with one key, a certificate is f + 1 signatures of different seats, so at least one signer is honest: it
// signs only what it executed after a local commit. Proofs are self-contained; who relays them does not matter.
#pragma once

#include <map>

#include "protocols/identity/identity_types.hpp"
#include "protocols/ring/authenticated_map.hpp"

namespace holdfast::ring {

/// The state after the batch of `sequence`, as the ring agreed on it.
struct state_root {
  static constexpr std::string_view type_tag = "holdfast/state-root/v1";
  cluster_id cluster;
  ring_id ring;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  wall_time time;   ///< agreed time of that batch
  digest root;      ///< of the authenticated map
  digest previous;  ///< hash of the state root of sequence - 1; zero for the first
  bool operator==(const state_root&) const = default;
};
template <class F>
bool inspect(F& f, state_root& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "epoch", x.epoch, "sequence", x.sequence, "time", x.time, "root", x.root, "previous",
                  x.previous);
}

struct certified_root {
  bytes body;  ///< canonical `state_root`: what the seats signed
  std::vector<identity::seat_signature> signatures;
  bool operator==(const certified_root&) const = default;
};
template <class F>
bool inspect(F& f, certified_root& x) {
  return f.fields("body", x.body, "signatures", x.signatures) && x.signatures.size() <= 64;
}

/// The root, if `certificate_size()` different seats of this ring and epoch signed it and every signature in it is right.
result<state_root> verify(const certified_root& root, const cluster_id& cluster, const identity::ring_description& ring);

/// A value at a place of a ring's state, or its absence, with the proof that convinces anyone.
struct proven_entry {
  std::optional<bytes> value;
  map_proof proof;
  certified_root root;
};
template <class F>
bool inspect(F& f, proven_entry& x) {
  return f.fields("value", x.value, "proof", x.proof, "root", x.root);
}

/// The root under which `entry.value` lies at `where` (nothing there, if it has no value).
result<state_root> verify(const proven_entry& entry, const place& where, const cluster_id& cluster, const identity::ring_description& ring);

/// Verifies for one reader of one ring, and remembers the certificates that held: one certificate releases a whole batch of answers,
/// and its signatures are checked once.
class entry_verifier {
 public:
  entry_verifier(cluster_id cluster, identity::ring_description ring) : cluster_(cluster), ring_(std::move(ring)) {}

  result<state_root> verify(const proven_entry& entry, const place& where);
  const identity::ring_description& ring() const { return ring_; }

 private:
  static constexpr std::size_t remembered_max = 64;

  cluster_id cluster_;
  identity::ring_description ring_;
  std::map<digest, state_root> held_;  ///< by hash of the certificate, signatures included
};

template <class T>
struct proven_value {
  T value;
  state_root root;
};

/// A present value of type T, verified and decoded; `errc::not_found` if the entry proves absence.
template <class T>
result<proven_value<T>> open(const proven_entry& entry, const place& where, const cluster_id& cluster,
                             const identity::ring_description& ring) {
  auto root = verify(entry, where, cluster, ring);
  if (!root) return fail(root.error());
  if (!entry.value) return fail(errc::not_found, "the ring proves that there is no such entry in " + std::string(to_string(where.map)));
  auto value = codec::decode<T>(*entry.value, "state entry");
  if (!value) return fail(value.error());
  return proven_value<T>{std::move(*value), *root};
}

}  // namespace holdfast::ring

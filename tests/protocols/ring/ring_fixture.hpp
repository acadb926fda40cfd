// A small cluster without its protocols: keys of all members, the verified chain, and certificates on demand.
#pragma once

#include "protocols/identity/genesis.hpp"
#include "protocols/identity/join.hpp"
#include "protocols/ring/admission_proof.hpp"
#include "protocols/ring/object_state.hpp"
#include "protocols/ring/root_state.hpp"

namespace holdfast::ring {

constexpr wall_time born{1'800'000'000'000};
inline wall_time after_birth(std::chrono::milliseconds later) { return born + later; }

struct test_cluster {
  struct member {
    crypto::signing_key identity, root_key, object_key;
    std::array<std::uint8_t, 32> nonce;
    node_id id;
  };

  explicit test_cluster(std::size_t ring_size = 4, std::uint64_t seed = 1) : random(seed) {
    for (std::size_t i = 0; i < ring_size; ++i) members.push_back(make_member());
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    auto genesis = identity::make_genesis(founder(), {operating.pub()}, {}, born, random);
    trust.genesis = genesis;
    cluster = identity::id_of(genesis);
    std::vector<identity::founding_member> first;
    for (const auto& m : members) first.push_back({m.id, m.root_key.pub(), m.object_key.pub()});
    entry = identity::first_configuration(cluster, first).value();
    auto body = codec::encode(entry);
    std::vector<identity::configuration_consent> consents;
    for (const auto& m : members) consents.push_back(identity::consent(m.id, body, m.root_key, m.object_key));
    trust.entries = {identity::assemble(entry, founder(), consents).value()};
    chain = identity::verify(trust, cluster).value();
  }

  member make_member() {
    member m{crypto::signing_key::generate(random), crypto::signing_key::generate(random), crypto::signing_key::generate(random),
             random.array<32>(), {}};
    m.id = identity::id_for(m.identity.pub(), m.nonce);
    return m;
  }

  const crypto::signing_key& founder() const { return founder_key; }

  /// The state of `map` as a ring's members certify it.
  certified_root certify(const authenticated_map& map, const identity::ring_description& ring, std::uint64_t sequence, wall_time time,
                         std::size_t signatures) const {
    state_root root{cluster, ring.id, ring.epoch, sequence, time, map.root(), {}};
    certified_root certified{codec::encode(root), {}};
    for (std::uint32_t seat = 0; seat < signatures; ++seat) {
      const auto& key = ring.id == entry.root.id ? members[seat].root_key : members[seat].object_key;
      certified.signatures.push_back({seat, key.sign(state_root::type_tag, certified.body)});
    }
    return certified;
  }

  proven_entry prove(const authenticated_map& map, const place& where, const identity::ring_description& ring) const {
    proven_entry proven;
    if (auto* value = map.get(where)) proven.value = *value;
    proven.proof = map.prove(where);
    proven.root = certify(map, ring, 7, born, ring.certificate_size());
    return proven;
  }

  seeded_random random;
  crypto::signing_key founder_key = crypto::signing_key::generate(random);
  crypto::signing_key operating = crypto::signing_key::generate(random);
  std::vector<member> members;
  identity::trust_chain trust;
  cluster_id cluster;
  identity::configuration_entry entry;
  identity::verified_chain chain;
};

template <class Operation, class T>
bytes request_of(const T& x) {
  return codec::encode(Operation(x));
}

}  // namespace holdfast::ring

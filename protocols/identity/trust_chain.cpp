// Walking the chain: from the pinned cluster id to the founder, from the founder to the first members.
#include "protocols/identity/genesis.hpp"

namespace holdfast::identity {

namespace {

outcome check_seats(std::string_view label, const ring_description& ring, const cluster_id& cluster) {
  auto bounds = bounds_for(ring.size());
  if (!bounds || ring.byzantine_max != bounds->byzantine_max || ring.crash_max != bounds->crash_max) {
    return fail(errc::malformed, "configuration's " + std::string(label) + " ring of " + std::to_string(ring.size()) +
                                     " has other fault bounds than its size allows");
  }
  if (ring.epoch != 0 || ring.id != birth_id(cluster, label, ring.seats)) {
    return fail(errc::malformed, "configuration's " + std::string(label) + " ring is not named after its first members");
  }
  return {};
}

outcome check_signatures(const ring_description& ring, const std::vector<seat_signature>& signatures, bytes_view body) {
  if (signatures.size() != ring.size()) return fail(errc::bad_signature, "configuration is not signed by every first member");
  for (std::uint32_t seat = 0; seat < ring.size(); ++seat) {
    if (signatures[seat].seat != seat || !crypto::verify(ring.seats[seat].key, configuration_entry::type_tag, body, signatures[seat].sig)) {
      return fail(errc::bad_signature, "configuration lacks the signature of first member " + ring.seats[seat].node.brief());
    }
  }
  return {};
}

result<configuration_entry> open_first(const signed_configuration& link, const verified_chain& chain) {
  if (!crypto::verify(chain.genesis.founder, configuration_entry::type_tag, link.body, link.founder)) {
    return fail(errc::bad_signature, "configuration is not signed by the cluster's founder");
  }
  auto entry = codec::decode<configuration_entry>(link.body, "configuration");
  if (!entry) return entry;
  if (entry->cluster != chain.cluster || entry->epoch != 0 || !entry->previous.is_zero()) {
    return fail(errc::malformed, "configuration is not the first of cluster " + chain.cluster.brief());
  }
  for (auto ok : {check_seats("root", entry->root, chain.cluster), check_seats("object", entry->object, chain.cluster),
                  check_signatures(entry->root, link.root_seats, link.body), check_signatures(entry->object, link.object_seats, link.body)}) {
    if (!ok) return fail(ok.error());
  }
  return entry;
}

}  // namespace

result<verified_chain> verify(const trust_chain& chain, const cluster_id& pinned) {
  if (id_of(chain.genesis) != pinned) {
    return fail(errc::bad_signature, "the peer's cluster is " + id_of(chain.genesis).brief() + ", expected " + pinned.brief());
  }
  auto claimed = chain.genesis.peek();
  if (!claimed) return fail(claimed.error());
  auto genesis = chain.genesis.open(claimed->founder);
  if (!genesis) return fail(genesis.error());
  if (genesis->operators.empty() || genesis->operators.size() > founding_operators_max) {
    return fail(errc::malformed, "genesis names no operators or more than 64");
  }
  verified_chain verified{pinned, *genesis, std::nullopt};
  if (chain.entries.size() > 1) {
    return fail(errc::unsupported, "the configuration has changed since genesis, which this version of the program cannot follow; upgrade it");
  }
  if (!chain.entries.empty()) {
    auto entry = open_first(chain.entries.front(), verified);
    if (!entry) return fail(entry.error());
    verified.current = std::move(*entry);
  }
  return verified;
}

}  // namespace holdfast::identity

// What makes a node itself, kept in `node.identity`: its keys, its cluster, its admission. Everything else can be lost and
// rebuilt; this cannot.
#pragma once

#include "protocols/crypto/sign.hpp"
#include "protocols/link/tls_identity.hpp"
#include "protocols/membership/founding_engine.hpp"
#include "storage/data_directory.hpp"

namespace holdfast::actors {

struct node_identity {
  std::uint8_t format = 1;
  cluster_id cluster;
  node_id node;
  crypto::secret<32> identity_seed, root_seat_seed, object_seat_seed;
  link::tls_identity tls;
  identity::trust_chain chain;                          ///< as far as it was known
  ring::admission_proof admission;
  std::optional<membership::founding_record> founding;  ///< the founder's, until the root ring has adopted it
  std::map<node_id, std::string> members;               ///< where other nodes were last: a start finds its cluster by them
  bool voted = false;                                   ///< a seat of this node has run: its logs must exist
};
template <class F>
bool inspect(F& f, node_identity& x) {
  return f.fields("format", x.format, "cluster", x.cluster, "node", x.node, "identity_seed", x.identity_seed, "root_seat_seed",
                  x.root_seat_seed, "object_seat_seed", x.object_seat_seed, "tls", x.tls, "chain", x.chain, "admission", x.admission,
                  "founding", x.founding, "members", x.members, "voted", x.voted);
}

/// Fresh keys of all kinds; cluster, node and admission are still to come.
node_identity fresh_identity(random_source& random);

identity::founding_member seat_of(const node_identity& identity);

result<node_identity> load_identity(const storage::data_directory& directory);
outcome save_identity(storage::data_directory& directory, const node_identity& identity);

}  // namespace holdfast::actors

#include "actors/membership/node_identity.hpp"

namespace holdfast::actors {

node_identity fresh_identity(random_source& random) {
  node_identity fresh;
  random.fill(fresh.identity_seed.span());
  random.fill(fresh.root_seat_seed.span());
  random.fill(fresh.object_seat_seed.span());
  fresh.tls = link::make_tls_identity(random);
  return fresh;
}

identity::founding_member seat_of(const node_identity& identity) {
  return {identity.node, crypto::signing_key::from_seed(identity.root_seat_seed).pub(),
          crypto::signing_key::from_seed(identity.object_seat_seed).pub()};
}

result<node_identity> load_identity(const storage::data_directory& directory) {
  auto raw = directory.read_identity();
  if (!raw) return fail(raw.error());
  auto decoded = codec::decode<node_identity>(*raw, "node.identity");
  crypto::wipe(*raw);
  if (decoded && decoded->format != 1) return fail(errc::unsupported, "node.identity is in a newer format; update this program");
  return decoded;
}

outcome save_identity(storage::data_directory& directory, const node_identity& identity) {
  auto raw = codec::encode(identity);
  auto written = directory.write_identity(raw);
  crypto::wipe(raw);
  return written;
}

}  // namespace holdfast::actors

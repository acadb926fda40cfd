#include "protocols/mesh/mesh_types.hpp"

namespace holdfast::mesh {

result<pointer> open_pointer(const signed_pointer& s, const cluster_id& cluster, const identity::directory& directory) {
  auto claimed = s.peek();
  if (!claimed) return fail(claimed.error());
  if (claimed->cluster != cluster) return fail(errc::denied, "a pointer of another cluster");
  auto server = directory.nodes.find(claimed->server);
  if (server == directory.nodes.end() || directory.revoked.contains(claimed->server)) {
    return fail(errc::denied, "a pointer of " + claimed->server.brief() + ", which is not a node of this cluster");
  }
  return s.open(server->second.identity);
}

}  // namespace holdfast::mesh

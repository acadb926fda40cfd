#include "protocols/archive/claim.hpp"

namespace holdfast::archive {

namespace {

bool sensible(const extent_claim& claim) {
  return valid(claim.code) && claim.blocks > 0 && claim.blocks <= extent_blocks_max && claim.bytes <= extent_bytes_max &&
         claim.receipts.size() <= claim.code.n;
}

bool speaks_of(const receipt& r, const extent_claim& claim, const ring_id& ring) {
  return r.extent == id_of(claim.origin) && r.ring == ring && r.list == claim.list && r.blocks == claim.blocks && r.bytes == claim.bytes &&
         r.code == claim.code && r.index < claim.code.n;
}

}  // namespace

result<receipt> open_receipt(const signed_receipt& signed_by_server, const identity::directory& directory) {
  auto claimed = signed_by_server.peek();
  if (!claimed) return fail(claimed.error());
  auto server = directory.nodes.find(claimed->server);
  if (server == directory.nodes.end() || !server->second.roles.contains(identity::role_kind::archive) ||
      directory.revoked.contains(claimed->server)) {
    return fail(errc::denied, "receipt of " + claimed->server.brief() + ", which is not an archive server of this cluster");
  }
  if (claimed->cluster != directory.cluster) return fail(errc::denied, "receipt of " + claimed->server.brief() + " is of another cluster");
  if (claimed->role_epoch != server->second.role_epoch) {
    return fail(errc::stale, "receipt of " + claimed->server.brief() + " is of role epoch " + std::to_string(claimed->role_epoch) +
                                 ", the directory has " + std::to_string(server->second.role_epoch));
  }
  return signed_by_server.open(server->second.identity);
}

result<std::vector<std::optional<node_id>>> verify_claim(const extent_claim& claim, const identity::directory& directory, const ring_id& ring,
                                                         wall_time expires_after) {
  if (!sensible(claim)) return fail(errc::malformed, "extent claim with a coding, block count or size out of range");
  auto extent = id_of(claim.origin).brief();
  std::vector<std::optional<node_id>> slots(claim.code.n);
  std::set<node_id> servers;
  for (const auto& signed_by_server : claim.receipts) {
    auto r = open_receipt(signed_by_server, directory);
    if (!r) return fail(r.error().within("claim of extent " + extent));
    if (!speaks_of(*r, claim, ring)) {
      return fail(errc::malformed, "claim of extent " + extent + " holds a receipt of " + r->server.brief() + " for something else");
    }
    if (r->expires < expires_after) return fail(errc::expired, "receipt of " + r->server.brief() + " for extent " + extent + " expires too soon");
    if (slots[r->index] || !servers.insert(r->server).second) {
      return fail(errc::malformed, "claim of extent " + extent + " holds two receipts of one server or index");
    }
    slots[r->index] = r->server;
  }
  return slots;
}

coding_record record_of(const extent_claim& claim, std::vector<std::optional<node_id>> slots) {
  coding_record record;
  record.extent = id_of(claim.origin);
  record.directory_version = claim.directory_version;
  record.code = claim.code;
  record.list = claim.list;
  record.blocks = claim.blocks;
  record.bytes = claim.bytes;
  record.slots = std::move(slots);
  return record;
}

}  // namespace holdfast::archive

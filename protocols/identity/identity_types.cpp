#include "protocols/identity/identity_types.hpp"

namespace holdfast::identity {

std::string_view to_string(member_kind k) {
  constexpr std::string_view names[] = {"node", "client", "operator"};
  return names[static_cast<std::size_t>(k)];
}

std::string_view to_string(role_kind k) {
  constexpr std::string_view names[] = {"router", "inner-ring", "archive", "secondary", "responsible-party", "monitor"};
  return names[static_cast<std::size_t>(k)];
}

std::optional<std::uint32_t> ring_description::seat_of(const node_id& node) const {
  for (std::uint32_t i = 0; i < seats.size(); ++i) {
    if (seats[i].node == node) return i;
  }
  return std::nullopt;
}

std::optional<fault_bounds> bounds_for(std::size_t n) {
  switch (n) {
    case 1: return fault_bounds{0, 0};
    case 3: return fault_bounds{0, 1};
    case 4: return fault_bounds{1, 0};
    case 7: return fault_bounds{2, 0};
    case 10: return fault_bounds{3, 0};
    default: return std::nullopt;
  }
}

ring_id birth_id(const cluster_id& cluster, std::string_view label, const std::vector<ring_seat>& seats) {
  return crypto::hash<ring_id>("holdfast/ring/v1", {cluster.raw, codec::encode(std::string(label)), codec::encode(seats)});
}

node_id id_for(const crypto::public_key& identity, const std::array<std::uint8_t, 32>& nonce) {
  return crypto::hash<node_id>("holdfast/node/v1", {identity.raw, nonce});
}

bool lists(const directory_entry& listed, const advertisement& said) {
  return listed.node == said.node && listed.address == said.address && listed.roles == said.roles && listed.labels == said.labels &&
         listed.archive_capacity_bytes == said.archive_capacity_bytes;
}

std::vector<const directory_entry*> directory::archive_servers() const {
  std::vector<const directory_entry*> servers;
  for (const auto& [id, entry] : nodes) {
    if (entry.roles.contains(role_kind::archive) && !revoked.contains(id)) servers.push_back(&entry);
  }
  return servers;
}

}  // namespace holdfast::identity

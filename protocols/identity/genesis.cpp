#include "protocols/identity/genesis.hpp"

#include <algorithm>
#include <set>

namespace holdfast::identity {

namespace {

ring_description first_ring(const cluster_id& cluster, std::string_view label, std::vector<ring_seat> seats) {
  auto bounds = *bounds_for(seats.size());
  ring_description ring;
  ring.id = birth_id(cluster, label, seats);
  ring.byzantine_max = bounds.byzantine_max;
  ring.crash_max = bounds.crash_max;
  ring.seats = std::move(seats);
  return ring;
}

}  // namespace

signed_genesis make_genesis(const crypto::signing_key& founder, std::vector<crypto::public_key> operators, const policy& rules, wall_time now,
                            random_source& random) {
  genesis_statement g;
  g.founder = founder.pub();
  g.operators = std::move(operators);
  g.rules = rules;
  g.created = now;
  g.salt = random.array<32>();
  return signed_genesis::make(g, founder);
}

result<configuration_entry> first_configuration(const cluster_id& cluster, std::vector<founding_member> members) {
  if (!bounds_for(members.size())) {
    return fail(errc::malformed, "a ring has 1, 3, 4, 7 or 10 members, not " + std::to_string(members.size()));
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
  std::set<node_id> nodes;
  std::set<crypto::public_key> keys;
  std::vector<ring_seat> root_seats, object_seats;
  for (const auto& m : members) {
    if (!nodes.insert(m.node).second || !keys.insert(m.root_key).second || !keys.insert(m.object_key).second) {
      return fail(errc::malformed, "first member " + m.node.brief() + " is listed twice or shares a ring key");
    }
    root_seats.push_back({m.node, m.root_key});
    object_seats.push_back({m.node, m.object_key});
  }
  configuration_entry entry;
  entry.cluster = cluster;
  entry.root = first_ring(cluster, "root", std::move(root_seats));
  entry.object = first_ring(cluster, "object", std::move(object_seats));
  return entry;
}

configuration_consent consent(const node_id& node, bytes_view body, const crypto::signing_key& root_key, const crypto::signing_key& object_key) {
  return {node, root_key.sign(configuration_entry::type_tag, body), object_key.sign(configuration_entry::type_tag, body)};
}

result<signed_configuration> assemble(const configuration_entry& entry, const crypto::signing_key& founder,
                                      const std::vector<configuration_consent>& consents) {
  signed_configuration signed_entry;
  signed_entry.body = codec::encode(entry);
  signed_entry.founder = founder.sign(configuration_entry::type_tag, signed_entry.body);
  for (std::uint32_t seat = 0; seat < entry.root.size(); ++seat) {
    const auto& node = entry.root.seats[seat].node;
    auto given = std::find_if(consents.begin(), consents.end(), [&](const auto& c) { return c.node == node; });
    if (given == consents.end()) return fail(errc::unavailable, "first member " + node.brief() + " has not signed the configuration yet");
    if (!crypto::verify(entry.root.seats[seat].key, configuration_entry::type_tag, signed_entry.body, given->root) ||
        !crypto::verify(entry.object.seats[seat].key, configuration_entry::type_tag, signed_entry.body, given->object)) {
      return fail(errc::bad_signature, "first member " + node.brief() + " signed something else than the configuration");
    }
    signed_entry.root_seats.push_back({seat, given->root});
    signed_entry.object_seats.push_back({seat, given->object});
  }
  return signed_entry;
}

}  // namespace holdfast::identity

// Who is who: genesis, the configuration chain, admissions, tokens and the signed directory.
//
// The cluster id is the hash of the founder's genesis statement. Entry 0 of the configuration chain, signed by every first
// member, names the root ring and the first object ring; whatever a ring says later is an entry of its authenticated map
// under a certified state root (`ring/state_root.hpp`). Whoever verifies walks the chain once and never rolls back.
#pragma once

#include "protocols/base/time.hpp"
#include "protocols/crypto/hash.hpp"
#include "protocols/crypto/sign.hpp"

namespace holdfast::identity {

enum class member_kind : std::uint8_t { node, client, operating };
constexpr bool known(member_kind k) { return k <= member_kind::operating; }
std::string_view to_string(member_kind k);

/// What operators may tune for the whole cluster; ordered by the root ring, carried by genesis first.
struct policy {
  std::uint8_t write_margin = 1;                              ///< receipts needed beyond m before an update commits
  std::uint64_t client_uncommitted_bytes_max = 256ull << 30;   ///< dispersed but not committed, per client and server
  std::uint64_t client_quota_bytes = 1ull << 50;              ///< committed, per client
  std::uint32_t admission_days = 365;
};
template <class F>
bool inspect(F& f, policy& x) {
  return f.fields("write_margin", x.write_margin, "client_uncommitted_bytes_max", x.client_uncommitted_bytes_max, "client_quota_bytes",
                  x.client_quota_bytes, "admission_days", x.admission_days);
}

/// The cluster's birth, signed by the founder's identity key. Its hash is the cluster id.
struct genesis_statement {
  static constexpr std::string_view type_tag = "holdfast/genesis/v1";
  crypto::public_key founder;
  std::vector<crypto::public_key> operators;
  policy rules;
  wall_time created;
  std::array<std::uint8_t, 32> salt{};
};
template <class F>
bool inspect(F& f, genesis_statement& x) {
  return f.fields("founder", x.founder, "operators", x.operators, "rules", x.rules, "created", x.created, "salt", x.salt);
}

using signed_genesis = crypto::signed_statement<genesis_statement>;
inline cluster_id id_of(const signed_genesis& g) { return crypto::hash<cluster_id>(genesis_statement::type_tag, {g.body}); }

/// A member of a ring: its node and the key it signs with there (a key of its own for each ring).
struct ring_seat {
  node_id node;
  crypto::public_key key;
  bool operator==(const ring_seat&) const = default;
};
template <class F>
bool inspect(F& f, ring_seat& x) {
  return f.fields("node", x.node, "key", x.key);
}

/// A ring as of an epoch. n >= 3b + 2c + 1; a seat's place in the list is its index in votes and certificates.
struct ring_description {
  ring_id id;
  std::uint64_t epoch = 0;
  std::uint32_t byzantine_max = 0;  ///< b: members that may lie
  std::uint32_t crash_max = 0;      ///< c: members that may only stop (n = 3: b = 0, c = 1)
  std::vector<ring_seat> seats;

  std::size_t size() const { return seats.size(); }
  /// Any two quorums share b + 1 members: ceil((n + b + 1) / 2); 1, 2, 3, 5, 7 for n = 1, 3, 4, 7, 10.
  std::size_t quorum() const { return (seats.size() + byzantine_max + 2) / 2; }
  /// Enough that one of them tells the truth: b + 1.
  std::size_t weak_quorum() const { return byzantine_max + 1; }
  /// Signatures in a certificate: f + 1 with f = b + c; 1, 2, 2, 3, 4.
  std::size_t certificate_size() const { return byzantine_max + crash_max + 1; }
  std::optional<std::uint32_t> seat_of(const node_id& node) const;
  bool operator==(const ring_description&) const = default;
};
template <class F>
bool inspect(F& f, ring_description& x) {
  return f.fields("id", x.id, "epoch", x.epoch, "byzantine_max", x.byzantine_max, "crash_max", x.crash_max, "seats", x.seats);
}

/// The fault bounds that n seats are run with: n = 1, 3 (crash-tolerant), 4, 7, 10. Nothing for other sizes.
struct fault_bounds {
  std::uint32_t byzantine_max, crash_max;
};
std::optional<fault_bounds> bounds_for(std::size_t n);

/// Ring id = hash of its founding seats and a label ("root", "object").
ring_id birth_id(const cluster_id& cluster, std::string_view label, const std::vector<ring_seat>& seats);

/// One link of the configuration chain. Entry 0 is signed by the founder (genesis key) and by every seat of both rings.
struct configuration_entry {
  static constexpr std::string_view type_tag = "holdfast/configuration/v1";
  cluster_id cluster;
  std::uint64_t epoch = 0;
  digest previous;  ///< hash of entry epoch - 1's body; zero for entry 0
  ring_description root;
  ring_description object;
};
template <class F>
bool inspect(F& f, configuration_entry& x) {
  return f.fields("cluster", x.cluster, "epoch", x.epoch, "previous", x.previous, "root", x.root, "object", x.object);
}

struct seat_signature {
  std::uint32_t seat = 0;
  crypto::signature sig;
  bool operator==(const seat_signature&) const = default;
};
template <class F>
bool inspect(F& f, seat_signature& x) {
  return f.fields("seat", x.seat, "sig", x.sig);
}

/// Entry 0 as it travels: the body once, and everybody's signature over it.
struct signed_configuration {
  bytes body;  ///< canonical `configuration_entry`
  crypto::signature founder;
  std::vector<seat_signature> root_seats, object_seats;
};
template <class F>
bool inspect(F& f, signed_configuration& x) {
  return f.fields("body", x.body, "founder", x.founder, "root_seats", x.root_seats, "object_seats", x.object_seats);
}

/// Genesis and, once complete, the configuration: what a newcomer walks once.
struct trust_chain {
  signed_genesis genesis;
  std::vector<signed_configuration> entries;
};
template <class F>
bool inspect(F& f, trust_chain& x) {
  return f.fields("genesis", x.genesis, "entries", x.entries);
}

/// The chain, walked: every signature checked from genesis on. `current` is absent while genesis is not complete.
struct verified_chain {
  cluster_id cluster;
  genesis_statement genesis;
  std::optional<configuration_entry> current;
};
result<verified_chain> verify(const trust_chain& chain, const cluster_id& pinned);

/// Leave to speak on a link, and nothing more. `tls_key` is the SHA-256 of the TLS key's SubjectPublicKeyInfo.
struct admission {
  static constexpr std::string_view type_tag = "holdfast/admission/v1";
  cluster_id cluster;
  member_kind kind = member_kind::node;
  node_id id;
  crypto::public_key identity;
  std::array<std::uint8_t, 32> nonce{};  ///< drawn by the admitting ring after the key was committed to; id = hash(identity, nonce)
  digest tls_key;
  std::string name;      ///< the manifest's name; for people, not unique by force
  std::string operated_by;  ///< the operator's label, fixed by the token
  wall_time issued, expires;
};
template <class F>
bool inspect(F& f, admission& x) {
  return f.fields("cluster", x.cluster, "kind", x.kind, "id", x.id, "identity", x.identity, "nonce", x.nonce, "tls_key", x.tls_key, "name",
                  x.name, "operated_by", x.operated_by, "issued", x.issued, "expires", x.expires);
}
node_id id_for(const crypto::public_key& identity, const std::array<std::uint8_t, 32>& nonce);

/// A token's public half, as the operator signed it and the root ring recorded it. Single use.
struct invitation {
  static constexpr std::string_view type_tag = "holdfast/invitation/v1";
  cluster_id cluster;
  member_kind kind = member_kind::node;
  crypto::public_key token_key;  ///< one-time key; its secret half is the token
  std::string operated_by;
  wall_time expires;
};
template <class F>
bool inspect(F& f, invitation& x) {
  return f.fields("cluster", x.cluster, "kind", x.kind, "token_key", x.token_key, "operated_by", x.operated_by, "expires", x.expires);
}

/// What a person copies: the cluster's id and the one-time secret. Printed as `hft1-` and base32 with a check.
struct token {
  cluster_id cluster;
  member_kind kind = member_kind::node;
  crypto::secret<32> seed;
};
std::string print_token(const token& t);
result<token> parse_token(std::string_view text);

/// A newcomer's keys, signed with the token's key (so a seed that sees the token cannot use it) and by the newcomer itself.
struct join_request {
  static constexpr std::string_view type_tag = "holdfast/join/v1";
  cluster_id cluster;
  crypto::public_key token_key;
  crypto::public_key identity;
  digest tls_key;
  std::string name;
};
template <class F>
bool inspect(F& f, join_request& x) {
  return f.fields("cluster", x.cluster, "token_key", x.token_key, "identity", x.identity, "tls_key", x.tls_key, "name", x.name);
}
struct signed_join {
  crypto::signed_statement<join_request> by_token;
  crypto::signature by_identity;  ///< over the same body and tag
};
template <class F>
bool inspect(F& f, signed_join& x) {
  return f.fields("by_token", x.by_token, "by_identity", x.by_identity);
}

/// Roles as bits of what a node may take (manifest `[roles.*]`).
enum class role_kind : std::uint8_t { router, inner_ring, archive, secondary, responsible_party, monitor };
constexpr bool known(role_kind k) { return k <= role_kind::monitor; }
std::string_view to_string(role_kind k);

/// A node's own word about itself: where it is, what it may take. The root ring orders it; the newest counter wins.
struct advertisement {
  static constexpr std::string_view type_tag = "holdfast/advertisement/v1";
  cluster_id cluster;
  node_id node;
  std::uint64_t counter = 0;
  std::string address;                          ///< HOST:PORT that peers dial
  std::set<role_kind> roles;
  std::map<std::string, std::string> labels;    ///< site, rack, power ...: at most 16 of 64 bytes
  std::uint64_t archive_capacity_bytes = 0;
};
template <class F>
bool inspect(F& f, advertisement& x) {
  return f.fields("cluster", x.cluster, "node", x.node, "counter", x.counter, "address", x.address, "roles", x.roles, "labels", x.labels,
                  "archive_capacity_bytes", x.archive_capacity_bytes);
}

/// A node as the directory lists it.
struct directory_entry {
  node_id node;
  std::string name, operated_by, address;
  crypto::public_key identity;
  digest tls_key;
  std::uint64_t role_epoch = 1;  ///< in receipts; grows when the role is placed anew
  std::set<role_kind> roles;
  std::map<std::string, std::string> labels;
  std::uint64_t archive_capacity_bytes = 0;
};
template <class F>
bool inspect(F& f, directory_entry& x) {
  return f.fields("node", x.node, "name", x.name, "operated_by", x.operated_by, "address", x.address, "identity", x.identity, "tls_key",
                  x.tls_key, "role_epoch", x.role_epoch, "roles", x.roles, "labels", x.labels, "archive_capacity_bytes",
                  x.archive_capacity_bytes);
}

/// Whether the directory says of a node what the node says of itself.
bool lists(const directory_entry& listed, const advertisement& said);

/// Who serves what, and who no longer may: one value in the root ring's map, versioned; peers keep the newest they see.
struct directory {
  static constexpr std::string_view type_tag = "holdfast/directory/v1";
  cluster_id cluster;
  std::uint64_t version = 0;
  wall_time time;
  std::vector<ring_description> object_rings;
  std::map<node_id, directory_entry> nodes;
  std::map<node_id, wall_time> revoked;
  std::vector<crypto::public_key> operators;
  policy rules;

  /// The nodes that store fragments, in the order of their ids.
  std::vector<const directory_entry*> archive_servers() const;
};
template <class F>
bool inspect(F& f, directory& x) {
  return f.fields("cluster", x.cluster, "version", x.version, "time", x.time, "object_rings", x.object_rings, "nodes", x.nodes, "revoked",
                  x.revoked, "operators", x.operators, "rules", x.rules);
}

}  // namespace holdfast::identity

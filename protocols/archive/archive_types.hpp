// Extents, receipts and coding records: what archive servers sign and what the ring keeps of it.
//
// An upload splits into extents (at most 1 GiB, one placement, one coding). Each block of an extent is coded m of n; fragment
// i of every block goes to the server in slot i. A block's fragment root is the Merkle root over its n fragments, a
// fragment's leaf the Merkle root over its 16 KiB chunks; the list of an extent's fragment roots, hashed, is its list hash.
#pragma once

#include <optional>

#include "protocols/base/time.hpp"
#include "protocols/crypto/hash.hpp"
#include "protocols/crypto/sign.hpp"

namespace holdfast::archive {

constexpr std::uint64_t extent_bytes_max = 1ull << 30;
constexpr std::uint32_t extent_blocks_max = 1u << 16;
constexpr std::uint32_t block_bytes_max = (4u << 20) + 4096;  ///< the largest ciphertext block: 4 MiB and its overhead
constexpr std::uint32_t chunk_bytes = 16u << 10;
constexpr std::uint8_t fragments_max = 64;

/// A block's name: the tagged hash of its ciphertext.
inline bguid block_name(bytes_view ciphertext) { return crypto::hash<bguid>("holdfast/block/v1", {ciphertext}); }

/// m data fragments of n in all: any m rebuild the block.
struct coding {
  std::uint8_t m = 1, n = 1;
  bool operator==(const coding&) const = default;
};
template <class F>
bool inspect(F& f, coding& x) {
  return f.fields("m", x.m, "n", x.n);
}

/// At least one of n, at most `fragments_max`, m of them data.
constexpr bool valid(coding c) { return c.m >= 1 && c.m <= c.n && c.n <= fragments_max; }

/// By number of archive servers: 1: 1+0, 2: 1+1, 3: 1+2, 4-5: 2+2, 6 and more: 4+2. `servers` must not be zero.
coding coding_for(std::size_t servers);

/// Receipts without which an update does not commit: min(m + margin, n).
inline std::size_t receipts_needed(coding c, std::uint8_t margin) { return std::min<std::size_t>(c.m + margin, c.n); }

/// Where an extent's name comes from, so that placement can be recomputed by anyone.
struct extent_origin {
  static constexpr std::string_view type_tag = "holdfast/extent/v1";
  node_id client;
  session_id session;
  std::uint64_t operation = 0;
  std::uint32_t ordinal = 0;
};
template <class F>
bool inspect(F& f, extent_origin& x) {
  return f.fields("client", x.client, "session", x.session, "operation", x.operation, "ordinal", x.ordinal);
}
inline extent_id id_of(const extent_origin& o) { return crypto::hash_of<extent_id>(o); }

/// A block as the fragments' holders know it. The list hash of an extent is the tagged hash of its `block_entry`s in order.
struct block_entry {
  bguid block;                 ///< hash of the ciphertext: what the fragments decode to
  std::uint32_t length = 0;    ///< of the ciphertext, bytes
  digest fragment_root;
  bool operator==(const block_entry&) const = default;
};
template <class F>
bool inspect(F& f, block_entry& x) {
  return f.fields("block", x.block, "length", x.length, "fragment_root", x.fragment_root);
}
digest list_hash(const std::vector<block_entry>& blocks);

/// A server's word, given after its fragments are durable: "I keep fragment `index` of every block in this list until `expires`
/// or, once committed, for good."
struct receipt {
  static constexpr std::string_view type_tag = "holdfast/receipt/v1";
  cluster_id cluster;
  ring_id ring;
  node_id server;
  std::uint64_t role_epoch = 0;
  extent_id extent;
  digest list;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;  ///< sum of the blocks' ciphertext lengths
  std::uint8_t index = 0;
  coding code;
  wall_time expires;
};
template <class F>
bool inspect(F& f, receipt& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "server", x.server, "role_epoch", x.role_epoch, "extent", x.extent, "list", x.list,
                  "blocks", x.blocks, "bytes", x.bytes, "index", x.index, "code", x.code, "expires", x.expires);
}
using signed_receipt = crypto::signed_statement<receipt>;

/// What an update says of an extent it brings: where its placement comes from, and the servers' receipts.
struct extent_claim {
  std::uint64_t directory_version = 0;
  extent_origin origin;
  coding code;
  digest list;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;
  std::vector<signed_receipt> receipts;  ///< at most n, of different servers and indices
};
template <class F>
bool inspect(F& f, extent_claim& x) {
  return f.fields("directory_version", x.directory_version, "origin", x.origin, "code", x.code, "list", x.list, "blocks", x.blocks, "bytes",
                  x.bytes, "receipts", x.receipts);
}

/// What the ring keeps of an extent, in the `extents` submap. A slot without a server is on the repair list.
struct coding_record {
  static constexpr std::string_view type_tag = "holdfast/coding-record/v1";
  extent_id extent;
  std::uint64_t version = 1;  ///< grows with every change of the slots
  std::uint64_t directory_version = 0;
  coding code;
  digest list;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;
  std::vector<std::optional<node_id>> slots;  ///< n of them; slot i holds fragment i

  std::size_t missing() const { return static_cast<std::size_t>(std::count(slots.begin(), slots.end(), std::nullopt)); }
};
template <class F>
bool inspect(F& f, coding_record& x) {
  return f.fields("extent", x.extent, "version", x.version, "directory_version", x.directory_version, "code", x.code, "list", x.list, "blocks",
                  x.blocks, "bytes", x.bytes, "slots", x.slots);
}

}  // namespace holdfast::archive

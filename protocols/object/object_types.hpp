// Objects as the ring knows them: signed content roots, version records, updates with their predicates and actions.
//
// The writer builds and signs the content; the ring orders it and makes the version record; readers verify both. So a ring
// can withhold or roll back at worst, and never forge content (ARCHITECTURE.md, "Objects").
#pragma once

#include <variant>

#include "protocols/archive/archive_types.hpp"
#include "protocols/object/session_grant.hpp"

namespace holdfast::object {

constexpr std::uint32_t inline_bytes_max = 32u << 10;  ///< ciphertext that rides in the update itself
constexpr std::size_t skips_max = 40;                  ///< powers of two in a version record
constexpr std::size_t guards_max = 8;                  ///< in an update

/// Content small enough to ride in the update: one sealed block, kept by the ring's replicas.
struct inline_content {
  bguid block;
  std::uint32_t length = 0;  ///< ciphertext bytes
};
template <class F>
bool inspect(F& f, inline_content& x) {
  return f.fields("block", x.block, "length", x.length);
}

/// A block's name, and a hint where it lies; the name decides.
struct block_ref {
  bguid block;
  extent_id extent;
  std::uint32_t index = 0;   ///< within the extent
  std::uint32_t length = 0;  ///< ciphertext bytes
};
template <class F>
bool inspect(F& f, block_ref& x) {
  return f.fields("block", x.block, "extent", x.extent, "index", x.index, "length", x.length);
}

/// Content in extents: a tree of sealed blocks. Depth 0: the root is the only data block.
struct tree_content {
  block_ref root;
  std::uint8_t depth = 0;
  std::uint32_t block_bytes = 0;  ///< plaintext bytes of every data block but the last
};
template <class F>
bool inspect(F& f, tree_content& x) {
  return f.fields("root", x.root, "depth", x.depth, "block_bytes", x.block_bytes);
}

/// What a version contains, as its writer signed it.
struct content_root {
  static constexpr std::string_view type_tag = "holdfast/content-root/v1";
  aguid object;
  std::uint64_t key_epoch = 0;
  std::uint64_t base_version = 0;  ///< the version this was built upon; 0: none
  std::uint64_t size = 0;          ///< plaintext bytes
  std::variant<inline_content, tree_content> content;
};
template <class F>
bool inspect(F& f, content_root& x) {
  return f.fields("object", x.object, "key_epoch", x.key_epoch, "base_version", x.base_version, "size", x.size, "content", x.content);
}
inline digest digest_of_content(bytes_view content_root_bytes) { return crypto::hash(content_root::type_tag, {content_root_bytes}); }

/// What a writer signs: an update and every content root in it, by their hashes. One signature stands for all of them, and a content root
/// is shown with it later, without the update that brought it.
struct update_statement {
  static constexpr std::string_view type_tag = "holdfast/update-statement/v1";
  digest update;                 ///< `digest_of_update`
  std::vector<digest> contents;  ///< `digest_of_content`, in the order of the guards
  bool operator==(const update_statement&) const = default;
};
template <class F>
bool inspect(F& f, update_statement& x) {
  return f.fields("update", x.update, "contents", x.contents) && x.contents.size() <= guards_max;
}

/// A content root with its writer's signature.
struct signed_content {
  bytes body;  ///< canonical `content_root`
  update_statement statement;
  crypto::signature sig;
  bool operator==(const signed_content&) const = default;

  /// The content root, if this writer signed for it.
  result<content_root> open(const crypto::public_key& writer) const;
};
template <class F>
bool inspect(F& f, signed_content& x) {
  return f.fields("body", x.body, "statement", x.statement, "sig", x.sig);
}

/// A version, as the ring made it. Its hash is the VGUID. Versions count from 1.
struct version_record {
  static constexpr std::string_view type_tag = "holdfast/version/v1";
  aguid object;
  std::uint64_t version = 0;
  wall_time time;  ///< agreed time of the batch
  crypto::public_key writer;
  signed_content content;
  vguid previous;             ///< zero for version 1
  std::vector<vguid> skips;   ///< skips[k] is the record of the greatest multiple of 2^(k+1) below `version`, while there is one
};
template <class F>
bool inspect(F& f, version_record& x) {
  return f.fields("object", x.object, "version", x.version, "time", x.time, "writer", x.writer, "content", x.content, "previous", x.previous,
                  "skips", x.skips);
}
inline vguid id_of(const version_record& v) { return crypto::hash_of<vguid>(v); }

/// Which record to read next on the way from a version to an earlier one; `version` is the number it must have. Any earlier
/// version is at most 2 * log2(version) records away.
struct hop {
  std::uint64_t version = 0;
  vguid record;
  bool operator==(const hop&) const = default;
};

/// From `version`, with its record's `previous` and `skips`, towards `target`; nothing unless 1 <= target < version.
std::optional<hop> hop_towards(std::uint64_t target, std::uint64_t version, const vguid& previous, const std::vector<vguid>& skips);

/// Turns the skips of version `made`, whose record is `record`, into those of the version that comes next.
void extend_skips(std::vector<vguid>& skips, std::uint64_t made, const vguid& record);

/// AGUID = hash(owner's key, salt); the salt is kept in the directory that names the object.
aguid id_for(const crypto::public_key& owner, const std::array<std::uint8_t, 32>& salt);

/// The newest version, in the ring's `heads` submap under the AGUID.
struct head {
  aguid object;
  crypto::public_key owner;
  vguid newest;
  std::uint64_t version = 0;
  wall_time time;
  std::uint64_t size = 0;    ///< plaintext bytes of the newest version
  std::vector<vguid> skips;  ///< of the record that comes next: as in `version_record` for version + 1
};
template <class F>
bool inspect(F& f, head& x) {
  return f.fields("object", x.object, "owner", x.owner, "newest", x.newest, "version", x.version, "time", x.time, "size", x.size, "skips",
                  x.skips);
}

// -- predicates: what must hold for a guard's actions to be applied -------------------------------------------------

struct always {};
struct exists {};
struct absent {};
/// The newest version's number is `version`.
struct compare_version {
  std::uint64_t version = 0;
};
/// The newest version's plaintext size is `size`.
struct compare_size {
  std::uint64_t size = 0;
};
template <class F>
bool inspect(F& f, always&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, exists&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, absent&) {
  return f.fields();
}
template <class F>
bool inspect(F& f, compare_version& x) {
  return f.fields("version", x.version);
}
template <class F>
bool inspect(F& f, compare_size& x) {
  return f.fields("size", x.size);
}
using predicate = std::variant<always, exists, absent, compare_version, compare_size>;

// -- actions --------------------------------------------------------------------------------------------------------

/// The whole content anew. An inline content's ciphertext rides in `signed_update::inline_data`.
struct set_content {
  bytes content;  ///< canonical `content_root`
};
template <class F>
bool inspect(F& f, set_content& x) {
  return f.fields("content", x.content);
}
using action = std::variant<set_content>;

/// All of `conditions` must hold. The first guard that holds has its actions applied atomically; if none holds the update aborts.
struct guard {
  std::vector<predicate> conditions;
  std::vector<action> actions;
};
template <class F>
bool inspect(F& f, guard& x) {
  return f.fields("conditions", x.conditions, "actions", x.actions);
}

/// What proves that the writer of a new object is its owner: object = hash(owner, salt).
struct birth {
  std::array<std::uint8_t, 32> salt{};
};
template <class F>
bool inspect(F& f, birth& x) {
  return f.fields("salt", x.salt);
}

/// One client operation on one object. {session, operation} is its identity: it runs at most once.
struct update {
  static constexpr std::string_view type_tag = "holdfast/update/v1";
  cluster_id cluster;
  ring_id ring;
  node_id client;
  session_id session;
  std::uint64_t operation = 0;  ///< counts from 1 in its session
  crypto::public_key writer;
  aguid object;
  std::optional<birth> creation;  ///< given when the object may not exist yet
  std::vector<guard> guards;      ///< at most `guards_max`
  std::vector<archive::extent_claim> extents;
  std::optional<session_grant> grant;  ///< given when this update may be the session's first with this writer
};
template <class F>
bool inspect(F& f, update& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "client", x.client, "session", x.session, "operation", x.operation, "writer", x.writer,
                  "object", x.object, "creation", x.creation, "guards", x.guards, "extents", x.extents, "grant", x.grant);
}
inline digest digest_of_update(bytes_view update_bytes) { return crypto::hash(update::type_tag, {update_bytes}); }

/// An update as the bytes that its writer signed for, and beside them the content that they name by its hash: so it is hashed once.
struct signed_update {
  bytes body;             ///< canonical `update`
  crypto::signature sig;  ///< over `statement_of` the update
  bytes inline_data;      ///< at most `inline_bytes_max`; the block of an inline content in `body`
  bool operator==(const signed_update&) const = default;

  static signed_update make(const update& u, const crypto::signing_key& key, bytes inline_data = {});
  /// Decodes without believing.
  result<update> peek() const;
};
template <class F>
bool inspect(F& f, signed_update& x) {
  return f.fields("body", x.body, "sig", x.sig, "inline_data", x.inline_data);
}

/// What the writer of `u`, whose canonical bytes have this digest, must have signed.
update_statement statement_of(const update& u, const digest& name);
bool holds(const update_statement& statement, const crypto::public_key& writer, const crypto::signature& sig);

}  // namespace holdfast::object

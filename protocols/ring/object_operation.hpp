// What an object ring orders, and what it answers and keeps for it.
#pragma once

#include "protocols/object/object_types.hpp"
#include "protocols/ring/root_operation.hpp"

namespace holdfast::ring {

/// A client's update of one object.
struct update_object {
  object::signed_update update;
};
template <class F>
bool inspect(F& f, update_object& x) {
  return f.fields("update", x.update);
}

/// A server's word that it now keeps the fragment of a vacant slot. The receipt says it all; whoever submits it does not matter.
struct fill_slot {
  archive::signed_receipt receipt;
};
template <class F>
bool inspect(F& f, fill_slot& x) {
  return f.fields("receipt", x.receipt);
}

/// A newer directory of the root ring, proven at `directory_place()` of the root ring's state.
struct adopt_directory {
  proven_entry directory;
};
template <class F>
bool inspect(F& f, adopt_directory& x) {
  return f.fields("directory", x.directory);
}

using object_operation = std::variant<update_object, fill_slot, adopt_directory>;

// -- sessions and results -------------------------------------------------------------------------------------------

/// A session runs each operation number at most once, and has at most this many under way. Operations whose slot (number modulo this) holds a later
/// one are `too_old`.
constexpr std::uint64_t session_window = 64;

/// Sessions remembered for a client. One more forgets the client's least session id, and refuses ids up to that one for good:
/// session ids begin with their time of birth (`new_session`), so that is the oldest.
constexpr std::size_t client_sessions_max = 1024;

/// A session id of a client process that starts at `born`: its time, then randomness.
session_id new_session(wall_time born, random_source& random);

enum class update_status : std::uint8_t {
  committed,  ///< a guard held and its actions were applied
  aborted,    ///< no guard held; nothing changed
  refused,    ///< the ring may not do this; nothing changed; `code` says why
};
constexpr bool known(update_status s) { return s <= update_status::refused; }
std::string_view to_string(update_status s);

/// An operation's outcome, as it stays in the state.
struct operation_result {
  session_id session;
  std::uint64_t operation = 0;
  digest request;  ///< hash of the signed update's body: the answer is to this request and no other
  aguid object;
  update_status status = update_status::committed;
  std::uint16_t code = 0;     ///< an `errc` if refused; else 0
  std::uint64_t version = 0;  ///< the object's newest version after the operation; 0: there is none
  vguid newest;
  std::uint64_t sequence = 0;  ///< of the batch
  wall_time time;              ///< agreed, of the batch
  bool operator==(const operation_result&) const = default;
};
template <class F>
bool inspect(F& f, operation_result& x) {
  return f.fields("session", x.session, "operation", x.operation, "request", x.request, "object", x.object, "status", x.status, "code", x.code,
                  "version", x.version, "newest", x.newest, "sequence", x.sequence, "time", x.time);
}

/// Hash of a signed update's body, as in its result.
inline digest request_digest(const object::signed_update& u) { return object::digest_of_update(u.body); }

/// Where an operation's result lies. The value there may be of a later operation 64, 128 ... above; compare before belief.
place result_place(const node_id& client, const crypto::public_key& writer, const session_id& session, std::uint64_t operation);

/// The result of this very update, out of what was found at its `result_place`, which the caller has verified. `conflict` if the operation
/// number was used for another update, `too_old` if a later operation has its slot, `not_found` if there is none yet.
result<operation_result> result_of(const object::signed_update& update, const object::update& asked, const std::optional<bytes>& found);

/// The same, verified here.
result<operation_result> result_of(const object::signed_update& update, const proven_entry& entry, const cluster_id& cluster,
                                   const identity::ring_description& ring);

/// A client as the ring accounts for it, in the `clients` submap under its node id.
struct client_account {
  std::uint64_t committed_bytes = 0;  ///< of extents and inline blocks
  std::uint32_t sessions = 0;
  session_id forgotten;  ///< sessions up to this id are forgotten for good
};
template <class F>
bool inspect(F& f, client_account& x) {
  return f.fields("committed_bytes", x.committed_bytes, "sessions", x.sessions, "forgotten", x.forgotten);
}

/// A remembered session, in the `sessions` submap.
struct session_record {
  node_id client;
  crypto::public_key writer;
  session_id session;
};
template <class F>
bool inspect(F& f, session_record& x) {
  return f.fields("client", x.client, "writer", x.writer, "session", x.session);
}
place session_place(const node_id& client, const crypto::public_key& writer, const session_id& session);

// -- repair and directory -------------------------------------------------------------------------------------------

/// An extent with vacant slots, in the `repair` submap under its name; gone once all are filled.
struct repair_entry {
  extent_id extent;
  archive::coding code;
  std::uint8_t missing = 0;
};
template <class F>
bool inspect(F& f, repair_entry& x) {
  return f.fields("extent", x.extent, "code", x.code, "missing", x.missing);
}

/// Directory versions that placement may name: the newest few, and as many as were the newest lately, so that nodes which change what they
/// say of themselves make nobody's upload stale.
constexpr std::size_t directory_versions_min = 8, directory_versions_max = 128;
constexpr std::chrono::milliseconds directory_span = std::chrono::minutes(10);

/// Where the object ring keeps a directory version; absent there: not adopted yet, or no longer valid.
place directory_version_place(std::uint64_t version);

/// A receipt must outlive the agreed time of the update by this much, so that its fragments cannot expire before the commit is known.
constexpr std::chrono::milliseconds receipt_span = std::chrono::minutes(10);

}  // namespace holdfast::ring

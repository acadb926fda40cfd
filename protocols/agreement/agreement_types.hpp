// PBFT's messages and certificates (Castro and Liskov, OSDI'99), for one ring that orders opaque requests in batches.
//
// A seat is a member's place in its ring's description and the index in every vote. A ballot {view, sequence, batch digest} is
// what pre-prepare, prepare and commit speak of. What is signed over a ballot or a checkpoint is a pure function of its
// fields and of the ring both sides know (type tag, cluster, ring, epoch), so a vote carries the fields and the signature
// alone and one ring's vote can never count in another ring, epoch or phase. View changes and new views keep their signed bytes.
#pragma once

#include <algorithm>
#include <memory>

#include "protocols/base/time.hpp"
#include "protocols/identity/identity_types.hpp"

namespace holdfast::agreement {

using seat_index = std::uint32_t;
using identity::seat_signature;

/// What one sequence number orders. The null batch {0, none} fills gaps after a view change.
struct batch {
  static constexpr std::string_view type_tag = "holdfast/batch/v1";
  wall_time time;               ///< proposed by the primary, within 5 s of every voter's clock
  std::vector<bytes> requests;
  bool operator==(const batch&) const = default;
};
template <class F>
bool inspect(F& f, batch& x) {
  return f.fields("time", x.time, "requests", x.requests);
}
using batch_ptr = std::shared_ptr<const batch>;

/// A batch's digest covers its time and its requests' digests, so that each body is hashed once for both uses.
digest digest_of_request(bytes_view request);

/// A request with its digest, so that it is hashed once on its way through a member.
struct named_request {
  named_request(const bytes& request) : body(request), name(digest_of_request(request)) {}  // implicit: a request has one name
  named_request(bytes_view request, const digest& known) : body(request), name(known) {}
  bytes_view body;
  digest name;
};

std::vector<digest> request_digests(const batch& b);
digest digest_of(wall_time time, const std::vector<digest>& requests);
digest digest_of(const batch& b);
/// Bytes of the requests' bodies.
std::size_t size_of(const batch& b);
const batch_ptr& null_batch();
const digest& null_digest();

/// What a vote is about.
struct ballot {
  std::uint64_t view = 0;
  std::uint64_t sequence = 0;  ///< from 1
  digest batch;
  auto operator<=>(const ballot&) const = default;
};
template <class F>
bool inspect(F& f, ballot& x) {
  return f.fields("view", x.view, "sequence", x.sequence, "batch", x.batch);
}

/// Quorum seats (the primary's proposal and quorum - 1 others' prepares) stand behind a ballot: no other batch can be
/// prepared in that view at that sequence, since two quorums share an honest seat and honest seats vote once.
struct prepared_certificate {
  ballot what;
  crypto::signature proposal;              ///< the primary of what.view, over the pre-prepare
  std::vector<seat_signature> prepares;    ///< others, ascending by seat
  bool operator==(const prepared_certificate&) const = default;
};
template <class F>
bool inspect(F& f, prepared_certificate& x) {
  return f.fields("what", x.what, "proposal", x.proposal, "prepares", x.prepares);
}

/// Quorum seats executed up to `sequence` and reached the same state. Sequence 0 needs no signatures.
struct checkpoint_certificate {
  std::uint64_t sequence = 0;
  digest state;
  std::vector<seat_signature> votes;  ///< ascending by seat
  bool operator==(const checkpoint_certificate&) const = default;
};
template <class F>
bool inspect(F& f, checkpoint_certificate& x) {
  return f.fields("sequence", x.sequence, "state", x.state, "votes", x.votes);
}

/// "I vote in no view below `view` any more; this is my stable checkpoint and all I have prepared above it."
struct view_change_statement {
  static constexpr std::string_view type_tag = "holdfast/view-change/v1";
  cluster_id cluster;
  ring_id ring;
  std::uint64_t epoch = 0;
  seat_index seat = 0;
  std::uint64_t view = 0;
  checkpoint_certificate stable;
  std::vector<prepared_certificate> prepared;  ///< one a sequence, the highest view's; ascending by sequence
};
template <class F>
bool inspect(F& f, view_change_statement& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "epoch", x.epoch, "seat", x.seat, "view", x.view, "stable", x.stable, "prepared",
                  x.prepared);
}
using signed_view_change = crypto::signed_statement<view_change_statement>;

/// The new primary's reasons (quorum view changes). What is proposed again follows from them and is recomputed by everyone.
struct new_view_statement {
  static constexpr std::string_view type_tag = "holdfast/new-view/v1";
  cluster_id cluster;
  ring_id ring;
  std::uint64_t epoch = 0;
  std::uint64_t view = 0;
  std::vector<signed_view_change> reasons;        ///< quorum of different seats, ascending by seat
  std::vector<crypto::signature> proposals;       ///< pre-prepares in the new view, from the stable checkpoint + 1 on, without gaps
};
template <class F>
bool inspect(F& f, new_view_statement& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "epoch", x.epoch, "view", x.view, "reasons", x.reasons, "proposals", x.proposals);
}
using signed_new_view = crypto::signed_statement<new_view_statement>;

/// A client's request that arrived at a backup, on its way to the primary.
struct request {
  bytes body;
};
template <class F>
bool inspect(F& f, request& x) {
  return f.fields("body", x.body);
}

struct pre_prepare {
  ballot what;
  crypto::signature sig;
  batch_ptr body;
};
template <class F>
bool inspect(F& f, pre_prepare& x) {
  return f.fields("what", x.what, "sig", x.sig, "body", x.body);
}

struct prepare {
  ballot what;
  crypto::signature sig;
};
template <class F>
bool inspect(F& f, prepare& x) {
  return f.fields("what", x.what, "sig", x.sig);
}

/// Rests on the link's authentication; never part of a certificate.
struct commit {
  ballot what;
};
template <class F>
bool inspect(F& f, commit& x) {
  return f.fields("what", x.what);
}

struct checkpoint {
  std::uint64_t sequence = 0;
  digest state;
  crypto::signature sig;
};
template <class F>
bool inspect(F& f, checkpoint& x) {
  return f.fields("sequence", x.sequence, "state", x.state, "sig", x.sig);
}

struct view_change {
  signed_view_change statement;
};
template <class F>
bool inspect(F& f, view_change& x) {
  return f.fields("statement", x.statement);
}

struct new_view {
  signed_new_view statement;
};
template <class F>
bool inspect(F& f, new_view& x) {
  return f.fields("statement", x.statement);
}

/// Asks for committed batches [first, last]; bodies from one donor, digests alone from the others.
struct fetch_batches {
  std::uint64_t first = 0, last = 0;
  bool bodies = false;
};
template <class F>
bool inspect(F& f, fetch_batches& x) {
  return f.fields("first", x.first, "last", x.last, "bodies", x.bodies);
}

struct committed_batch {
  digest batch_digest;
  std::optional<batch> body;
};
template <class F>
bool inspect(F& f, committed_batch& x) {
  return f.fields("batch_digest", x.batch_digest, "body", x.body);
}

/// "These are committed, from `first` on." Believed once b + 1 different seats say the same of a sequence: one of them is
/// honest, and an honest seat says so only of what is committed (at n = 3, where nobody lies, one seat is enough).
struct batches {
  std::uint64_t first = 0;
  std::vector<committed_batch> list;
};
template <class F>
bool inspect(F& f, batches& x) {
  return f.fields("first", x.first, "list", x.list);
}

/// Asks a preparer for the batch that a new view proposes again.
struct fetch_body {
  std::uint64_t sequence = 0;
  digest batch;
};
template <class F>
bool inspect(F& f, fetch_body& x) {
  return f.fields("sequence", x.sequence, "batch", x.batch);
}

struct body {
  std::uint64_t sequence = 0;
  batch content;
};
template <class F>
bool inspect(F& f, body& x) {
  return f.fields("sequence", x.sequence, "content", x.content);
}

/// A start of a replica. Starts are counted in the log; one whose log was lost counts anew, so a number of its own tells it from
/// the earlier start of the same count.
struct boot_id {
  std::uint64_t count = 0;
  std::uint64_t life = 0;  ///< drawn from the clocks at the start; any two starts of a machine differ
  auto operator<=>(const boot_id&) const = default;
};
template <class F>
bool inspect(F& f, boot_id& x) {
  return f.fields("count", x.count, "life", x.life);
}

/// Where a replica stands: sent on connecting, now and then, and when its boot counter is news to a peer. Whoever is ahead
/// resends what the sender misses; whoever is behind fetches.
struct status {
  boot_id boot;                             ///< the sender's start
  std::vector<boot_id> known_boots;         ///< the newest start it remembers of each seat
  std::uint64_t view = 0;                   ///< in which it votes, or for which it asks
  bool changing_view = false;
  bool impatient = false;                   ///< would leave this view if it were not alone in that
  bool mute = false;                        ///< does not vote: its log is not intact, or nobody has confirmed that it is
  std::uint64_t silent_through = 0;         ///< its log was lost: it votes again once a checkpoint here is stable; 0: not so, or not yet known
  std::uint64_t committed = 0;              ///< everything up to here is committed there
  checkpoint_certificate stable;
};
template <class F>
bool inspect(F& f, status& x) {
  return f.fields("boot", x.boot, "known_boots", x.known_boots, "view", x.view, "changing_view", x.changing_view, "impatient", x.impatient,
                  "mute", x.mute, "silent_through", x.silent_through, "committed", x.committed, "stable", x.stable);
}

using message = std::variant<request, pre_prepare, prepare, commit, checkpoint, view_change, new_view, fetch_batches, batches, fetch_body, body,
                             status>;

/// The alternative's name: "pre_prepare".
std::string_view kind_of(const message& m);

}  // namespace holdfast::agreement

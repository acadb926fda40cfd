// A replica of one ring: PBFT for n = 1, 3, 4, 7, 10, by the quorums of the ring's description, without a special case.
//
// Why it is safe: a seat votes once a (view, sequence), for a batch that is on its disk; a vote leaves only after it is durable
// (the engine holds it until `on_stored`); two quorums share b + 1 seats, so one that is honest; a view change carries every
// prepared certificate above the stable checkpoint, and what may be committed is proposed again. Why it is live: every
// loss is mended by statuses, timeouts double while views fail and come back down as batches commit.
//
// SBFT's fast path fits between prepare and commit (3f + 1 signed prepares); the certificate types leave room for it.
//
// Threading: none. Every input returns the effects to carry out; inputs must not be nested.
#pragma once

#include "protocols/agreement/agreement_limits.hpp"
#include "protocols/agreement/step.hpp"
#include "protocols/base/error.hpp"

namespace holdfast::agreement {

/// Says whether a request may be ordered, by its bytes alone (signatures, form), the same at every seat and at all times.
class request_checker {
 public:
  virtual ~request_checker() = default;
  virtual outcome check(const named_request& request) const = 0;
};

/// Why a seat does not vote.
enum class silence : std::uint8_t {
  none,
  unconfirmed,  ///< too few seats remember its start yet, so its log may not be its newest
  log_lost,     ///< until the others are past all it may have voted for
  diverged,     ///< it computed another state than a quorum: for good
};

struct config {
  cluster_id cluster;
  identity::ring_description ring;
  seat_index seat = 0;
  crypto::signing_key key;  ///< its public half is the seat's key in the ring
  agreement::limits limits = {};
};

class replica {
 public:
  /// `checker` must outlive the replica.
  replica(config c, const request_checker& checker);
  ~replica();
  replica(replica&&) noexcept;

  /// Once, first. `executed`: what the state machine holds durable already, and the agreed time there; committed batches beyond
  /// it are delivered again.
  step start(const clock_reading& now, recovered log, std::uint64_t executed = 0, wall_time executed_time = {});

  /// A message from the seat that the link authenticated. Messages from one's own or an unknown seat are ignored.
  step on_message(const clock_reading& now, seat_index from, message m);

  step on_timer(const clock_reading& now, timer_id id);

  /// Everything up to and including `ticket` is durable.
  step on_stored(const clock_reading& now, store_ticket ticket);

  /// The batches [first, first + bodies.size()) that a `load` asked for; fewer than asked, or none if the log cannot be read.
  step on_loaded(const clock_reading& now, std::uint64_t ticket, std::uint64_t first, std::vector<batch_ptr> bodies);

  /// Execution reached `sequence`, and the state after it has this digest. Every sequence, in order.
  step on_executed(const clock_reading& now, std::uint64_t sequence, const digest& state);

  /// A link to the seat is up (again) or down. Hints: they speed repair and view changes, safety never rests on them.
  step on_peer_connected(const clock_reading& now, seat_index seat);
  step on_peer_lost(const clock_reading& now, seat_index seat);

  /// A client's request that arrived here; known ones are not queued twice. Errors: the checker's, `errc::over_limit`.
  result<step> submit(const clock_reading& now, bytes request);
  /// `name` is its digest.
  result<step> submit(const clock_reading& now, bytes request, const digest& name);

  /// Orders an empty batch if the ring is idle here and this seat is primary; a backup does nothing. For state roots on demand.
  step request_null(const clock_reading& now);

  std::uint64_t view() const;
  seat_index primary() const;
  bool is_primary() const;        ///< of a view it has entered, and it votes
  bool changing_view() const;
  silence silent() const;
  bool mute() const { return silent() != silence::none; }
  /// Its log was lost and nobody else has it: a ring of one member that never votes again.
  bool forsaken() const;
  std::uint64_t committed() const;  ///< everything up to here is committed here
  std::uint64_t executed() const;
  std::uint64_t stable() const;
  std::uint64_t prepared() const;   ///< the highest sequence prepared here: a linearizable read asks a quorum for it
  std::size_t pending_requests() const;

 private:
  class engine;
  std::unique_ptr<engine> engine_;
};

}  // namespace holdfast::agreement

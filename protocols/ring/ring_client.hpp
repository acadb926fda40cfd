// The asker's side of a ring: sends operations and reads to its members, and believes only what is proven.
//
// An operation goes to the primary, and to everybody if no proof of its result comes in time; a refusal counts when b + 1
// members give it. A linearizable read learns from a quorum, after the call, the highest sequence each has prepared, and
// then accepts an entry under a certified root at or above the maximum: every operation acknowledged before the call was
// prepared by a quorum, so the maximum covers it. What cannot be decided in time ends as `errc::unavailable`, or for an
// operation that was sent as `errc::outcome_unknown`, never as a failure it may not be. So are `too_old` and `over_limit` once
// a reply has been missed: the ring may have forgotten an operation that it executed, or have it waiting.
//
// Threading: none. The caller carries out sends, and reports replies, unreachable seats and the passing of time.
#pragma once

#include <functional>

#include "protocols/base/engine.hpp"
#include "protocols/ring/service_messages.hpp"
#include "protocols/ring/submission.hpp"

namespace holdfast::ring {

struct client_limits {
  std::size_t calls_max = 4096;
  duration primary_patience = std::chrono::milliseconds(400);  ///< then an operation goes to all
  duration hedge_patience = std::chrono::milliseconds(120);    ///< then a read asks one more member
  duration retry_interval = std::chrono::milliseconds(1000);
  duration deadline = std::chrono::seconds(30);
  duration list_patience = std::chrono::hours(1);  ///< then a list that goes on and on is read on at another member
};

class ring_client {
 public:
  using seat_index = std::uint32_t;
  using call_id = std::uint64_t;

  /// What to send: `request` names it; its reply comes back under that name.
  struct send {
    std::uint64_t request = 0;
    seat_index to = 0;
    service_body what;
  };
  struct completion {
    call_id call = 0;
    result<service_reply> what;
  };
  struct step {
    std::vector<send> sends;
    std::vector<completion> completions;
  };
  /// Whether a reply to an `ask` is one to believe.
  using validator = std::function<bool(const service_reply&)>;

  ring_client(cluster_id cluster, identity::ring_description ring, client_limits limits = {});

  /// Orders an operation. Completes with an `entry_reply` that shows it done.
  std::pair<call_id, step> submit(instant now, submission what);

  enum class freshness : std::uint8_t {
    linearizable,  ///< sees everything acknowledged before the call
    certified,     ///< proven, and not older than anything this client has seen
  };
  /// Completes with an `entry_reply` whose entry verifies at `where`.
  std::pair<call_id, step> read(instant now, place where, freshness how);

  /// Asks members one after the other, hedged, until one's answer is valid. It fails early only when a quorum has said that it cannot be
  /// had, and every member was asked: one that is starting, or behind what this client has seen, says so and is asked again.
  /// A list of pages is asked of one member as far as it answers, and of another when it is begun anew: none can hide what is in it for long.
  std::pair<call_id, step> ask(instant now, service_body what, validator valid);

  step on_reply(instant now, std::uint64_t request, service_reply reply);
  /// The request could not be sent, or its link went down before a reply came.
  step on_unreachable(instant now, std::uint64_t request);
  /// Call at least every 50 ms while `busy()`.
  step on_tick(instant now);

  bool busy() const { return !calls_.empty(); }
  std::uint64_t highest_seen() const { return highest_seen_; }
  const identity::ring_description& ring() const { return verifier_.ring(); }
  seat_index primary() const { return static_cast<seat_index>(view_ % ring().size()); }

 private:
  enum class phase : std::uint8_t { submitting, marking, reading, asking };

  struct call {
    phase at = phase::asking;
    service_body body;
    std::optional<place> expected;                ///< where what is read lies
    submission::evidence shows;
    validator valid;
    std::optional<seat_index> first;              ///< asked first, whoever is the favourite
    instant began, stage_began, last_sent;
    std::set<seat_index> tried;                   ///< in this round
    std::map<seat_index, std::uint64_t> marks;
    std::map<seat_index, failure_reply> refusals;
    std::uint64_t at_least = 0;
    bool was_sent = false, to_all = false;
    bool marked_before = false;                   ///< no certified root covered the marks of the first quorum
    bool missed_reply = false;                    ///< some sending of it was never answered: it may have taken effect
    std::vector<std::uint64_t> requests;          ///< under way
  };

  /// Whom to ask for a page: a list is read from one member to its end.
  struct list_reading {
    seat_index from = 0;
    instant since;
  };

  call_id open(call c);
  seat_index seat_for(const page_request& page, instant now);
  void send_to(call_id id, call& c, seat_index seat, instant now, step& out);
  void send_to_all(call_id id, call& c, instant now, step& out);
  void send_to_next(call_id id, call& c, instant now, step& out);
  void try_another(call_id id, call& c, instant now, step& out);
  std::uint64_t covering_mark(const call& c) const;
  void start_reading(call_id id, call& c, instant now, step& out);
  void finish(call_id id, result<service_reply> what, step& out);
  void on_entry(call_id id, call& c, service_reply reply, instant now, step& out);
  void on_refusal(call_id id, call& c, seat_index from, failure_reply refusal, instant now, step& out);
  bool proves(const call& c, const entry_reply& reply);

  entry_verifier verifier_;
  client_limits limits_;
  std::map<call_id, call> calls_;
  std::map<std::uint64_t, std::pair<call_id, seat_index>> requests_;
  std::uint64_t next_call_ = 1, next_request_ = 1;
  std::uint64_t highest_seen_ = 0, view_ = 0;
  seat_index favourite_ = 0;  ///< the seat that answered last: asked first
  std::map<submap, list_reading> lists_;
};

}  // namespace holdfast::ring

// What a replica wants done after an input. Whoever drives it carries everything out, in any order between the lists.
#pragma once

#include "protocols/agreement/log_records.hpp"
#include "protocols/base/engine.hpp"

namespace holdfast::agreement {

/// To one seat, or to all others.
struct outgoing {
  std::optional<seat_index> to;
  message what;
};

/// Append to the log, in the order of tickets. `sync`: something waits for it, so make it durable soon (group commit) and call
/// `on_stored`; others may ride along with the next one that is.
struct persist {
  store_ticket ticket;
  log_record record;
  bool sync = true;
};

/// One timer of each kind; setting it again replaces it.
enum class timer_id : std::uint8_t {
  request,
  view_change,
  status,
  catch_up,
  propose,  ///< set to zero: due once the inputs that wait already have been handed in
};
std::string_view to_string(timer_id id);

struct timer {
  timer_id id;
  std::optional<duration> after;  ///< nothing cancels it
};

/// Execute, in order. Answer with `on_executed`.
struct delivery {
  std::uint64_t sequence = 0;
  std::uint64_t view = 0;  ///< in which it committed here; 0 for what came by catch-up or from the log
  wall_time time;          ///< the agreed time: the batch's, never earlier than the delivery's before
  batch_ptr content;
  std::vector<digest> names;  ///< of its requests

  std::vector<named_request> requests() const;
};

/// Read committed batches [first, last] from the log (`log_index`), as many as fit `bytes_max` but one at least, and call `on_loaded`.
struct load {
  std::uint64_t ticket = 0;
  std::uint64_t first = 0, last = 0;
  std::size_t bytes_max = 0;
};

enum class event_kind : std::uint8_t {
  view_change_started,  ///< view: the one asked for
  view_entered,         ///< view
  caught_up,            ///< sequence
  falling_behind,       ///< sequence: what others have committed
  stable_checkpoint,    ///< sequence
  equivocation,         ///< seat, and two signed ballots as evidence
  diverged,             ///< this seat's state or log contradicts a quorum's: it has stopped voting
  muted,                ///< log not intact; sequence: silent until a checkpoint there is stable (0: not yet known)
  unmuted,              ///< votes (again)
  refused,              ///< a message or request that does not hold; seat, text
};
std::string_view to_string(event_kind k);

struct event {
  event_kind kind;
  std::uint64_t view = 0;
  std::uint64_t sequence = 0;
  std::optional<seat_index> seat;
  std::string text;
  std::vector<std::pair<ballot, crypto::signature>> evidence;
};

struct step {
  std::vector<outgoing> sends;
  std::vector<persist> persists;
  std::vector<timer> timers;
  std::vector<delivery> deliveries;
  std::vector<load> loads;
  std::vector<event> events;
};

}  // namespace holdfast::agreement

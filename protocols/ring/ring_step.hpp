// What a ring member wants done after an input: the replica's effects, the execution's, and answers to those who asked.
#pragma once

#include "protocols/agreement/step.hpp"
#include "protocols/ring/certifier.hpp"
#include "protocols/ring/service_messages.hpp"
#include "protocols/ring/state_machine.hpp"

namespace holdfast::ring {

using agreement::seat_index;

/// What members of a ring say to each other.
using member_message = std::variant<agreement::message, root_share, certified_root>;

struct outgoing {
  std::optional<seat_index> to;  ///< none: all others
  member_message what;
};

/// One timer of each kind; setting it again replaces it, none cancels it.
enum class timer_id : std::uint8_t { request, view_change, status, catch_up, propose, shares, patience };

struct timer {
  timer_id id;
  std::optional<duration> after;
};

/// An answer to the request that came in under `ticket`.
struct answer {
  std::uint64_t ticket = 0;
  service_reply what;
};

struct step {
  std::vector<outgoing> sends;
  std::vector<agreement::persist> persists;
  std::vector<agreement::load> loads;
  std::vector<timer> timers;
  std::vector<stored_block> blocks;    ///< for the block store; replay makes them again
  std::vector<stored_record> records;
  std::vector<answer> answers;
  std::vector<agreement::event> events;
  bool state_moved = false;  ///< something was executed: whoever watches the state may look again
};

}  // namespace holdfast::ring

// Decides what a supervisor does when its children start and die; an actor carries it out.
//
// Children start one after another, each once the one before it has started, and stop in reverse order, as in OTP. Within a
// group that restarts together nothing starts before everything has stopped. More than `intensity` deaths within `window`
// are escalated: all children are stopped first, then the supervisor gives up.
#pragma once

#include <deque>
#include <optional>

#include "protocols/supervision/supervision_types.hpp"

namespace holdfast::supervision {

enum class child_state : std::uint8_t { down, starting, running, stopping, backing_off };
std::string_view to_string(child_state s);

class supervisor_planner {
 public:
  static result<supervisor_planner> make(supervisor_spec spec);

  /// Starts the children in order. Call once.
  actions start(instant now);
  /// Stops the children in reverse order; ends with `stopped`.
  actions stop(instant now);

  actions on_started(const std::string& child, instant now);
  actions on_died(const std::string& child, const death& how, instant now);
  actions on_timer(std::uint64_t timer, instant now);

  /// A further child, started behind the others. already_exists, over_limit, or unavailable once it stops or gave up.
  result<actions> add(child_spec child, instant now);
  /// Stops a child for good. not_found if there is none.
  result<actions> remove(const std::string& child, instant now);

  struct child_view {
    std::string id;
    child_state state = child_state::down;
    std::uint32_t restarts = 0;
    std::string last_death;
  };
  std::vector<child_view> children() const;
  bool finished() const { return finished_; }
  const std::string& id() const { return spec_.id; }

 private:
  struct child {
    child_spec spec;
    child_state state = child_state::down;
    bool wanted = true;   ///< to be started when its turn comes
    bool pulled = false;  ///< must be down before anything starts again
    bool gone = false;    ///< to be forgotten once it is down
    std::uint32_t restarts = 0, in_a_row = 0;
    std::optional<instant> running_since;
    std::uint64_t timer = 0;  ///< of its back-off, while it backs off
    std::string last_death;
  };

  explicit supervisor_planner(supervisor_spec spec);
  child* find(const std::string& id);
  bool too_many(instant now);
  duration delay_for(child& c, instant now) const;
  void restart_after_death(child& c, instant now, actions& out);
  void pull(child& c);
  void pull_everything();
  void launch(child& c, actions& out);
  bool may_start(const child& c) const;
  void advance(actions& out);
  bool stop_pulled(actions& out);

  supervisor_spec spec_;
  std::vector<child> children_;  // in the order of their start
  std::deque<instant> deaths_;   // within the window, at most intensity + 1
  std::uint64_t timers_ = 0;
  bool terminating_ = false, finished_ = false;
  std::optional<supervisor_report> giving_up_;
};

}  // namespace holdfast::supervision

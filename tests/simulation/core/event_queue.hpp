// The virtual world's heart: events in the order of their time, ties in the order they were scheduled. One thread, no clock;
// the same inputs run in the same order on every machine.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "protocols/base/time.hpp"

namespace holdfast::simulation {

class event_queue {
 public:
  instant now() const { return now_; }

  /// Runs `action` at `when`, or at once (after what is due already) if that has passed.
  void at(instant when, std::function<void()> action) { events_.push({std::max(when, now_), next_sequence_++, std::move(action)}); }
  void after(duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }

  bool empty() const { return events_.empty(); }
  std::uint64_t executed() const { return executed_; }

  /// Runs the next event if it is due by `limit`; false if there is none, and the clock is then at `limit`.
  bool step(instant limit) {
    if (events_.empty() || events_.top().when > limit) {
      now_ = std::max(now_, limit);
      return false;
    }
    auto action = std::move(const_cast<event&>(events_.top()).action);
    now_ = events_.top().when;
    events_.pop();
    ++executed_;
    action();
    return true;
  }

 private:
  struct event {
    instant when;
    std::uint64_t sequence;
    std::function<void()> action;
    bool operator<(const event& other) const { return when != other.when ? when > other.when : sequence > other.sequence; }
  };

  std::priority_queue<event> events_;
  instant now_{};
  std::uint64_t next_sequence_ = 0, executed_ = 0;
};

}  // namespace holdfast::simulation

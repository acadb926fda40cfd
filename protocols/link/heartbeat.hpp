// Heartbeats: each side asks every 250 ms (2 s off foreground) and the other answers at once with what it was asked; the sender measures the
// round trip by its own clock alone. Failure detection itself is membership's: it is told of every answer.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "protocols/base/time.hpp"
#include "protocols/link/link_limits.hpp"

namespace holdfast::link {

/// The payload of a frame of kind `heartbeat`.
struct heartbeat {
  bool answer = false;
  std::uint64_t sequence = 0;
};
template <class F>
bool inspect(F& f, heartbeat& x) {
  return f.fields("answer", x.answer, "sequence", x.sequence);
}

class heartbeat_clock {
 public:
  /// The question to send now.
  heartbeat ask(instant now);
  /// The round trip, if this answers a question that is open: one that is not answered yet, nor is a newer one. Whatever is asked
  /// meanwhile leaves it open, so that a way of more than a beat is measured, too.
  std::optional<duration> on_answer(instant now, const heartbeat& h);
  /// Smoothed round trip (1/8 of each new one); zero before the first.
  duration round_trip() const { return smoothed_; }

 private:
  static constexpr std::size_t open_max = 40;  ///< on foreground as many as `silence_timeout` allows for

  std::uint64_t sequence_ = 0;
  std::deque<std::pair<std::uint64_t, instant>> open_;  ///< what was asked, and when; oldest first
  duration smoothed_{0};
};

}  // namespace holdfast::link

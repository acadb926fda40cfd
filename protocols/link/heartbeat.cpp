#include "protocols/link/heartbeat.hpp"

namespace holdfast::link {

heartbeat heartbeat_clock::ask(instant now) {
  asked_ = now;
  return {false, ++sequence_};
}

std::optional<duration> heartbeat_clock::on_answer(instant now, const heartbeat& h) {
  if (!h.answer || h.sequence != sequence_ || !asked_) return std::nullopt;
  auto taken = now - *asked_;
  asked_.reset();
  smoothed_ = smoothed_ == duration::zero() ? taken : smoothed_ + (taken - smoothed_) / 8;
  return taken;
}

}  // namespace holdfast::link

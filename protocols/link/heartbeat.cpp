#include "protocols/link/heartbeat.hpp"

namespace holdfast::link {

heartbeat heartbeat_clock::ask(instant now) {
  open_.emplace_back(++sequence_, now);
  if (open_.size() > open_max) open_.pop_front();
  return {false, sequence_};
}

std::optional<duration> heartbeat_clock::on_answer(instant now, const heartbeat& h) {
  if (!h.answer || h.sequence > sequence_) return std::nullopt;
  while (!open_.empty() && open_.front().first < h.sequence) open_.pop_front();
  if (open_.empty() || open_.front().first != h.sequence) return std::nullopt;
  auto taken = now - open_.front().second;
  open_.pop_front();
  smoothed_ = smoothed_ == duration::zero() ? taken : smoothed_ + (taken - smoothed_) / 8;
  return taken;
}

}  // namespace holdfast::link

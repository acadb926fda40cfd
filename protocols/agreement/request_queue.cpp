#include "protocols/agreement/request_queue.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::agreement {

request_queue::added request_queue::add(const digest& name, bytes body, instant now, seat_index origin, seat_index own) {
  auto known = places_.contains(name);
  if (known && !planted(planted_bug::accepted_duplicate)) return added::known;
  if (waiting_.size() >= bounds_.pending_requests_max || bytes_ + body.size() > bounds_.pending_bytes_max) return added::full;
  if (origin != own && by_origin_[origin] >= bounds_.pending_requests_max / (2 * seats_)) return added::full;
  if (waiting_.empty()) head_since_ = now;
  ++by_origin_[origin];
  bytes_ += body.size();
  ++unproposed_;
  unproposed_bytes_ += body.size();
  places_[name] = next_;
  waiting_.emplace(next_++, entry{name, std::move(body), now, origin, false, origin != own});
  return added::queued;
}

void request_queue::set_proposed(entry& e, bool value) {
  if (e.proposed == value) return;
  e.proposed = value;
  unproposed_ += value ? -1 : 1;
  unproposed_bytes_ += value ? -e.body.size() : e.body.size();
}

request_queue::taken request_queue::take_batch() {
  taken batch;
  std::size_t total = 0;
  auto at = waiting_.lower_bound(cursor_);
  for (; at != waiting_.end() && batch.bodies.size() < bounds_.batch_requests_max; ++at) {
    auto& e = at->second;
    if (e.proposed) continue;
    if (!batch.bodies.empty() && total + e.body.size() > bounds_.batch_bytes_max) break;
    total += e.body.size();
    batch.bodies.push_back(e.body);
    batch.names.push_back(e.name);
    set_proposed(e, true);
  }
  cursor_ = at == waiting_.end() ? next_ : at->first;
  return batch;
}

void request_queue::mark_proposed(const digest& name) {
  if (auto found = places_.find(name); found != places_.end()) set_proposed(waiting_.at(found->second), true);
}

void request_queue::forget_proposed() {
  for (auto& [place, e] : waiting_) set_proposed(e, false);
  cursor_ = 0;
}

void request_queue::remove(const digest& name, instant now) {
  auto found = places_.find(name);
  if (found == places_.end()) return;
  auto at = waiting_.find(found->second);
  auto was_oldest = at == waiting_.begin();
  set_proposed(at->second, true);
  bytes_ -= at->second.body.size();
  --by_origin_[at->second.origin];
  waiting_.erase(at);
  places_.erase(found);
  if (was_oldest) head_since_ = now;
}

std::vector<const bytes*> request_queue::unproposed(std::size_t count) const {
  std::vector<const bytes*> found;
  for (auto at = waiting_.lower_bound(cursor_); at != waiting_.end() && found.size() < count; ++at) {
    if (!at->second.proposed) found.push_back(&at->second.body);
  }
  return found;
}

std::vector<const bytes*> request_queue::to_appeal(instant before, std::size_t count, bool again) {
  std::vector<const bytes*> found;
  for (auto& [place, e] : waiting_) {
    if (found.size() == count || e.since > before) break;
    if (!e.appealed || again) found.push_back(&e.body);
    e.appealed = true;
  }
  return found;
}

void request_queue::restart(instant now) {
  head_since_ = now;
  for (auto& [place, e] : waiting_) e.since = now;
}

std::optional<instant> request_queue::oldest_since() const {
  if (waiting_.empty()) return std::nullopt;
  return std::max(head_since_, waiting_.begin()->second.since);
}

std::optional<instant> request_queue::deadline(duration patience, duration age_max) const {
  if (waiting_.empty()) return std::nullopt;
  return std::min(*oldest_since() + patience, waiting_.begin()->second.since + age_max);
}

}  // namespace holdfast::agreement

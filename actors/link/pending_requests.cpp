#include "actors/link/pending_requests.hpp"

namespace holdfast::actors {

result<std::uint64_t> pending_requests::add(const link::endpoint& peer, instant deadline, completion& done) {
  std::lock_guard lock(mutex_);
  if (closed_) return fail(errc::unavailable, "the links are closing");
  if (entries_.size() >= link::limits::pending_requests_max) return fail(errc::over_limit, "too many requests wait for their reply");
  auto correlation = next_++;
  entries_.emplace(correlation, entry{peer, deadline, std::move(done), 0});
  deadlines_.emplace(deadline, correlation);
  return correlation;
}

bool pending_requests::sent(std::uint64_t correlation, std::uint64_t session_serial) {
  std::lock_guard lock(mutex_);
  auto it = entries_.find(correlation);
  if (it == entries_.end()) return false;
  it->second.session_serial = session_serial;
  return true;
}

std::optional<pending_requests::entry> pending_requests::take(std::uint64_t correlation) {
  auto it = entries_.find(correlation);
  if (it == entries_.end()) return std::nullopt;
  auto e = std::move(it->second);
  entries_.erase(it);
  deadlines_.erase({e.deadline, correlation});
  return e;
}

error pending_requests::lost(const entry& e, const char* what) {
  if (e.session_serial == 0) return {errc::unavailable, "the request to " + e.peer.brief() + " was not sent: " + what};
  return {errc::outcome_unknown, "the request to " + e.peer.brief() + " was sent and no reply came: " + what};
}

bool pending_requests::complete(const inbound& reply) {
  std::optional<entry> e;
  {
    std::lock_guard lock(mutex_);
    auto it = entries_.find(reply.correlation);
    if (it == entries_.end() || it->second.peer != reply.from->end()) return false;
    e = take(reply.correlation);
  }
  e->done(reply);
  return true;
}

void pending_requests::refuse(std::uint64_t correlation, const error& why) {
  std::optional<entry> e;
  {
    std::lock_guard lock(mutex_);
    e = take(correlation);
  }
  if (e) e->done(fail(why));
}

void pending_requests::session_down(std::uint64_t session_serial) {
  std::vector<entry> ended;
  {
    std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> correlations;
    for (const auto& [correlation, e] : entries_) {
      if (e.session_serial == session_serial) correlations.push_back(correlation);
    }
    for (auto c : correlations) ended.push_back(*take(c));
  }
  for (auto& e : ended) e.done(fail(lost(e, "the link went down")));
}

void pending_requests::expire(instant now) {
  std::vector<entry> ended;
  {
    std::lock_guard lock(mutex_);
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) ended.push_back(*take(deadlines_.begin()->second));
  }
  for (auto& e : ended) e.done(fail(lost(e, "its time is up")));
}

void pending_requests::fail_all() {
  std::map<std::uint64_t, entry> ended;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    ended.swap(entries_);
    deadlines_.clear();
  }
  for (auto& [correlation, e] : ended) e.done(fail(lost(e, "the links are closing")));
}

}  // namespace holdfast::actors

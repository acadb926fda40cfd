#include "actors/link/outbox.hpp"

#include <algorithm>

namespace holdfast::actors {

namespace limits = link::limits;

const outbox::lane_entry* outbox::find(const link::endpoint& peer, link::traffic_class lane) const {
  auto it = peers_.find(peer);
  return it == peers_.end() ? nullptr : &it->second.lanes[static_cast<std::size_t>(lane)];
}

outbox::lane_entry* outbox::find(const link::endpoint& peer, link::traffic_class lane) {
  return const_cast<lane_entry*>(std::as_const(*this).find(peer, lane));
}

result<outbox::push_step> outbox::push(const link::endpoint& peer, link::traffic_class lane, queued_message m) {
  auto bytes_count = cost(m);
  if (m.payload->size() > limits::message_bytes_max) return fail(errc::over_limit, "a message longer than 4 MiB cannot be sent");
  std::lock_guard lock(mutex_);
  auto it = peers_.find(peer);
  if (it == peers_.end()) return fail(errc::unavailable, "there is no link to " + peer.brief() + " and no address to dial");
  auto& l = it->second.lanes[static_cast<std::size_t>(lane)];
  if (l.sessions.empty() && it->second.addresses.empty()) return fail(errc::unavailable, "the link to " + peer.brief() + " is down");
  if (l.sessions.empty() && l.state == lane_state::refused) return fail(errc::unavailable, peer.brief() + " cannot be reached now");
  bool over_budget = lane != link::traffic_class::agreement &&
                     counters_.memory_bytes() + static_cast<std::int64_t>(bytes_waiting_for(peer.member) + bytes_count) >
                         static_cast<std::int64_t>(budget_bytes_);
  bool stranger = !l.sessions.empty() && !l.sessions.front().peer->admitted;
  bool lane_full = stranger ? !l.queue.empty() && l.bytes_queued + bytes_count > limits::stranger_bytes_max
                            : l.bytes_queued + bytes_count > limits::lane_bytes_max;
  if (over_budget || lane_full || l.queue.size() >= limits::lane_messages_max) {
    return fail(errc::over_limit, "the queue to " + peer.brief() + " is full");
  }
  l.queue.push_back(std::move(m));
  l.bytes_queued += bytes_count;
  counters_.queued_bytes += static_cast<std::int64_t>(bytes_count);
  push_step step;
  if (!l.sessions.empty()) {
    if (!std::exchange(l.woken, true)) step.wake = l.sessions.front().handle;
  } else if (l.state == lane_state::idle) {
    l.state = lane_state::dialling;
    step.dial = true;
  }
  return step;
}

std::vector<queued_message> outbox::pull(const link::endpoint& peer, link::traffic_class lane, std::uint64_t serial, std::size_t bytes_max) {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  if (!l || l->sessions.empty() || l->sessions.front().serial != serial) return {};
  std::vector<queued_message> out;
  std::uint64_t taken = 0;
  while (!l->queue.empty() && taken < bytes_max) {
    taken += cost(l->queue.front());
    out.push_back(std::move(l->queue.front()));
    l->queue.pop_front();
  }
  l->bytes_queued -= taken;
  counters_.queued_bytes -= static_cast<std::int64_t>(taken);
  if (out.empty()) l->woken = false;
  return out;
}

void outbox::give_back(const link::endpoint& peer, link::traffic_class lane, std::deque<queued_message> unsent) {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  if (!l) return;
  for (; !unsent.empty(); unsent.pop_back()) {
    auto bytes_count = cost(unsent.back());
    l->bytes_queued += bytes_count;
    counters_.queued_bytes += static_cast<std::int64_t>(bytes_count);
    l->queue.push_front(std::move(unsent.back()));
  }
}

std::uint64_t outbox::bytes_waiting_for(const node_id& member) const {
  std::uint64_t sum = 0;
  for (auto it = peers_.lower_bound(link::endpoint(member, 0)); it != peers_.end() && it->first.member == member; ++it) {
    for (auto lane : {link::traffic_class::foreground, link::traffic_class::background}) {
      sum += it->second.lanes[static_cast<std::size_t>(lane)].bytes_queued;
    }
  }
  return sum;
}

outbox::attach_step outbox::attach(const link::endpoint& peer, link::traffic_class lane, session_ref session) {
  std::lock_guard lock(mutex_);
  auto& l = peers_[peer].lanes[static_cast<std::size_t>(lane)];
  l.state = lane_state::idle;
  attach_step step;
  if (!l.sessions.empty()) {
    auto& before = l.sessions.front().peer;
    if (before->boot == session.peer->boot) {
      l.sessions.push_back(std::move(session));
      return step;
    }
    step.gone = before;
  }
  step.up = true;
  l.sessions.insert(l.sessions.begin(), std::move(session));
  l.woken = true;  // it pulls of its own accord once it is attached
  return step;
}

void outbox::renew(const link::endpoint& peer, link::traffic_class lane, session_ref session) {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  if (!l) return;
  for (auto& s : l->sessions) {
    if (s.serial == session.serial) s = std::move(session);
  }
}

outbox::detach_step outbox::detach(const link::endpoint& peer, link::traffic_class lane, std::uint64_t serial) {
  std::lock_guard lock(mutex_);
  detach_step step;
  auto* l = find(peer, lane);
  if (!l) return step;
  bool was_first = !l->sessions.empty() && l->sessions.front().serial == serial;
  if (std::erase_if(l->sessions, [&](const auto& s) { return s.serial == serial; }) == 0) return step;
  if (l->sessions.empty()) {
    step.down = true;
    if (peers_[peer].addresses.empty()) {
      step.unsent = empty(*l);
      forget_if_unused(peer);
    } else if (!l->queue.empty()) {
      l->state = lane_state::dialling;
      step.dial = true;
    }
  } else if (was_first || !l->queue.empty()) {  // what was given back, the first one may not know of
    l->woken = true;
    step.wake = l->sessions.front().handle;
  }
  return step;
}

std::vector<queued_message> outbox::empty(lane_entry& l) {
  std::vector<queued_message> out(std::make_move_iterator(l.queue.begin()), std::make_move_iterator(l.queue.end()));
  l.queue.clear();
  counters_.queued_bytes -= static_cast<std::int64_t>(std::exchange(l.bytes_queued, 0));
  return out;
}

void outbox::forget_if_unused(const link::endpoint& peer) {
  auto it = peers_.find(peer);
  if (it == peers_.end() || !it->second.addresses.empty()) return;
  bool used = std::any_of(it->second.lanes.begin(), it->second.lanes.end(), [](const auto& l) { return !l.sessions.empty() || !l.queue.empty(); });
  if (!used) peers_.erase(it);
}

void outbox::know(const link::endpoint& peer, std::vector<std::string> addresses) {
  std::lock_guard lock(mutex_);
  if (!peers_.contains(peer) && (addresses.empty() || peers_.size() >= limits::known_peers_max)) return;
  auto& entry = peers_[peer];
  // A new address deserves a new try at once.
  if (entry.addresses != addresses) {
    for (auto& l : entry.lanes) {
      if (l.state == lane_state::refused) l.state = lane_state::idle;
    }
  }
  entry.addresses = std::move(addresses);
  forget_if_unused(peer);
}

std::vector<std::string> outbox::addresses(const link::endpoint& peer) const {
  std::lock_guard lock(mutex_);
  auto it = peers_.find(peer);
  return it == peers_.end() ? std::vector<std::string>{} : it->second.addresses;
}

std::vector<queued_message> outbox::dial_failed(const link::endpoint& peer, link::traffic_class lane) {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  if (!l || !l->sessions.empty()) return {};
  l->state = lane_state::refused;
  return empty(*l);
}

void outbox::may_dial(const link::endpoint& peer, link::traffic_class lane) {
  std::lock_guard lock(mutex_);
  if (auto* l = find(peer, lane); l && l->state == lane_state::refused) l->state = lane_state::idle;
}

bool outbox::begin_dial(const link::endpoint& peer, link::traffic_class lane) {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  if (!l || !l->sessions.empty()) return false;
  // While it is tried again after a failure, messages are refused as before: they would wait for what has failed already.
  if (l->state == lane_state::idle) l->state = lane_state::dialling;
  return true;
}

bool outbox::is_up(const link::endpoint& peer, link::traffic_class lane) const {
  std::lock_guard lock(mutex_);
  auto* l = find(peer, lane);
  return l && !l->sessions.empty();
}

std::size_t outbox::other_processes(const link::endpoint& peer) const {
  std::lock_guard lock(mutex_);
  std::size_t found = 0;
  for (auto it = peers_.lower_bound(link::endpoint(peer.member, 0)); it != peers_.end() && it->first.member == peer.member; ++it) {
    bool linked = std::any_of(it->second.lanes.begin(), it->second.lanes.end(), [](const auto& l) { return !l.sessions.empty(); });
    if (linked && it->first != peer) ++found;
  }
  return found;
}

std::vector<peer_up> outbox::all_up() const {
  std::lock_guard lock(mutex_);
  std::vector<peer_up> out;
  for (const auto& [id, entry] : peers_) {
    for (std::size_t i = 0; i < entry.lanes.size(); ++i) {
      if (!entry.lanes[i].sessions.empty()) out.push_back({entry.lanes[i].sessions.front().peer, static_cast<link::traffic_class>(i)});
    }
  }
  return out;
}

}  // namespace holdfast::actors

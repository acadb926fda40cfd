// Inputs, what waits for the disk, muteness, recovery.
#include "protocols/agreement/engine.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::agreement {

namespace {

/// No machine starts twice at one time of both its clocks.
std::uint64_t life_at(const clock_reading& now) {
  return static_cast<std::uint64_t>(now.wall.ms) * 1'000'003 ^ static_cast<std::uint64_t>(now.now.time_since_epoch().count());
}

}  // namespace

replica::engine::engine(config c, const request_checker& checker)
    : bounds_(c.limits),
      ring_(c.ring),
      self_(c.seat),
      certifier_(c.cluster, c.ring, c.seat, c.key, c.limits),
      checker_(checker),
      queue_(c.limits, c.ring.size()),
      timeout_(c.limits.request_timeout),
      peers_(c.ring.size(), c.seat) {}

step replica::engine::end() {
  arm_request_timer();
  return std::exchange(out_, {});
}

store_ticket replica::engine::write(log_record record, bool sync) {
  store_ticket ticket{++last_ticket_};
  out_.persists.push_back({ticket, std::move(record), sync});
  return ticket;
}

void replica::engine::after_stored(store_ticket ticket, std::function<void()> then) {
  if (planted(planted_bug::vote_before_fsync)) return then();
  held_.emplace(ticket.value, std::move(then));
}

void replica::engine::on_stored(store_ticket ticket) {
  stored_ = std::max(stored_, std::min(ticket.value, last_ticket_));
  while (!held_.empty() && held_.begin()->first <= stored_) {
    auto due = held_.extract(held_.begin());
    due.mapped()();
  }
}

void replica::engine::on_message(seat_index from, message m) {
  if (from >= ring_.size() || from == self_) return;
  std::visit([&](auto& x) { handle(from, std::move(x)); }, m);
}

void replica::engine::on_timer(timer_id id) {
  switch (id) {
    case timer_id::request: return request_timer_fired();
    case timer_id::view_change: return view_change_timer_fired();
    case timer_id::status: return status_timer_fired();
    case timer_id::catch_up:
      if (catch_up_.active()) fetch();
      return;
    case timer_id::propose:
      propose_due_ = false;
      return propose();
  }
}

void replica::engine::on_peer_connected(seat_index seat) {
  if (seat >= ring_.size() || seat == self_) return;
  peers_.at(seat).lost_since.reset();
  if (started()) send(seat, own_status());
}

void replica::engine::on_peer_lost(seat_index seat) {
  if (seat >= ring_.size() || seat == self_) return;
  peers_.at(seat).lost_since = now_.now;
  if (seat != primary()) return;
  if (changing_) arm_view_change_timer();
  appeal();
}

void replica::engine::start(recovered log, std::uint64_t executed, wall_time executed_time) {
  boot_ = {log.boot + 1, life_at(now_)};
  amnesiac_ = log.amnesiac;
  silent_through_ = log.silent_through;
  stable_ = log.stable;
  committed_ = std::max(log.committed, stable_.sequence);
  delivered_ = executed_ = executed;
  last_delivered_ = executed_time;
  for (const auto& [seat, boot] : log.peer_boots) {
    if (seat < ring_.size()) peers_.at(seat).boot = boot;
  }
  if (log.checkpoint && log.checkpoint->sequence > stable_.sequence) own_states_[log.checkpoint->sequence] = {log.checkpoint->state, true};
  auto entered = restore_view(log);
  restore_slots(log);
  note_unsettled();
  if (entered && !changing_) {
    propose_again(plan_new_view(view_, ring_.size(), entered->reasons), entered->statement.proposals);
  }
  send_status_after(write(boot_record{boot_}, true));
  if (amnesiac_) {
    write(amnesia_record{silent_through_, false}, false);
    tell({event_kind::muted, view_, silent_through_, {}, "the log is missing or damaged: this seat does not vote until it is safe", {}});
  }
  if (others()) arm_status_timer(bounds_.status_interval);
  deliver();
  check_confirmed();
}

std::optional<certifier::opened_new_view> replica::engine::restore_view(recovered& log) {
  std::optional<certifier::opened_new_view> entered;
  if (log.new_view) {
    if (auto opened = certifier_.open(*log.new_view)) {
      view_ = opened->statement.view;
      new_view_ = std::move(log.new_view);
      entered = std::move(*opened);
    }
  }
  if (log.view_change) {
    auto asked = log.view_change->peek();
    if (asked && asked->view > view_) {
      view_ = asked->view;
      changing_ = true;
      own_change_ = *log.view_change;
      changes_.add({std::move(*log.view_change), std::move(*asked)});
    }
  }
  return entered;
}

void replica::engine::restore_slots(recovered& log) {
  for (auto& [sequence, was] : log.slots) {
    auto& s = slots_[sequence];
    for (auto& [name, content] : was.bodies) {
      body_bytes_ += size_of(*content);
      auto requests = request_digests(*content);
      s.bodies[name] = {std::move(content), std::move(requests), true};
    }
    s.certificate = std::move(was.prepared);
    s.committed = was.committed;
    if (changing_ || !was.accepted || was.accepted->view != view_ || !s.bodies.contains(was.accepted->batch)) continue;
    s.accepted = was.accepted;
    s.proposal = was.proposal;
    s.accepted_durable = true;
    next_sequence_ = std::max(next_sequence_, sequence + 1);
    s.prepared = s.commit_sent = s.certificate && s.certificate->what == *s.accepted;
  }
  next_sequence_ = std::max(next_sequence_, committed_ + 1);
}

/// Votes only once a quorum of seats (with this one) remembers this very start: then the log is the newest there was.
void replica::engine::check_confirmed() {
  if (confirmed_ || peers_.confirming(boot_) + 1 < ring_.quorum()) return;
  confirmed_ = true;
  if (!mute()) resume_votes();
}

void replica::engine::become_amnesiac(std::uint64_t boot_count) {
  amnesiac_ = true;
  confirmed_ = false;
  silent_through_ = 0;
  boot_.count = boot_count;
  write(amnesia_record{0, false}, false);
  tell({event_kind::muted, view_, 0, {}, "peers remember a start that this log does not: it was lost or rolled back", {}});
  send_status_after(write(boot_record{boot_}, true));
}

/// What this seat may have voted for lies within a window above a checkpoint that a quorum had executed; of quorum others one
/// honest one executed it too, and its own stable checkpoint is at most a window behind. Only certified claims count.
void replica::engine::check_amnesia_over() {
  if (!amnesiac_ || !others()) return;
  if (silent_through_ == 0) {
    if (peers_.reporting() < std::min(ring_.quorum(), ring_.size() - 1)) return;
    auto highest = std::max(stable_.sequence, proven_ ? proven_->sequence : 0);
    silent_through_ = highest + 2 * bounds_.window;
    write(amnesia_record{silent_through_, false}, false);
    tell({event_kind::muted, view_, silent_through_, {}, "silent until a checkpoint is stable there", {}});
  }
  if (stable_.sequence < silent_through_) return;
  after_stored(write(amnesia_record{silent_through_, true}, true), [this] {
    if (!std::exchange(amnesiac_, false) || mute()) return;
    resume_votes();
  });
}

void replica::engine::resume_votes() {
  tell({event_kind::unmuted, view_, committed_, {}, {}, {}});
  if (changing_) {
    if (own_change_ && others()) send(std::nullopt, view_change{*own_change_});
    consider_view_change();
  }
  // Those who asked for a later view while this seat was mute will not ask again.
  if (auto joined = changes_.joined_by_others(view_, ring_.weak_quorum(), self_)) start_view_change(*joined);
  std::vector<ballot> open_ballots;
  for (const auto& [sequence, s] : slots_) {
    if (sequence > committed_ && s.accepted && s.accepted_durable) open_ballots.push_back(*s.accepted);
  }
  for (const auto& what : open_ballots) {
    vote_for(what, true);
    if (auto* s = find_slot(what.sequence); s && s->commit_sent) send_commit(what);
  }
  for (const auto& [sequence, own] : std::map(own_states_)) {
    if (own.durable) cast_checkpoint(sequence, own.state);
  }
  for (auto& [from, m] : peers_.take_kept()) on_message(from, std::move(m));
  forward_pending(bounds_.batch_requests_max);
  propose();
  if (others()) send(std::nullopt, own_status());
}

}  // namespace holdfast::agreement

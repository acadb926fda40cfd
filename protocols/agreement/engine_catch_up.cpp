// Statuses: who is behind fetches, who is ahead sends again. Boot counters: who remembers a later start than the log does.
#include "protocols/agreement/engine.hpp"

namespace holdfast::agreement {

status replica::engine::own_status() const {
  return {boot_, peers_.boots(boot_), view_, changing_, impatient(), mute(), amnesiac_ ? silent_through_ : 0, committed_, stable_};
}

void replica::engine::send_status_after(store_ticket ticket) {
  if (!others()) return;
  boot_ticket_ = ticket;
  after_stored(ticket, [this] { send(std::nullopt, own_status()); });
}

void replica::engine::status_timer_fired() {
  if (started()) send(std::nullopt, own_status());
  if (changing_ && own_change_ && changes_.asked_by(self_) == view_ && !mute()) send(std::nullopt, agreement::view_change{*own_change_});
  ask_for_bodies();
  forward_pending(bounds_.resend_slots_max);
  auto target = peers_.committed_by(ring_.weak_quorum());
  if (target > committed_ && committed_ == committed_at_tick_ && !catch_up_.active()) fetch();
  committed_at_tick_ = committed_;
  appeal();
  auto quiet = !mute() && !changing_ && queue_.empty() && target <= committed_ && next_sequence_ == committed_ + 1;
  arm_status_timer(quiet ? 4 * bounds_.status_interval : bounds_.status_interval);
}

void replica::engine::arm_status_timer(duration after) {
  status_timer_at_ = now_.now + after;
  set_timer(timer_id::status, after);
}

/// A request that waits for half the primary's time goes to all seats: a quorum must lose patience, not this seat alone.
void replica::engine::appeal() {
  if (changing_ || primary() == self_) return;
  auto waited = peers_.at(primary()).lost_since ? duration(0) : bounds_.request_timeout / 2;
  for (const auto* body : queue_.to_appeal(now_.now - waited, bounds_.resend_slots_max, impatient_)) send(std::nullopt, request{*body});
}

void replica::engine::handle(seat_index from, status&& m) {
  if (m.known_boots.size() != ring_.size()) return refuse(from, "a status does not speak of every seat");
  if (m.stable.sequence > std::max(stable_.sequence, proven_ ? proven_->sequence : 0)) {
    if (auto ok = certifier_.check(m.stable); !ok) return refuse(from, ok.error().message());
    adopt(m.stable);
  }
  auto& p = peers_.at(from);
  auto stuck = p.reported && p.committed == m.committed;
  p.reported = true;
  p.view = m.view;
  p.impatient = m.impatient;
  p.committed = m.committed;
  p.lost_since.reset();
  if (!learn_boot(from, m)) return;
  check_amnesia_over();
  consider_rescue(from, m);
  consider_leaving();
  if (new_view_ && !changing_ && (m.view < view_ || (m.view == view_ && m.changing_view))) send(from, agreement::new_view{*new_view_});
  if (stuck && !mute()) resend_to(from, m);
  if (peers_.committed_by(ring_.weak_quorum()) > committed_ + 2 * bounds_.pipeline_batches && !catch_up_.active()) fetch();
}

/// False if the peers' memory shows that this log was rolled back.
bool replica::engine::learn_boot(seat_index from, const status& m) {
  auto& p = peers_.at(from);
  p.knows_our_boot = m.known_boots[self_];
  if (m.boot.count > p.boot.count) {
    after_stored(write(peer_boot_record{from, m.boot}, true), [this, from, boot = m.boot] {
      peers_.at(from).boot = std::max(peers_.at(from).boot, boot);  // told only once it is remembered for good
      if (started()) send(from, own_status());
    });
  }
  if (auto remembered = peers_.remembered_boot(boot_, ring_.weak_quorum()); remembered >= boot_.count) {
    become_amnesiac(remembered + 1);
    return false;
  }
  check_confirmed();
  return true;
}

/// A seat that lost its log is safe again once the ring has gone on far enough. An idle ring goes on for its sake, with null batches;
/// and if it is the primary, its view is left at once.
void replica::engine::consider_rescue(seat_index from, const status& m) {
  auto& p = peers_.at(from);
  auto waits = m.mute && m.silent_through > stable_.sequence;
  auto news = waits && p.silent_through != m.silent_through;
  p.silent_through = waits ? m.silent_through : 0;
  if (!waits) p.rescued_through = 0;
  if (news && from == primary() && can_vote()) send(std::nullopt, own_status());
  if (!waits || p.rescued_through >= m.silent_through) return;
  if (p.rescued_at && now_.now - *p.rescued_at < bounds_.rescue_interval) return;
  p.rescued_at = now_.now;
  p.rescued_through = std::min(m.silent_through, stable_.sequence + 2 * bounds_.window + bounds_.checkpoint_interval);
  propose();
}

/// A peer in this view that has not moved since its last status: what it may have missed, again.
void replica::engine::resend_to(seat_index to, const status& m) {
  for (const auto& [sequence, own] : own_states_) {
    if (own.durable && sequence > m.stable.sequence) {
      send(to, checkpoint{sequence, own.state, certifier_.sign_checkpoint(sequence, own.state)});
    }
  }
  if (m.view != view_ || m.changing_view || changing_) return;
  std::size_t slots = 0, body_bytes = 0;
  for (auto at = slots_.upper_bound(m.committed); at != slots_.end() && slots < bounds_.resend_slots_max; ++at, ++slots) {
    const auto& s = at->second;
    if (!s.accepted || !s.accepted_durable) continue;
    const auto* held = s.body_of(s.accepted->batch);
    if (primary() != self_) {
      send(to, prepare{*s.accepted, certifier_.sign(phase::prepare, *s.accepted)});
    } else if (held && held->content && body_bytes <= bounds_.fetch_bytes_max) {
      body_bytes += size_of(*held->content);
      send(to, pre_prepare{*s.accepted, s.proposal, held->content});
    }
    if (s.commit_sent) send(to, commit{*s.accepted});
  }
}

void replica::engine::fetch() {
  auto target = peers_.committed_by(ring_.weak_quorum());
  if (target <= committed_) {
    if (catch_up_.active()) tell({event_kind::caught_up, view_, committed_, {}, {}, {}});
    catch_up_.stop();
    return;
  }
  if (!catch_up_.active()) tell({event_kind::falling_behind, view_, target, {}, {}, {}});
  set_timer(timer_id::catch_up, bounds_.catch_up_timeout);
  auto last = std::min(target, committed_ + bounds_.fetch_sequences_max);
  if (committed_ - std::min(executed_, committed_) >= bounds_.window) last = committed_;  // execution must follow first
  if (last == committed_ || keeping_fetched_) return;
  for (const auto& ask : catch_up_.start(committed_ + 1, last, peers_.holding(committed_ + 1), ring_.weak_quorum())) send(ask.donor, ask.what);
}

void replica::engine::handle(seat_index from, batches&& m) {
  if (!catch_up_.active()) return;
  for (auto& entry : m.list) {
    if (entry.body && !fits(*entry.body)) return refuse(from, "a fetched batch is too large");
  }
  catch_up_.add(from, std::move(m));
  learn_fetched();
}

/// What comes is on the disk before more is asked for, so that a disk slower than the network does not fill memory.
void replica::engine::learn_fetched() {
  auto before = committed_;
  std::optional<store_ticket> kept;
  for (auto sequence = committed_ + 1; auto agreed = catch_up_.agreed(sequence, ring_.weak_quorum()); sequence = committed_ + 1) {
    auto fetched = catch_up_.body(sequence, *agreed);
    auto* known = find_slot(sequence);
    auto* held = known ? known->body_of(*agreed) : nullptr;
    if (!fetched && !(held && held->logged)) break;
    auto& s = slots_[sequence];
    if (!held || !held->logged) {
      kept = write(fetched_record{sequence, fetched}, true);
      body_bytes_ += size_of(*fetched);
      s.bodies[*agreed] = {fetched, request_digests(*fetched), true};
    }
    commit_slot(sequence, {0, sequence, *agreed});
    if (committed_ < sequence) break;
  }
  if (committed_ == before) return;
  if (!catch_up_.spent_at(committed_)) return;
  if (!kept) return fetch();
  keeping_fetched_ = true;
  after_stored(*kept, [this] {
    keeping_fetched_ = false;
    fetch();
  });
}

std::uint64_t replica::engine::request_load(std::uint64_t first, std::uint64_t last) {
  out_.loads.push_back({++last_load_, first, last, bounds_.fetch_bytes_max});
  return last_load_;
}

void replica::engine::handle(seat_index from, fetch_batches&& m) {
  if (m.first == 0 || m.first > m.last || m.first > committed_) return;
  auto last = std::min({m.last, committed_, m.first + bounds_.fetch_sequences_max - 1});
  batches answer{m.first, {}};
  std::size_t total = 0;
  for (auto sequence = m.first; sequence <= last && total <= bounds_.fetch_bytes_max; ++sequence) {
    auto* s = find_slot(sequence);
    auto* held = s && s->committed ? s->body_of(*s->committed) : nullptr;
    if (!held || (m.bodies && !held->content)) break;
    answer.list.push_back({*s->committed, std::nullopt});
    if (m.bodies) {
      total += size_of(*held->content);
      answer.list.back().body = *held->content;
    }
  }
  if (!answer.list.empty()) return send(from, std::move(answer));
  for (const auto& [ticket, what] : loads_) {
    if (what.to == from) return;  // one at a time for each seat
  }
  loads_[request_load(m.first, last)] = {from, m.bodies, false};
}

void replica::engine::handle(seat_index from, fetch_body&& m) {
  auto* s = find_slot(m.sequence);
  auto* held = s ? s->body_of(m.batch) : nullptr;
  if (held && held->content) return send(from, body{m.sequence, *held->content});
  if (m.sequence == 0 || m.sequence > committed_) return;
  for (const auto& [ticket, what] : loads_) {
    if (what.to == from) return;
  }
  loads_[request_load(m.sequence, m.sequence)] = {from, true, true};
}

void replica::engine::handle(seat_index, body&& m) {
  auto found = wanted_.find(m.sequence);
  if (found == wanted_.end()) return;
  auto names = request_digests(m.content);
  if (digest_of(m.content.time, names) != found->second.what.batch) return;
  auto wanted = std::move(found->second);
  wanted_.erase(found);
  accept(wanted.what, wanted.proposal, {std::make_shared<const batch>(std::move(m.content)), std::move(names), false}, false);
}

void replica::engine::on_loaded(std::uint64_t ticket, std::uint64_t first, std::vector<batch_ptr> bodies) {
  auto found = loads_.find(ticket);
  if (found == loads_.end()) return;
  auto what = found->second;
  loads_.erase(found);
  if (!what.to) {
    if (bodies.empty()) {
      diverged_ = true;
      return tell({event_kind::diverged, view_, first, {}, "a committed batch cannot be read from the log: this seat stops voting", {}});
    }
    for (std::size_t i = 0; i < bodies.size() && first + i == delivered_ + 1; ++i) deliver_one(bodies[i], 0, {});
    return deliver();
  }
  if (bodies.empty()) return;
  if (what.single) return send(*what.to, body{first, *bodies.front()});
  batches answer{first, {}};
  for (const auto& b : bodies) {
    answer.list.push_back({digest_of(*b), std::nullopt});
    if (what.bodies) answer.list.back().body = *b;
  }
  send(*what.to, std::move(answer));
}

}  // namespace holdfast::agreement

// The normal case: requests become batches, batches are proposed, prepared, committed and delivered in order.
#include "protocols/agreement/engine.hpp"
#include "protocols/base/plant.hpp"

namespace holdfast::agreement {

slot* replica::engine::find_slot(std::uint64_t sequence) {
  auto found = slots_.find(sequence);
  return found == slots_.end() ? nullptr : &found->second;
}

std::uint64_t replica::engine::prepared() const {
  for (auto at = slots_.rbegin(); at != slots_.rend(); ++at) {
    if (at->first <= committed_) break;
    if (at->second.certificate) return at->first;
  }
  return committed_;
}

outcome replica::engine::submit(bytes body, const digest& name) {
  if (body.size() > bounds_.request_bytes_max) return fail(errc::over_limit, "the request is larger than a ring orders");
  if (!queue_.contains(name)) {
    if (auto ok = checker_.check({body, name}); !ok) return ok;
  }
  auto forwarded = primary() == self_ ? bytes{} : body;
  if (queue_.add(name, std::move(body), now_.now, self_, self_) == request_queue::added::full) {
    return fail(errc::over_limit, "too many requests wait to be ordered; try again in a moment");
  }
  if (primary() == self_) {
    propose_soon();
  } else if (!changing_) {
    send(primary(), request{std::move(forwarded)});
    if (peers_.at(primary()).lost_since) appeal();
  }
  if (others() && status_timer_at_ > now_.now + bounds_.status_interval) arm_status_timer(bounds_.status_interval);
  return {};
}

void replica::engine::handle(seat_index from, request&& m) {
  if (m.body.size() > bounds_.request_bytes_max) return refuse(from, "a forwarded request is too large");
  auto name = digest_of_request(m.body);
  if (queue_.contains(name) && !planted(planted_bug::accepted_duplicate)) return;
  if (auto ok = checker_.check({m.body, name}); !ok) return refuse(from, "a forwarded request does not hold: " + ok.error().message());
  if (queue_.add(name, std::move(m.body), now_.now, from, self_) == request_queue::added::full) {
    return refuse(from, "a forwarded request finds the queue full");
  }
  propose_soon();
}

void replica::engine::request_null() {
  if (!leads() || next_sequence_ != committed_ + 1 || queue_.has_unproposed() || !in_window(next_sequence_)) return;
  propose_batch({}, {});
}

void replica::engine::propose() {
  while (leads() && queue_.has_unproposed() && in_window(next_sequence_)) {
    auto in_flight = next_sequence_ - 1 - std::min(committed_, next_sequence_ - 1);
    if (in_flight >= bounds_.pipeline_batches || (in_flight > 0 && !queue_.fills_batch())) return;
    auto taken = queue_.take_batch();
    propose_batch({{}, std::move(taken.bodies)}, std::move(taken.names));
  }
  if (peers_.rescue_through() >= next_sequence_) request_null();
}

/// Requests that wait at this seat's door already shall be in the batch: under load batches grow, and what a batch costs is shared by more.
/// An idle ring loses nothing.
void replica::engine::propose_soon() {
  bool wanted = queue_.has_unproposed() || peers_.rescue_through() >= next_sequence_;
  if (!leads() || !wanted || std::exchange(propose_due_, true)) return;
  set_timer(timer_id::propose, duration::zero());
}

void replica::engine::propose_batch(batch b, std::vector<digest> names) {
  b.time = last_proposed_ = std::max(now_.wall, last_proposed_);
  ballot what{view_, next_sequence_++, digest_of(b.time, names)};
  accept(what, certifier_.sign(phase::pre_prepare, what), {std::make_shared<const batch>(std::move(b)), std::move(names), false}, true);
}

bool replica::engine::early(seat_index from, const ballot& what, message& m) {
  auto waits_for_confirmation = !confirmed_ && !amnesiac_ && what.view == view_;
  auto ahead = what.view > view_ || (what.view == view_ && changing_);
  if (!waits_for_confirmation && !ahead) return false;
  if (what.view <= view_ + bounds_.ahead_views_max) peers_.keep(from, std::move(m), bounds_);
  return true;
}

bool replica::engine::fits(const batch& b) const {
  auto bytes_max = b.requests.size() > 1 ? bounds_.batch_bytes_max : bounds_.request_bytes_max;
  return b.requests.size() <= bounds_.batch_requests_max && size_of(b) <= bytes_max;
}

outcome replica::engine::check_batch(const batch& b, const std::vector<digest>& names) const {
  if (!fits(b)) return fail(errc::over_limit, "a proposed batch is too large");
  // Compared, not subtracted: the proposer may have written any time, and the difference of some has no value.
  bool near = b.time >= now_.wall - bounds_.clock_skew_max && b.time <= now_.wall + bounds_.clock_skew_max;
  if (!near) return fail(errc::conflict, "a proposed batch's time is not within 5 s of this machine's clock");
  std::set<digest> seen;
  for (std::size_t i = 0; i < b.requests.size(); ++i) {
    if (!seen.insert(names[i]).second && !planted(planted_bug::accepted_duplicate)) {
      return fail(errc::malformed, "a proposed batch holds a request twice");
    }
    if (queue_.contains(names[i])) continue;  // checked when it was queued
    if (b.requests[i].size() > bounds_.request_bytes_max) return fail(errc::over_limit, "a proposed request is too large");
    if (auto ok = checker_.check({b.requests[i], names[i]}); !ok) return ok;
  }
  return {};
}

void replica::engine::handle(seat_index from, pre_prepare&& m) {
  if (from != certifier_.primary_of(m.what.view)) return;
  message kept(std::move(m));
  auto& p = std::get<pre_prepare>(kept);
  if (!fits(*p.body)) return refuse(from, "a proposed batch is too large");
  if (early(from, p.what, kept)) return;
  if (p.what.view != view_ || !can_vote() || !in_window(p.what.sequence)) return;
  auto* known = find_slot(p.what.sequence);
  if (known && known->accepted && known->accepted->batch == p.what.batch) return;
  if (!certifier_.holds(phase::pre_prepare, p.what, from, p.sig)) return refuse(from, "a pre-prepare is not signed by its primary");
  if (known && known->accepted) return equivocation(from, *known, p);
  if (known && known->committed && *known->committed != p.what.batch) return refuse(from, "a pre-prepare contradicts what is committed");
  if (wanted_.contains(p.what.sequence) && wanted_[p.what.sequence].what != p.what) return refuse(from, "a pre-prepare contradicts its new view");
  auto names = request_digests(*p.body);
  if (digest_of(p.body->time, names) != p.what.batch && !planted(planted_bug::skipped_hash_check)) {
    return refuse(from, "a pre-prepare's body does not hash to its digest");
  }
  if (p.what.batch != null_digest()) {
    if (auto ok = check_batch(*p.body, names); !ok) {
      // It comes again and again, also when it is an honest one that grew too old on its way: a primary whose proposals do not pass is left.
      if (!unsettled_since_) unsettled_since_ = now_.now;
      return refuse(from, ok.error().message());
    }
  }
  if (!make_room(size_of(*p.body))) return;  // sent again when older batches are through
  wanted_.erase(p.what.sequence);
  accept(p.what, p.sig, {std::move(p.body), std::move(names), false}, false);
}

void replica::engine::equivocation(seat_index from, const slot& s, const pre_prepare& m) {
  tell({event_kind::equivocation, view_, m.what.sequence, from, "two batches proposed for one sequence",
        {{*s.accepted, s.proposal}, {m.what, m.sig}}});
  start_view_change(view_ + 1);
}

void replica::engine::accept(const ballot& what, const crypto::signature& proposal, known_body body, bool announce) {
  auto& s = slots_[what.sequence];
  s.accepted = what;
  s.proposal = proposal;
  s.accepted_durable = false;
  auto& held = s.bodies[what.batch];
  if (!held.content && body.content) body_bytes_ += size_of(*body.content);
  if (!held.content) held.content = body.content;
  if (held.requests.empty()) held.requests = std::move(body.requests);
  // A new view proposes again what is executed here; a request that came once more since then is for a batch to come.
  if (what.sequence > delivered_) {
    for (const auto& name : held.requests) queue_.mark_proposed(name);
  }
  if (!unsettled_since_) note_unsettled();
  accepted_record record{what, proposal, std::nullopt};
  if (!held.logged) record.body = held.content;
  held.logged = true;
  after_stored(write(std::move(record), true), [this, what, announce] { vote_for(what, announce); });
}

void replica::engine::vote_for(const ballot& what, bool announce) {
  auto* s = find_slot(what.sequence);
  if (!s || changing_ || what.view != view_ || s->accepted != what) return;
  s->accepted_durable = true;
  if (mute()) return;
  if (primary() == self_) {
    auto* body = s->body_of(what.batch);
    if (announce && others() && body && body->content) send(std::nullopt, pre_prepare{what, s->proposal, body->content});
  } else {
    auto sig = certifier_.sign(phase::prepare, what);
    s->add_prepare(self_, what.batch, sig);
    send(std::nullopt, prepare{what, sig});
  }
  advance(what.sequence);
}

void replica::engine::handle(seat_index from, prepare&& m) {
  message kept(std::move(m));
  auto& p = std::get<prepare>(kept);
  if (early(from, p.what, kept)) return;
  if (p.what.view != view_ || changing_ || !in_window(p.what.sequence) || from == primary()) return;
  auto* known = find_slot(p.what.sequence);
  if (known && known->prepares.contains(from) && !planted(planted_bug::prepare_counted_twice)) return;
  if (known && known->prepared && known->accepted->batch == p.what.batch) return;  // the quorum is there: no signature checked in vain
  if (!certifier_.holds(phase::prepare, p.what, from, p.sig)) return refuse(from, "a prepare is not signed by its seat");
  slots_[p.what.sequence].add_prepare(from, p.what.batch, p.sig);
  advance(p.what.sequence);
}

void replica::engine::handle(seat_index from, commit&& m) {
  message kept(m);
  if (early(from, m.what, kept)) return;
  if (m.what.view != view_ || changing_ || !in_window(m.what.sequence)) return;
  slots_[m.what.sequence].add_commit(from, m.what.batch);
  advance(m.what.sequence);
}

/// Beyond the window no certificate is made and nothing is committed: a view change could not carry it. What a new view proposes there to a seat
/// that lags waits until its window comes up to it (`make_stable`).
void replica::engine::advance(std::uint64_t sequence) {
  auto* s = find_slot(sequence);
  if (!s || !s->accepted_durable || !can_vote() || !in_window(sequence)) return;
  if (!s->prepared && s->has_prepare_quorum(ring_.quorum())) {
    s->prepared = true;
    s->certificate = s->make_certificate(ring_.quorum());
    auto what = *s->accepted;
    if (s->certificate->prepares.empty()) {
      send_commit(what);  // the proposal alone, which is durable already
    } else {
      after_stored(write(prepared_record{*s->certificate}, true), [this, what] { send_commit(what); });
    }
    return;
  }
  if (s->commit_sent && !s->committed && s->has_commit_quorum(ring_.quorum())) commit_slot(sequence, *s->accepted);
}

void replica::engine::send_commit(const ballot& what) {
  auto* s = find_slot(what.sequence);
  if (!s || !can_vote() || what.view != view_ || s->accepted != what) return;
  s->commit_sent = true;
  s->add_commit(self_, what.batch);
  if (others()) send(std::nullopt, commit{what});
  advance(what.sequence);
}

void replica::engine::commit_slot(std::uint64_t sequence, const ballot& what) {
  slots_[sequence].committed = what.batch;
  write(committed_record{what}, false);
  advance_committed();
}

void replica::engine::advance_committed() {
  auto before = committed_;
  for (auto* s = find_slot(committed_ + 1); s && s->committed; s = find_slot(committed_ + 1)) ++committed_;
  if (committed_ == before) return;
  next_sequence_ = std::max(next_sequence_, committed_ + 1);
  note_unsettled();
  adopt_proven();
  deliver();
  propose_soon();
}

void replica::engine::deliver() {
  constexpr std::uint64_t unexecuted_max = 128;  // batches handed over and not executed; bounds what a replay holds in memory
  while (delivered_ < committed_ && delivered_ - executed_ < unexecuted_max) {
    auto sequence = delivered_ + 1;
    auto* s = find_slot(sequence);
    auto* held = s && s->committed ? s->body_of(*s->committed) : nullptr;
    if (!held || !held->content) {
      for (const auto& [ticket, what] : loads_) {
        if (!what.to) return;  // on its way
      }
      auto ticket = request_load(sequence, std::min(committed_, sequence + bounds_.fetch_sequences_max - 1));
      loads_[ticket] = {};
      return;
    }
    deliver_one(held->content, s->accepted && s->accepted->batch == *s->committed ? s->accepted->view : 0, held->requests);
  }
  if (slots_.size() > 2 * bounds_.window) {  // a long catch-up: what was fetched and delivered is in the log, under no vote of ours
    std::erase_if(slots_, [&](auto& entry) {
      auto& [sequence, s] = entry;
      if (sequence > delivered_ || s.accepted || s.certificate) return false;
      for (const auto& [name, held] : s.bodies) body_bytes_ -= held.content ? size_of(*held.content) : 0;
      return true;
    });
  }
  trim_bodies();
}

void replica::engine::deliver_one(const batch_ptr& content, std::uint64_t view, std::vector<digest> names) {
  ++delivered_;
  last_delivered_ = std::max(last_delivered_, content->time);
  if (names.size() != content->requests.size()) names = request_digests(*content);
  for (const auto& name : names) queue_.remove(name, now_.now);
  out_.deliveries.push_back({delivered_, view, last_delivered_, content, std::move(names)});
  if (content->requests.empty()) return;
  progressed_ = true;
  timeout_ = std::max(bounds_.request_timeout, timeout_ / 2);
}

/// Above half of the budget the oldest delivered bodies go: the log has them.
void replica::engine::trim_bodies() {
  for (auto at = slots_.begin(); at != slots_.end() && at->first <= delivered_ && body_bytes_ > bounds_.body_bytes_max / 2; ++at) {
    for (auto& [name, held] : at->second.bodies) {
      if (!held.content || !held.logged) continue;
      body_bytes_ -= size_of(*held.content);
      held.content.reset();
    }
  }
}

/// Bodies of proposals that were given up with their view make way, or a primary could fill the budget with batches that never pass. Who
/// holds a certificate for one keeps it, and can be asked for it.
bool replica::engine::make_room(std::size_t wanted) {
  for (auto at = slots_.begin(); at != slots_.end() && body_bytes_ + wanted > bounds_.body_bytes_max; ++at) {
    auto& s = at->second;
    std::erase_if(s.bodies, [&](const auto& entry) {
      const auto& [name, held] = entry;
      bool needed = (s.accepted && s.accepted->batch == name) || (s.certificate && s.certificate->what.batch == name) || s.committed == name;
      if (needed || !held.content) return false;
      body_bytes_ -= size_of(*held.content);
      return true;
    });
  }
  return body_bytes_ + wanted <= bounds_.body_bytes_max;
}

void replica::engine::forget_slots_through(std::uint64_t sequence) {
  for (auto at = slots_.begin(); at != slots_.end() && at->first <= sequence; at = slots_.erase(at)) {
    for (const auto& [name, held] : at->second.bodies) body_bytes_ -= held.content ? size_of(*held.content) : 0;
  }
}

/// What is accepted must be committed in time, whether this seat knows of a request or not: an idle ring's null batch waits for a quorum, too.
void replica::engine::note_unsettled() {
  auto open = std::any_of(slots_.upper_bound(committed_), slots_.end(), [](const auto& entry) { return entry.second.accepted.has_value(); });
  unsettled_since_ = open ? std::optional(now_.now) : std::nullopt;
}

std::optional<instant> replica::engine::request_deadline() const {
  if (!can_vote() || primary() == self_) return std::nullopt;
  auto age_max = timeout_ * (bounds_.request_age_max / bounds_.request_timeout);
  auto deadline = queue_.deadline(timeout_, age_max);
  auto since = queue_.oldest_since();
  if (unsettled_since_) {
    deadline = std::min(deadline.value_or(instant::max()), *unsettled_since_ + timeout_);
    since = std::min(since.value_or(instant::max()), *unsettled_since_);
  }
  if (auto lost = peers_.at(primary()).lost_since; deadline && lost) {
    deadline = std::min(*deadline, std::max(*lost, *since) + bounds_.lost_primary_timeout);
  }
  return deadline;
}

/// One timer for the oldest request's deadline; a deadline that moved back is found out when it fires.
void replica::engine::arm_request_timer() {
  auto deadline = request_deadline();
  if (impatient_ && (!deadline || *deadline > now_.now)) impatient_ = false;
  if (impatient_) return;
  if (!deadline || (request_timer_at_ && *request_timer_at_ <= *deadline)) return;
  request_timer_at_ = *deadline;
  set_timer(timer_id::request, std::max(duration(1), *deadline - now_.now));
}

void replica::engine::request_timer_fired() {
  request_timer_at_.reset();
  auto deadline = request_deadline();
  if (!deadline || *deadline > now_.now) return;
  auto behind = peers_.committed_by(ring_.weak_quorum()) > committed_ || delivered_ < committed_;
  if (behind && committed_ != forgiven_at_) {
    forgiven_at_ = committed_;  // others make progress and this seat follows: not the primary's fault; once a stand
    queue_.restart(now_.now);
    note_unsettled();
    return;
  }
  impatient_ = true;
  send(std::nullopt, own_status());
  appeal();
  consider_leaving();
}

bool replica::engine::impatient() const {
  return impatient_ || (primary() != self_ && peers_.at(primary()).silent_through > stable_.sequence);
}

/// A view is left by b + 1 or more together. A seat that left alone could not come back, though it may have been frozen itself; it would
/// sit out the view, and the ring would have one seat less to lose.
void replica::engine::consider_leaving() {
  if (!impatient() || !can_vote() || peers_.impatient_with(view_) + 1 < ring_.weak_quorum()) return;
  if (!progressed_) timeout_ = std::min(timeout_ * 2, bounds_.view_change_timeout_max);
  start_view_change(view_ + 1);
}

}  // namespace holdfast::agreement

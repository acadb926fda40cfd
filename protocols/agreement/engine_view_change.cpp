// Leaving a view whose primary fails, and entering the next with everything that may be committed.
#include "protocols/agreement/engine.hpp"
#include "protocols/base/plant.hpp"

namespace holdfast::agreement {

void replica::engine::start_view_change(std::uint64_t view) {
  if (mute() || view <= view_) return;
  view_ = view;
  changing_ = true;
  impatient_ = false;
  wanted_.clear();
  view_change_deadline_.reset();
  std::vector<prepared_certificate> prepared;
  for (auto& [sequence, s] : slots_) {
    s.leave_view();
    if (s.certificate && sequence <= stable_.sequence + bounds_.window && !planted(planted_bug::view_change_forgets_prepared)) {
      prepared.push_back(*s.certificate);
    }
  }
  own_change_ = certifier_.sign_view_change(view, stable_, std::move(prepared));
  tell({event_kind::view_change_started, view, 0, {}, {}, {}});
  after_stored(write(view_change_record{*own_change_}, true), [this, view] {
    if (view_ != view || !changing_ || mute()) return;
    if (auto statement = own_change_->peek()) changes_.add({*own_change_, std::move(*statement)});
    if (others()) send(std::nullopt, agreement::view_change{*own_change_});
    consider_view_change();
  });
}

void replica::engine::handle(seat_index from, agreement::view_change&& m) {
  auto claimed = m.statement.peek();
  if (!claimed || claimed->seat != from) return refuse(from, "a view change does not decode or is another seat's");
  if (claimed->view < view_ || (claimed->view == view_ && !changing_) || claimed->view <= changes_.asked_by(from)) return;
  auto statement = certifier_.open(m.statement);
  if (!statement) return refuse(from, statement.error().message());
  adopt(statement->stable);
  changes_.add({std::move(m.statement), std::move(*statement)});
  if (auto joined = changes_.joined_by_others(view_, ring_.weak_quorum(), self_)) start_view_change(*joined);
  consider_view_change();
}

/// With a quorum for the view asked for, its primary opens it; the others give it time. Who asks for a later one has given this one up: that
/// counts for the clock alone, or seats that started anew and heard of the later one only would wait here for ever.
void replica::engine::consider_view_change() {
  if (!changing_ || mute() || changes_.asked_by(self_) != view_ || changes_.count_from(view_) < ring_.quorum()) return;
  if (primary() == self_ && changes_.count(view_) >= ring_.quorum()) return make_new_view();
  if (!view_change_deadline_) {
    view_change_deadline_ = now_.now + timeout_;
    arm_view_change_timer();
  }
}

void replica::engine::arm_view_change_timer() {
  if (!view_change_deadline_) return;
  if (peers_.at(primary()).lost_since) view_change_deadline_ = std::min(*view_change_deadline_, now_.now + bounds_.lost_primary_timeout);
  set_timer(timer_id::view_change, std::max(duration(1), *view_change_deadline_ - now_.now));
}

void replica::engine::view_change_timer_fired() {
  if (!changing_ || !view_change_deadline_) return;
  if (now_.now < *view_change_deadline_) return arm_view_change_timer();
  timeout_ = std::min(timeout_ * 2, bounds_.view_change_timeout_max);
  start_view_change(view_ + 1);
}

void replica::engine::make_new_view() {
  std::vector<signed_view_change> reasons;
  std::vector<view_change_statement> statements;
  for (const auto* e : changes_.reasons(view_, ring_.quorum(), self_)) {
    reasons.push_back(e->signed_bytes);
    statements.push_back(e->statement);
  }
  auto plan = plan_new_view(view_, ring_.size(), statements);
  std::vector<crypto::signature> proposals;
  for (const auto& p : plan.proposals) proposals.push_back(certifier_.sign(phase::pre_prepare, p.what));
  new_view_ = certifier_.sign_new_view(view_, std::move(reasons), proposals);
  after_stored(write(view_entered_record{*new_view_}, true), [this, view = view_] {
    if (view_ == view && !changing_ && others()) send(std::nullopt, agreement::new_view{*new_view_});
  });
  enter_view(view_, plan, proposals);
}

void replica::engine::handle(seat_index from, agreement::new_view&& m) {
  auto claimed = m.statement.peek();
  if (!claimed) return refuse(from, "a new view does not decode");
  if (claimed->view < view_ || (claimed->view == view_ && !changing_)) return;
  auto opened = certifier_.open(m.statement);
  if (!opened) return refuse(from, opened.error().message());
  auto view = opened->statement.view;
  auto plan = plan_new_view(view, ring_.size(), opened->reasons);
  const auto& proposals = opened->statement.proposals;
  if (proposals.size() != plan.proposals.size()) return refuse(from, "a new view does not propose what its reasons demand");
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    if (!certifier_.holds(phase::pre_prepare, plan.proposals[i].what, certifier_.primary_of(view), proposals[i])) {
      return refuse(from, "a new view does not propose what its reasons demand");
    }
  }
  new_view_ = std::move(m.statement);
  write(view_entered_record{*new_view_}, true);
  enter_view(view, plan, proposals);
}

void replica::engine::enter_view(std::uint64_t view, const new_view_plan& plan, const std::vector<crypto::signature>& proposals) {
  view_ = view;
  changing_ = false;
  impatient_ = false;
  own_change_.reset();
  changes_.drop_through(view);
  view_change_deadline_.reset();
  request_timer_at_.reset();
  unsettled_since_.reset();
  progressed_ = false;
  wanted_.clear();
  for (auto& [sequence, s] : slots_) s.leave_view();
  queue_.forget_proposed();
  queue_.restart(now_.now);
  adopt(plan.stable);
  auto highest = plan.proposals.empty() ? plan.stable.sequence : plan.proposals.back().what.sequence;
  next_sequence_ = std::max({committed_, highest, stable_.sequence}) + 1;
  tell({event_kind::view_entered, view, 0, {}, {}, {}});
  propose_again(plan, proposals);
  if (mute()) return;
  for (auto& [from, kept] : peers_.take_kept()) on_message(from, std::move(kept));
  forward_pending(bounds_.batch_requests_max);
  propose();
}

/// Accepts what the new view proposes, where its body is here; asks for the others.
void replica::engine::propose_again(const new_view_plan& plan, const std::vector<crypto::signature>& proposals) {
  for (std::size_t i = 0; i < plan.proposals.size(); ++i) {
    const auto& [what, preparers] = plan.proposals[i];
    if (what.sequence <= stable_.sequence) continue;
    next_sequence_ = std::max(next_sequence_, what.sequence + 1);
    auto& s = slots_[what.sequence];
    if (s.accepted) continue;
    if (s.committed && *s.committed != what.batch) {
      diverged_ = true;
      tell({event_kind::diverged, view_, what.sequence, {}, "a new view contradicts what is committed here: this seat stops voting", {}});
      return;
    }
    if (what.batch == null_digest()) {
      accept(what, proposals[i], {null_batch(), {}, false}, false);
    } else if (auto* held = s.body_of(what.batch)) {
      accept(what, proposals[i], *held, false);
    } else {
      wanted_[what.sequence] = {what, proposals[i], preparers};
    }
  }
  ask_for_bodies();
}

void replica::engine::ask_for_bodies() {
  for (const auto& [sequence, w] : wanted_) {
    for (auto seat : w.preparers) {
      if (seat != self_) send(seat, fetch_body{sequence, w.what.batch});
    }
  }
}

void replica::engine::forward_pending(std::size_t count) {
  if (changing_ || primary() == self_) return;
  for (const auto* body : queue_.unproposed(count)) send(primary(), request{*body});
}

}  // namespace holdfast::agreement

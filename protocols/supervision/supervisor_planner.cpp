#include "protocols/supervision/supervisor_planner.hpp"

#include <algorithm>

namespace holdfast::supervision {

std::string_view to_string(child_state s) {
  constexpr std::string_view names[] = {"down", "starting", "running", "stopping", "backing-off"};
  return names[static_cast<std::size_t>(s)];
}

result<supervisor_planner> supervisor_planner::make(supervisor_spec spec) {
  if (auto ok = check(spec); !ok) return fail(ok.error());
  return supervisor_planner(std::move(spec));
}

supervisor_planner::supervisor_planner(supervisor_spec spec) : spec_(std::move(spec)) {
  for (const auto& child_of_spec : spec_.children) children_.push_back({.spec = child_of_spec});
}

actions supervisor_planner::start(instant) {
  actions out;
  advance(out);
  return out;
}

actions supervisor_planner::stop(instant) {
  actions out;
  if (finished_) return out;
  terminating_ = true;
  pull_everything();
  advance(out);
  return out;
}

actions supervisor_planner::on_started(const std::string& id, instant now) {
  actions out;
  auto* c = find(id);
  if (!c || c->state != child_state::starting) return out;  // it was told to stop meanwhile
  c->state = child_state::running;
  c->running_since = now;
  advance(out);
  return out;
}

actions supervisor_planner::on_died(const std::string& id, const death& how, instant now) {
  actions out;
  auto* c = find(id);
  if (!c || c->state == child_state::down || c->state == child_state::backing_off) return out;
  const auto before = c->state;
  c->state = child_state::down;
  c->last_death = how.reason;
  if (before == child_state::stopping) {
    if (!how.normal) out.push_back(supervisor_report{spec_.id, context::shutdown_error, how.reason, id});
    if (c->spec.policy == restart::temporary) c->gone = true;
  } else {
    if (!how.normal) {
      auto what = before == child_state::starting ? context::start_error : context::child_terminated;
      out.push_back(supervisor_report{spec_.id, what, how.reason, id});
    }
    bool again = c->spec.policy == restart::permanent || (c->spec.policy == restart::transient && !how.normal);
    if (terminating_ || c->pulled) {
      c->gone = c->gone || c->spec.policy == restart::temporary;
    } else if (c->spec.policy == restart::temporary) {
      c->gone = true;
    } else if (!again) {
      c->wanted = false;  // its work is done
    } else if (too_many(now)) {
      giving_up_ = supervisor_report{spec_.id, context::child_terminated, how.reason, id};
      terminating_ = true;
      pull_everything();
    } else {
      restart_after_death(*c, now, out);
    }
  }
  advance(out);
  return out;
}

actions supervisor_planner::on_timer(std::uint64_t timer, instant) {
  actions out;
  auto c = std::find_if(children_.begin(), children_.end(),
                        [&](const child& x) { return x.state == child_state::backing_off && x.timer == timer; });
  if (c == children_.end()) return out;  // overtaken by a group's restart or a stop
  c->state = child_state::down;
  if (spec_.how == strategy::one_for_one) launch(*c, out);  // its siblings are no concern of it
  advance(out);
  return out;
}

result<actions> supervisor_planner::add(child_spec spec, instant) {
  if (terminating_) return fail(errc::unavailable, "supervisor \"" + spec_.id + "\" is stopping and starts nothing any more");
  if (find(spec.id)) return fail(errc::already_exists, "supervisor \"" + spec_.id + "\" has a child \"" + spec.id + "\" already");
  if (children_.size() >= children_max) {
    return fail(errc::over_limit, "supervisor \"" + spec_.id + "\" has as many children as it may have");
  }
  auto alone = supervisor_spec{.id = spec_.id, .children = {spec}};
  if (auto ok = check(alone); !ok) return fail(ok.error());
  children_.push_back({.spec = std::move(spec)});
  actions out;
  advance(out);
  return out;
}

result<actions> supervisor_planner::remove(const std::string& id, instant) {
  auto* c = find(id);
  if (!c) return fail(errc::not_found, "supervisor \"" + spec_.id + "\" has no child \"" + id + "\"");
  actions out;
  c->gone = true;
  c->wanted = false;
  if (c->state == child_state::starting || c->state == child_state::running) {
    c->state = child_state::stopping;
    out.push_back(stop_child{id, c->spec.stop_grace});
  } else if (c->state == child_state::backing_off) {
    c->state = child_state::down;
  }
  advance(out);
  return out;
}

std::vector<supervisor_planner::child_view> supervisor_planner::children() const {
  std::vector<child_view> views;
  for (const auto& c : children_) views.push_back({c.spec.id, c.state, c.restarts, c.last_death});
  return views;
}

supervisor_planner::child* supervisor_planner::find(const std::string& id) {
  auto c = std::find_if(children_.begin(), children_.end(), [&](const child& x) { return x.spec.id == id; });
  return c == children_.end() ? nullptr : &*c;
}

bool supervisor_planner::too_many(instant now) {
  while (!deaths_.empty() && now - deaths_.front() > spec_.window) deaths_.pop_front();
  deaths_.push_back(now);
  return deaths_.size() > spec_.intensity;
}

duration supervisor_planner::delay_for(child& c, instant now) const {
  const auto& w = spec_.wait;
  if (c.running_since && now - *c.running_since >= w.settled) c.in_a_row = 0;
  c.running_since.reset();
  if (c.in_a_row++ == 0) return duration::zero();
  auto delay = w.first;
  for (std::uint32_t i = 2; i < c.in_a_row && delay < w.longest; ++i) delay *= 2;
  return std::min(delay, w.longest);
}

void supervisor_planner::restart_after_death(child& c, instant now, actions& out) {
  ++c.restarts;
  const auto first = spec_.how == strategy::one_for_all ? children_.data() : &c;
  if (spec_.how != strategy::one_for_one) {
    for (auto* other = first; other != children_.data() + children_.size(); ++other) {
      if (other != &c) pull(*other);
    }
  }
  auto delay = delay_for(c, now);
  if (delay > duration::zero()) {
    c.state = child_state::backing_off;
    c.timer = ++timers_;
    out.push_back(wait{c.timer, delay, c.spec.id});
  } else if (spec_.how == strategy::one_for_one) {
    launch(c, out);
  }
}

void supervisor_planner::pull(child& c) {
  if (c.state == child_state::backing_off) c.state = child_state::down;
  c.pulled = c.state != child_state::down;
}

void supervisor_planner::pull_everything() {
  for (auto& c : children_) {
    c.wanted = false;
    pull(c);
  }
}

void supervisor_planner::launch(child& c, actions& out) {
  c.state = child_state::starting;
  out.push_back(start_child{c.spec.id});
}

/// In order: one start at a time, and none while the group that it belongs to waits.
bool supervisor_planner::may_start(const child& c) const {
  if (c.state != child_state::down || !c.wanted || c.gone) return false;
  for (const auto& other : children_) {
    bool before = &other < &c;
    if (before && other.state == child_state::starting) return false;
    bool waits = other.state == child_state::backing_off;
    if (waits && (spec_.how == strategy::one_for_all || (spec_.how == strategy::rest_for_one && before))) return false;
  }
  return true;
}

/// True while something that must be down is not. Asks for one stop at a time, the last started first.
bool supervisor_planner::stop_pulled(actions& out) {
  child* last = nullptr;
  for (auto& c : children_) {
    if (!c.pulled) continue;
    if (c.state == child_state::down) {
      c.pulled = false;
    } else {
      last = &c;
    }
  }
  if (!last) return false;
  bool under_way = std::any_of(children_.begin(), children_.end(),
                               [](const child& c) { return c.pulled && c.state == child_state::stopping; });
  if (!under_way) {
    last->state = child_state::stopping;
    out.push_back(stop_child{last->spec.id, last->spec.stop_grace});
  }
  return true;
}

void supervisor_planner::advance(actions& out) {
  if (finished_) return;
  const bool waiting = stop_pulled(out);
  std::erase_if(children_, [](const child& c) { return c.gone && c.state == child_state::down; });
  if (waiting) return;
  if (terminating_) {
    bool all_down = std::all_of(children_.begin(), children_.end(), [](const child& c) { return c.state == child_state::down; });
    if (!all_down) return;  // a removed child is still stopping
    finished_ = true;
    if (giving_up_) {
      auto reason = "more than " + std::to_string(spec_.intensity) + " deaths within " +
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(spec_.window).count()) + " s, the last of " +
                    giving_up_->offender + ": " + giving_up_->reason;
      out.push_back(escalate{*giving_up_, std::move(reason)});
    } else {
      out.push_back(stopped{});
    }
    return;
  }
  for (auto& c : children_) {
    if (may_start(c)) launch(c, out);
  }
}

}  // namespace holdfast::supervision

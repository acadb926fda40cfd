#include "protocols/membership/failure_detector.hpp"

#include <algorithm>

namespace holdfast::membership {

namespace {

constexpr std::int64_t scale = 8;            // fixed point of the estimators
constexpr std::int64_t deviations = 6;       // margin; a normal distribution would cross it less than once in a million
constexpr std::int64_t unreachable_factor = 4;

}  // namespace

std::string_view to_string(verdict v) {
  constexpr std::string_view names[] = {"alive", "suspect", "unreachable"};
  return names[static_cast<std::size_t>(v)];
}

outcome check(const detector_config& c) {
  auto zero = duration::zero();
  bool ordered = c.heartbeat > zero && c.poll_interval > zero && c.reconnect_grace >= zero && c.suspect_min > c.heartbeat &&
                 c.suspect_min <= c.suspect_max && c.unreachable_min >= c.suspect_min && c.unreachable_max >= c.unreachable_min &&
                 c.unreachable_max >= c.suspect_max && c.unreachable_max <= std::chrono::hours(1);
  if (!ordered) return fail(errc::malformed, "the failure detector's times must be positive and in the order heartbeat, suspect, unreachable");
  return {};
}

bool failure_detector::watch(const node_id& peer, instant now) {
  if (peers_.contains(peer)) return true;
  if (peers_.size() >= config_.peers_max) return false;
  peers_[peer] = {.heard = now, .since = now};
  return true;
}

std::optional<failure_detector::change> failure_detector::heard(const node_id& peer, instant now) {
  auto found = peers_.find(peer);
  if (found == peers_.end()) return std::nullopt;
  auto& p = found->second;
  auto silent = now - p.heard;
  if (silent < duration::zero()) return std::nullopt;  // within a gap that was excused already
  if (p.what != verdict::unreachable && !p.broken) learn(p, silent);
  auto changed = turn(peer, p, verdict::alive, now);
  p.heard = now;
  p.broken.reset();
  return changed;
}

std::optional<failure_detector::change> failure_detector::disconnected(const node_id& peer, instant now) {
  auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.broken) return std::nullopt;
  found->second.broken = now;
  return turn(peer, found->second, verdict_at(found->second, now), now);
}

std::vector<failure_detector::change> failure_detector::poll(instant now) {
  auto gap = polled_ ? now - *polled_ - config_.poll_interval : duration::zero();
  polled_ = now;
  std::vector<change> changes;
  for (auto& [id, p] : peers_) {
    if (gap > config_.poll_interval && p.what != verdict::unreachable) {
      p.heard = std::min(p.heard + gap, now);
      if (p.broken) p.broken = std::min(*p.broken + gap, now);
    }
    if (auto changed = turn(id, p, verdict_at(p, now), now)) changes.push_back(*changed);
  }
  return changes;
}

std::optional<failure_detector::judgement> failure_detector::judge(const node_id& peer, instant now) const {
  auto found = peers_.find(peer);
  if (found == peers_.end()) return std::nullopt;
  const auto& p = found->second;
  return judgement{p.what, p.since, std::max(now - p.heard, duration::zero()), suspect_after(p), unreachable_after(p)};
}

duration failure_detector::suspect_after(const peer_record& p) const {
  if (!p.measured) return config_.suspect_max;  // its rhythm is not known yet: patience
  return std::clamp(duration((p.mean_us + deviations * p.deviation_us) / scale), config_.suspect_min, config_.suspect_max);
}

duration failure_detector::unreachable_after(const peer_record& p) const {
  return std::clamp(suspect_after(p) * unreachable_factor, config_.unreachable_min, config_.unreachable_max);
}

verdict failure_detector::verdict_at(const peer_record& p, instant now) const {
  auto silent = now - p.heard;
  if (silent > unreachable_after(p) || (p.broken && now - *p.broken > config_.reconnect_grace)) return verdict::unreachable;
  if (silent > suspect_after(p) || p.broken) return std::max(p.what, verdict::suspect);
  return p.what;  // only `heard` makes a peer alive again
}

void failure_detector::learn(peer_record& p, duration interval) const {
  // A busy peer is heard far more often than it beats; what matters is how long it may be silent, so intervals count from
  // one heartbeat up. The upper end keeps one long stall from blinding the detector.
  auto sample = std::clamp(interval, config_.heartbeat, config_.suspect_max).count() * scale;
  if (!p.measured) {
    p.mean_us = sample;
    p.deviation_us = sample / 2;
    p.measured = true;
    return;
  }
  auto off = sample - p.mean_us;
  auto distance = off < 0 ? -off : off;
  p.mean_us += off / 8;
  p.deviation_us += (distance - p.deviation_us) / (distance > p.deviation_us ? 2 : 16);  // quick to grow, slow to forget
}

std::optional<failure_detector::change> failure_detector::turn(const node_id& peer, peer_record& p, verdict to, instant now) {
  if (to == p.what) return std::nullopt;
  change changed{peer, p.what, to, std::max(now - p.heard, duration::zero())};
  p.what = to;
  p.since = now;
  return changed;
}

}  // namespace holdfast::membership

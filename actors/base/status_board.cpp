#include "actors/base/status_board.hpp"

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"

namespace holdfast::actors {

using namespace introspection;

namespace {

constexpr duration measured_every = std::chrono::seconds(1);

}  // namespace

actor_probe::actor_probe(std::string id, std::string role, std::string parent, wall_time started)
    : id_(std::move(id)), role_(std::move(role)), parent_(std::move(parent)), measured_{.taken = steady_now()}, started_(started) {}

void actor_probe::enqueued() {
  auto depth = depth_.fetch_add(1, std::memory_order_relaxed) + 1;
  auto high = high_water_.load(std::memory_order_relaxed);
  while (depth > high && !high_water_.compare_exchange_weak(high, depth, std::memory_order_relaxed)) {}
}

void actor_probe::handled(duration took) {
  depth_.fetch_sub(1, std::memory_order_relaxed);
  handled_.fetch_add(1, std::memory_order_relaxed);
  latency_.record(took);
}

void actor_probe::say(life state, std::string doing) {
  std::lock_guard guard(mutex_);
  state_ = state;
  doing_ = shortened(doing, sentence_bytes_max);
}

void actor_probe::died(std::string cause) {
  std::lock_guard guard(mutex_);
  state_ = life::backing_off;
  last_death_ = shortened(cause, sentence_bytes_max);
  doing_ = "waits to be started again";
}

void actor_probe::begin_life(wall_time now) {
  std::lock_guard guard(mutex_);
  ++lives_;
  started_ = now;
  state_ = life::starting;
  doing_ = "starts";
  depth_ = 0;
}

void actor_probe::measure(instant now) {
  auto elapsed = now - measured_.taken;
  if (elapsed < measured_every) return;
  figures next{.taken = now, .handled = handled_.load(std::memory_order_relaxed), .latency = latency_.read()};
  auto recent = next.latency.since(measured_.latency);
  next.handled_per_s = static_cast<std::uint32_t>((next.handled - measured_.handled) * 1'000'000 / static_cast<std::uint64_t>(elapsed.count()));
  next.latency_p50_us = static_cast<std::uint32_t>(recent.quantile_us(0.5));
  next.latency_p99_us = static_cast<std::uint32_t>(recent.quantile_us(0.99));
  measured_ = std::move(next);
}

actor_status actor_probe::read(instant now) {
  std::lock_guard guard(mutex_);
  measure(now);
  actor_status s;
  s.id = id_;
  s.role = role_;
  s.parent = parent_;
  s.state = state_;
  s.doing = doing_;
  s.mailbox_depth = static_cast<std::uint32_t>(std::max<std::int64_t>(0, depth_.load(std::memory_order_relaxed)));
  s.mailbox_high_water = static_cast<std::uint32_t>(high_water_.load(std::memory_order_relaxed));
  s.handled_total = measured_.handled;
  s.handled_per_s = measured_.handled_per_s;
  s.latency_p50_us = measured_.latency_p50_us;
  s.latency_p99_us = measured_.latency_p99_us;
  s.restarts = lives_ > 0 ? lives_ - 1 : 0;
  s.last_death = last_death_;
  s.started = started_;
  return s;
}

actor_probe::totals actor_probe::count() const {
  totals t;
  t.role = role_;
  t.handled = handled_.load(std::memory_order_relaxed);
  t.mailbox_depth = std::max<std::int64_t>(0, depth_.load(std::memory_order_relaxed));
  t.mailbox_high_water = high_water_.load(std::memory_order_relaxed);
  t.latency = latency_.read();
  std::lock_guard guard(mutex_);
  t.restarts = lives_ > 0 ? lives_ - 1 : 0;
  return t;
}

probe_ptr status_board::enroll(const std::string& id, const std::string& role, const std::string& parent) {
  std::lock_guard guard(mutex_);
  auto& probe = probes_[id];
  if (!probe) probe = std::make_shared<actor_probe>(id, role, parent, wall_now());
  probe->begin_life(wall_now());
  return probe;
}

void status_board::remove(const std::string& id) {
  std::lock_guard guard(mutex_);
  probes_.erase(id);
}

void status_board::mark_dead(const std::string& id, const std::string& cause) {
  std::lock_guard guard(mutex_);
  if (auto probe = probes_.find(id); probe != probes_.end()) probe->second->died(cause);
}

void status_board::note(severity weight, std::string kind, std::string subject, std::string sentence) {
  auto level = weight == severity::error ? log::level::error : weight == severity::warning ? log::level::warning : log::level::info;
  log::write(level, sentence, {{"event", kind}, {"subject", subject}});
  event e;
  e.time = wall_now();
  e.weight = weight;
  e.kind = shortened(kind, name_bytes_max);
  e.subject = shortened(subject, name_bytes_max);
  e.sentence = shortened(sentence, sentence_bytes_max);
  std::lock_guard guard(mutex_);
  e.sequence = next_event_++;
  events_.push_back(std::move(e));
  if (events_.size() > events_kept) events_.pop_front();
}

std::map<std::string, probe_ptr> status_board::probes() const {
  std::lock_guard guard(mutex_);
  auto last = probes_.size() <= actors_max ? probes_.end() : std::next(probes_.begin(), actors_max);
  return {probes_.begin(), last};
}

std::map<std::string, actor_status> status_board::actors() const {
  std::map<std::string, actor_status> all;
  auto now = steady_now();
  for (auto& [id, probe] : probes()) all.emplace(id, probe->read(now));
  return all;
}

std::map<std::string, actor_probe::totals> status_board::totals() const {
  std::map<std::string, actor_probe::totals> all;
  for (auto& [id, probe] : probes()) all.emplace(id, probe->count());
  return all;
}

std::vector<event> status_board::events(std::uint64_t after) const {
  std::lock_guard guard(mutex_);
  std::vector<event> newer;
  for (const auto& e : events_) {
    if (e.sequence > after) newer.push_back(e);
  }
  return newer;
}

void status_board::publish(const std::string& key, ring_status ring) {
  std::lock_guard guard(mutex_);
  rings_[key] = std::move(ring);
}

void status_board::publish(archive_status archive) {
  std::lock_guard guard(mutex_);
  archive_ = archive;
}

void status_board::publish(secondary_status secondary) {
  std::lock_guard guard(mutex_);
  secondary_ = secondary;
}

std::vector<ring_status> status_board::rings() const {
  std::lock_guard guard(mutex_);
  std::vector<ring_status> all;
  for (const auto& [key, ring] : rings_) all.push_back(ring);
  return all;
}

std::optional<archive_status> status_board::archive() const {
  std::lock_guard guard(mutex_);
  return archive_;
}

std::optional<secondary_status> status_board::secondary() const {
  std::lock_guard guard(mutex_);
  return secondary_;
}

}  // namespace holdfast::actors

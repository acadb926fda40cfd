#include "introspection/status/status_book.hpp"

namespace holdfast::introspection {

namespace {

void shorten(std::string& text, std::size_t bytes_max) { text = shortened(text, bytes_max); }

void shorten(actor_status& a) {
  for (auto* name : {&a.id, &a.role, &a.parent}) shorten(*name, name_bytes_max);
  shorten(a.doing, sentence_bytes_max);
  shorten(a.last_death, sentence_bytes_max);
}

template <class Map>
void cut(Map& map, std::size_t size_max) {
  while (map.size() > size_max) map.erase(std::prev(map.end()));
}

void shorten(node_status& s) {
  for (auto* name : {&s.name, &s.address, &s.dashboard, &s.version}) shorten(*name, name_bytes_max);
  shorten(s.doing, sentence_bytes_max);
  if (s.rings.size() > rings_max) s.rings.resize(rings_max);
  for (auto& ring : s.rings) shorten(ring.label, name_bytes_max);
  cut(s.labels, 16);
  cut(s.counters, counters_max);
  cut(s.peers, peers_max);
}

}  // namespace

void status_book::node(node_status now) {
  shorten(now);
  if (now == self_) return;
  self_ = std::move(now);
  self_changed_ = ++sequence_;
}

void status_book::actor(actor_status now) {
  shorten(now);
  auto found = actors_.find(now.id);
  if (found == actors_.end()) {
    if (actors_.size() >= actors_max) return;
    auto id = now.id;
    actors_[id] = {std::move(now), ++sequence_};
  } else if (!(found->second.value == now)) {
    found->second = {std::move(now), ++sequence_};
  }
}

void status_book::remove(const std::string& actor) {
  if (actors_.erase(actor) == 0) return;
  removed_.push_back({actor, ++sequence_});
  if (removed_.size() > removed_max) {
    removed_forgotten_ = removed_.front().changed;
    removed_.pop_front();
  }
}

const event& status_book::happened(wall_time time, severity weight, std::string kind, std::string subject, std::string sentence) {
  event e{++events_total_, time, self_.id, weight, std::move(kind), std::move(subject), std::move(sentence)};
  shorten(e.kind, name_bytes_max);
  shorten(e.subject, name_bytes_max);
  shorten(e.sentence, sentence_bytes_max);
  events_.push_back({std::move(e), ++sequence_});
  if (events_.size() > events_max) events_.pop_front();
  return events_.back().value;
}

report status_book::answer(const report_request& request) const {
  bool delta = request.boot_id == self_.boot_id && request.have > 0 && request.have <= sequence_ && request.have >= removed_forgotten_;
  report r{.node = self_.id, .boot_id = self_.boot_id, .base = delta ? request.have : 0, .sequence = sequence_};
  if (!delta || self_changed_ > r.base) r.status = self_;
  for (const auto& [id, actor] : actors_) {
    if (actor.changed > r.base) r.actors.emplace(id, actor.value);
  }
  if (delta) {
    for (const auto& gone : removed_) {
      if (gone.changed > r.base && !actors_.contains(gone.value)) r.removed.insert(gone.value);
    }
  }
  for (const auto& e : events_) {
    if (e.changed > r.base) r.events.push_back(e.value);
  }
  return r;
}

bool status_mirror::apply(report r, std::vector<event>* fresh) {
  if (r.base != 0 && (r.boot_id != boot_id_ || r.base != have_)) return false;
  if (r.base == 0) {
    if (r.boot_id == boot_id_ && r.sequence < have_) return false;
    if (r.boot_id != boot_id_) events_seen_ = 0;
    actors_.clear();
  }
  boot_id_ = r.boot_id;
  have_ = r.sequence;
  if (r.status) node_ = std::move(*r.status);
  for (const auto& id : r.removed) actors_.erase(id);
  for (auto& [id, actor] : r.actors) {
    if (actors_.size() < actors_max || actors_.contains(id)) actors_[id] = std::move(actor);
  }
  for (auto& e : r.events) {
    if (e.sequence <= events_seen_) continue;
    events_seen_ = e.sequence;
    if (fresh) fresh->push_back(e);
    events_.push_back(std::move(e));
    if (events_.size() > events_max) events_.pop_front();
  }
  return true;
}

}  // namespace holdfast::introspection

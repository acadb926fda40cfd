#include "introspection/status/status_json.hpp"

namespace holdfast::introspection {

namespace {

std::string hex64(std::uint64_t value) {
  std::array<std::uint8_t, 8> raw;
  for (int i = 0; i < 8; ++i) raw[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
  return to_hex(raw);
}

json ring_json(const ring_status& ring, const cluster_view& view) {
  return {{"id", ring.id.hex()},           {"label", ring.label},
          {"epoch", ring.epoch},           {"seat", ring.seat},
          {"seats", ring.seats},           {"state", to_string(ring.state)},
          {"doing", ring.doing},           {"without_primary_since_ms", ring.without_primary_since.ms},
          {"view", ring.view},             {"primary", ring.primary.is_zero() ? "" : view.name_of(ring.primary)},
          {"executed", ring.executed},     {"certified", ring.certified},
          {"extents", ring.extents},       {"extents_short", ring.extents_short},
          {"slots_missing", ring.slots_missing}};
}

json archive_json(const archive_status& a) {
  return {{"extents", a.extents},       {"bytes", a.bytes},     {"capacity_bytes", a.capacity_bytes},
          {"rebuilding", a.rebuilding}, {"damaged", a.damaged}};
}

json secondary_json(const secondary_status& s) {
  return {{"held_bytes", s.held_bytes}, {"budget_bytes", s.budget_bytes}, {"blocks", s.blocks}, {"records", s.records},  {"heads", s.heads},
          {"announced", s.announced},   {"hits", s.hits},                 {"misses", s.misses}, {"refusals", s.refusals}};
}

std::string key_of(const actor_status& actor, const node_view& node) { return node.status.name + "/" + node.status.id.brief() + "/" + actor.id; }

bool before(const event& a, const event& b) { return std::tie(a.time, a.node, a.sequence) < std::tie(b.time, b.node, b.sequence); }

/// Actors by key. The last state of an actor whose node is silent is what the node last said; `reported` tells.
std::map<std::string, std::pair<const actor_status*, const node_view*>> by_key(const cluster_view& view) {
  std::map<std::string, std::pair<const actor_status*, const node_view*>> found;
  for (const auto& node : view.nodes) {
    for (const auto& actor : node.actors) found[key_of(actor, node)] = {&actor, &node};
  }
  return found;
}

}  // namespace

json to_json(const actor_status& a, const node_view& node) {
  return {{"key", key_of(a, node)},
          {"node", node.status.name},
          {"id", a.id},
          {"role", a.role},
          {"parent", a.parent},
          {"state", to_string(node.answers ? a.state : node.state)},
          {"doing", a.doing},
          {"mailbox_depth", a.mailbox_depth},
          {"mailbox_high_water", a.mailbox_high_water},
          {"handled_total", a.handled_total},
          {"handled_per_s", node.answers ? a.handled_per_s : 0},
          {"latency_p50_us", a.latency_p50_us},
          {"latency_p99_us", a.latency_p99_us},
          {"restarts", a.restarts},
          {"last_death", a.last_death},
          {"started_ms", a.started.ms}};
}

json to_json(const node_view& node, const cluster_view& view, bool detail) {
  const auto& s = node.status;
  json j = {{"id", s.id.hex()},
            {"name", s.name},
            {"address", s.address},
            {"dashboard", s.dashboard},
            {"version", s.version},
            {"boot_id", hex64(s.boot_id)},
            {"pid", s.pid},
            {"started_ms", s.started.ms},
            {"state", to_string(node.state)},
            {"since_ms", node.since.ms},
            {"answers", node.answers},
            {"observer", s.id == view.observer},
            {"doing", s.doing},
            {"roles", json::array()},
            {"labels", s.labels},
            {"rings", json::array()},
            {"archive", s.archive ? archive_json(*s.archive) : json()},
            {"secondary", s.secondary ? secondary_json(*s.secondary) : json()},
            {"memory_rss_bytes", s.memory_rss_bytes}};
  for (auto role : s.roles) j["roles"].push_back(identity::to_string(role));
  for (const auto& ring : s.rings) j["rings"].push_back(ring_json(ring, view));
  if (!detail) return j;
  j["counters"] = s.counters;
  j["peers"] = json::array();
  for (const auto& [peer, p] : s.peers) {
    j["peers"].push_back({{"node", view.name_of(peer)}, {"state", to_string(p.state)}, {"round_trip_us", p.round_trip_us}, {"heard_ms", p.heard.ms}});
  }
  return j;
}

json to_json(const event& e, const cluster_view& view) {
  return {{"key", e.node.brief() + "/" + std::to_string(e.time.ms) + "/" + std::to_string(e.sequence)},
          {"sequence", e.sequence},
          {"time_ms", e.time.ms},
          {"node", view.name_of(e.node)},
          {"severity", to_string(e.weight)},
          {"kind", e.kind},
          {"subject", e.subject},
          {"sentence", e.sentence}};
}

json overview_json(const cluster_view& view, bool detail) {
  json j = {{"cluster", view.cluster.hex()}, {"observer", view.name_of(view.observer)}, {"time_ms", view.time.ms}, {"sequence", view.sequence},
            {"health", to_string(view.health)}, {"sentence", view.sentence}, {"troubles", json::array()}, {"nodes", json::array()}};
  for (const auto& t : view.troubles) j["troubles"].push_back({{"severity", to_string(t.weight)}, {"subject", t.subject}, {"sentence", t.sentence}});
  for (const auto& node : view.nodes) j["nodes"].push_back(to_json(node, view, detail));
  return j;
}

json actors_json(const cluster_view& view) {
  auto list = json::array();
  for (const auto& node : view.nodes) {
    for (const auto& actor : node.actors) list.push_back(to_json(actor, node));
  }
  return list;
}

json events_json(const cluster_view& view) {
  auto list = json::array();
  for (const auto& e : view.events) list.push_back(to_json(e, view));
  return list;
}

json full_json(const cluster_view& view, bool detail) {
  auto j = overview_json(view, detail);
  j["actors"] = actors_json(view);
  j["events"] = events_json(view);
  return j;
}

std::string view_text(const cluster_view& view, std::size_t bytes_max) {
  auto text = dump(full_json(view));
  if (text.size() > bytes_max) text = dump(overview_json(view));
  if (text.size() > bytes_max) text = dump(overview_json(view, false));
  return text.size() > bytes_max ? std::string() : text;
}

json delta_json(const cluster_view& old, const cluster_view& now) {
  auto was = by_key(old), is = by_key(now);
  auto changed = json::array(), removed = json::array(), events = json::array();
  for (const auto& [key, entry] : is) {
    auto j = to_json(*entry.first, *entry.second);
    auto found = was.find(key);
    if (found == was.end() || to_json(*found->second.first, *found->second.second) != j) changed.push_back(std::move(j));
  }
  for (const auto& [key, entry] : was) {
    if (!is.contains(key)) removed.push_back(key);
  }
  // A node's clock may run behind and its event fall between older ones: what counts is whether the page has it.
  std::set<std::pair<node_id, std::pair<std::int64_t, std::uint64_t>>> known;
  for (const auto& e : old.events) known.insert({e.node, {e.time.ms, e.sequence}});
  for (const auto& e : now.events) {
    bool forgotten = old.events.size() == events_max && before(e, old.events.back());
    if (!forgotten && !known.contains({e.node, {e.time.ms, e.sequence}})) events.push_back(to_json(e, now));
  }
  return {{"overview", overview_json(now, false)},
          {"actors", {{"changed", std::move(changed)}, {"removed", std::move(removed)}}},
          {"events", std::move(events)}};
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace holdfast::introspection

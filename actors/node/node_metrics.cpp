#include "actors/node/node_metrics.hpp"

#include "actors/base/memory.hpp"
#include "introspection/metrics/exposition.hpp"

namespace holdfast::actors {

namespace {

using introspection::exposition;
using introspection::life;

void show_node(exposition& page, const node_services& s, life state) {
  page.gauge("holdfast_node_info", "What runs here; always 1.", 1, {{"name", s.config.name}, {"version", s.config.version}});
  page.gauge("holdfast_node_started_seconds", "When the process started, since 1970.", s.started.ms / 1000);
  page.gauge("holdfast_node_memory_bytes", "Resident memory.", static_cast<std::int64_t>(resident_bytes()));
  for (auto each = life::starting; known(each); each = static_cast<life>(static_cast<int>(each) + 1)) {
    page.gauge("holdfast_node_state", "1 for the state the node is in.", each == state, {{"state", std::string(to_string(each))}});
  }
}

void show_links(exposition& page, const link_counters& c) {
  for (std::size_t i = 1; i < link::refusal_reasons; ++i) {
    auto reason = static_cast<link::refusal_reason>(i);
    page.counter("holdfast_links_closed_total", "Connections refused or closed; expired: taken for renewing alone, too.", c.closed_for(reason),
                 {{"reason", std::string(link::to_string(reason))}});
  }
  page.counter("holdfast_links_accepted_total", "Connections accepted.", c.accepted);
  page.counter("holdfast_links_dialled_total", "Connections dialled.", c.dialled);
  page.gauge("holdfast_links_up_sessions", "Sessions that are up now.", static_cast<std::int64_t>(c.sessions_up.load()));
  page.counter("holdfast_links_sent_messages_total", "Messages handed to TLS.", c.sent_messages);
  page.counter("holdfast_links_sent_bytes_total", "Bytes of messages handed to TLS.", c.sent_bytes);
  page.counter("holdfast_links_received_messages_total", "Messages received.", c.received_messages);
  page.counter("holdfast_links_received_bytes_total", "Bytes of messages received.", c.received_bytes);
  page.counter("holdfast_links_refused_messages_total", "Sends refused: the peer was down, or its queue full.", c.refused_sends);
  page.counter("holdfast_links_dropped_messages_total", "Messages that nobody was there to take.", c.dropped_messages);
  page.counter("holdfast_links_paused_readings_total", "Times a connection was not read for a while, to bound memory.", c.reading_paused);
  page.gauge("holdfast_links_queued_bytes", "Waiting to be sent.", c.queued_bytes);
  page.gauge("holdfast_links_held_bytes", "Received and not yet consumed.", c.held_bytes);
  page.gauge("holdfast_links_unfinished_bytes", "Received of messages that are not yet whole.", c.unfinished_bytes);
}

void show_actors(exposition& page, const status_board& board) {
  for (const auto& [id, actor] : board.totals()) {
    introspection::metric_labels labels{{"actor", id}, {"role", actor.role}};
    page.counter("holdfast_actors_handled_messages_total", "Messages handled.", actor.handled, labels);
    page.counter("holdfast_actors_restarts_total", "Times its supervisor started it again.", actor.restarts, labels);
    page.gauge("holdfast_actors_mailbox_messages", "Messages waiting in its mailbox.", actor.mailbox_depth, labels);
    page.gauge("holdfast_actors_mailbox_peak_messages", "The most that ever waited.", actor.mailbox_high_water, labels);
    page.latency("holdfast_actors_handling_us", "Time to handle a message.", actor.latency, labels);
  }
}

void show_rings(exposition& page, const status_board& board) {
  auto level = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  for (const auto& ring : board.rings()) {
    introspection::metric_labels labels{{"ring", ring.label}};
    page.gauge("holdfast_ring_view", "The view this member is in.", level(ring.view), labels);
    page.counter("holdfast_ring_executed_batches_total", "The highest batch it has executed.", ring.executed, labels);
    page.counter("holdfast_ring_certified_batches_total", "The highest batch whose state root is certified.", ring.certified, labels);
    page.gauge("holdfast_ring_serving_members", "1 while it votes and answers.", ring.state == life::serving, labels);
    page.gauge("holdfast_ring_extents", "Extents in the ring's map.", level(ring.extents), labels);
    page.gauge("holdfast_ring_short_extents", "Of them on the repair list.", level(ring.extents_short), labels);
  }
}

void show_archive(exposition& page, const introspection::archive_status& a) {
  auto level = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  page.gauge("holdfast_archive_extents", "Extents of which it keeps fragments.", level(a.extents));
  page.gauge("holdfast_archive_used_bytes", "Bytes of fragments kept.", level(a.bytes));
  page.gauge("holdfast_archive_capacity_bytes", "Bytes it may keep.", level(a.capacity_bytes));
  page.gauge("holdfast_archive_rebuilding_extents", "Extents whose fragments it is being given or computes.", level(a.rebuilding));
  page.gauge("holdfast_archive_damaged_fragments", "Fragments that do not match their hash, not yet replaced.", level(a.damaged));
}

void show_secondary(exposition& page, const introspection::secondary_status& s) {
  auto level = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  page.counter("holdfast_secondary_hits_total", "Reads served from memory.", s.hits);
  page.counter("holdfast_secondary_misses_total", "Reads for which the ring or archive servers were asked.", s.misses);
  page.counter("holdfast_secondary_refusals_total", "Reads refused: full, or not to be had.", s.refusals);
  page.gauge("holdfast_secondary_held_bytes", "Bytes held.", level(s.held_bytes));
  page.gauge("holdfast_secondary_budget_bytes", "Bytes it may hold.", level(s.budget_bytes));
  page.gauge("holdfast_secondary_blocks", "Blocks held.", level(s.blocks));
  page.gauge("holdfast_secondary_heads", "Heads held.", level(s.heads));
  page.gauge("holdfast_secondary_announced_objects", "Objects announced in the mesh.", level(s.announced));
}

}  // namespace

std::string metrics_page(const node_services& services, life state) {
  exposition page;
  show_node(page, services, state);
  show_links(page, services.link.port->counters());
  show_actors(page, *services.board);
  show_rings(page, *services.board);
  if (auto archive = services.board->archive()) show_archive(page, *archive);
  if (auto secondary = services.board->secondary()) show_secondary(page, *secondary);
  return page.text();
}

std::map<std::string, std::uint64_t> status_counters(const node_services& services) {
  const auto& c = services.link.port->counters();
  std::uint64_t refused = 0;
  for (std::size_t i = 1; i < link::refusal_reasons; ++i) refused += c.closed_for(static_cast<link::refusal_reason>(i));
  return {{"holdfast_links_accepted_total", c.accepted},
          {"holdfast_links_closed_total", refused},
          {"holdfast_links_sent_bytes_total", c.sent_bytes},
          {"holdfast_links_received_bytes_total", c.received_bytes},
          {"holdfast_links_dropped_messages_total", c.dropped_messages}};
}

}  // namespace holdfast::actors

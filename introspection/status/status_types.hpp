// What a node says of itself: its state, its actors, its rings and store, and what happened lately.
//
// A report travels between nodes to every monitor, so it is data of our codec and is bounded: `check` says whether a
// received one keeps to the bounds. All of it is a server's word and shows what the server claims; nothing is decided by it
// that safety rests upon.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocols/base/error.hpp"
#include "protocols/base/time.hpp"
#include "protocols/identity/identity_types.hpp"

namespace holdfast::introspection {

constexpr std::size_t name_bytes_max = 96;        ///< role, instance, label, address, counter name
constexpr std::size_t sentence_bytes_max = 400;   ///< what an actor does, why it died, an event
constexpr std::size_t actors_max = 128;           ///< of one node, which has about a dozen
constexpr std::size_t rings_max = 64;             ///< that one node serves
constexpr std::size_t peers_max = 1024;           ///< that one node watches
constexpr std::size_t counters_max = 128;         ///< of one node
constexpr std::size_t events_max = 512;           ///< kept by a node, and at most in one report
constexpr std::size_t removed_max = 256;          ///< actors gone, remembered for deltas

/// How something lives: a node, an actor, a ring's replica. Printed with a hyphen: "catching-up".
enum class life : std::uint8_t {
  starting,     ///< not yet serving
  serving,      ///< does its work
  catching_up,  ///< serves, or will, once it has fetched what it missed
  mute,         ///< keeps silent until it is safe to speak (a replica whose log was lost)
  draining,     ///< hands its work over
  backing_off,  ///< died, and its supervisor waits before it starts it again
  suspect,      ///< answers later than it used to
  frozen,       ///< does not answer, its connection stands
  dead,         ///< gone: not connected, or given up by its supervisor
};
constexpr bool known(life x) { return x <= life::dead; }
std::string_view to_string(life x);

enum class severity : std::uint8_t { info, warning, error };
constexpr bool known(severity x) { return x <= severity::error; }
std::string_view to_string(severity x);

/// One actor. `id` is unique in its node and lasts over restarts: "inner-ring/3f2a91bc", "supervisor/archive", "link/node-2".
struct actor_status {
  std::string id;
  std::string role;      ///< `identity::role_kind` in words, or "supervisor", "link", "store", "client" ...
  std::string parent;    ///< id of its supervisor; empty for the node's own
  life state = life::starting;
  std::string doing;     ///< one line for a person: "executes batch 4711 in view 3"
  std::uint32_t mailbox_depth = 0, mailbox_high_water = 0;  ///< messages
  std::uint64_t handled_total = 0;                          ///< messages since the node started
  std::uint32_t handled_per_s = 0;
  std::uint32_t latency_p50_us = 0, latency_p99_us = 0;     ///< of handling one message
  std::uint32_t restarts = 0;
  std::string last_death;  ///< cause of its last death; empty if it never died
  wall_time started;       ///< of its present life

  bool operator==(const actor_status&) const = default;
};
template <class F>
bool inspect(F& f, actor_status& x) {
  return f.fields("id", x.id, "role", x.role, "parent", x.parent, "state", x.state, "doing", x.doing, "mailbox_depth", x.mailbox_depth,
                  "mailbox_high_water", x.mailbox_high_water, "handled_total", x.handled_total, "handled_per_s", x.handled_per_s,
                  "latency_p50_us", x.latency_p50_us, "latency_p99_us", x.latency_p99_us, "restarts", x.restarts, "last_death",
                  x.last_death, "started", x.started);
}

/// A node's seat in a ring, as its replica sees the ring.
struct ring_status {
  ring_id id;
  std::string label;             ///< "root", "object"
  std::uint64_t epoch = 0;
  std::uint32_t seat = 0, seats = 0;
  life state = life::starting;      ///< dead: its state contradicts the ring's, and it has stopped voting for good
  std::string doing;                ///< one line on what it waits for; empty while it serves
  wall_time without_primary_since;  ///< left one view and has not entered the next; zero while it has a primary
  std::uint64_t view = 0;
  node_id primary;               ///< of this view
  std::uint64_t executed = 0, certified = 0;  ///< sequence numbers of batches
  std::uint64_t extents = 0;        ///< in the ring's map
  std::uint64_t extents_short = 0;  ///< of them on the repair list: fewer fragments than their coding has
  std::uint64_t slots_missing = 0;  ///< fragments' places without a server, over all extents

  bool operator==(const ring_status&) const = default;
};
template <class F>
bool inspect(F& f, ring_status& x) {
  return f.fields("id", x.id, "label", x.label, "epoch", x.epoch, "seat", x.seat, "seats", x.seats, "state", x.state, "doing", x.doing,
                  "without_primary_since", x.without_primary_since, "view", x.view, "primary", x.primary, "executed", x.executed,
                  "certified", x.certified, "extents", x.extents, "extents_short", x.extents_short, "slots_missing", x.slots_missing);
}

/// What a node's archive server keeps.
struct archive_status {
  std::uint64_t extents = 0, bytes = 0, capacity_bytes = 0;
  std::uint64_t rebuilding = 0;  ///< extents whose fragment it is being given or computes now
  std::uint64_t damaged = 0;     ///< fragments found not to match their hash, not yet replaced

  bool operator==(const archive_status&) const = default;
};
template <class F>
bool inspect(F& f, archive_status& x) {
  return f.fields("extents", x.extents, "bytes", x.bytes, "capacity_bytes", x.capacity_bytes, "rebuilding", x.rebuilding, "damaged",
                  x.damaged);
}

/// What a node's secondary replica holds, and what it has done since it started.
struct secondary_status {
  std::uint64_t held_bytes = 0, budget_bytes = 0;
  std::uint64_t blocks = 0, records = 0, heads = 0;  ///< held
  std::uint64_t announced = 0;                       ///< objects, in the mesh
  std::uint64_t hits = 0, misses = 0, refusals = 0;  ///< readers

  bool operator==(const secondary_status&) const = default;
};
template <class F>
bool inspect(F& f, secondary_status& x) {
  return f.fields("held_bytes", x.held_bytes, "budget_bytes", x.budget_bytes, "blocks", x.blocks, "records", x.records, "heads", x.heads,
                  "announced", x.announced, "hits", x.hits, "misses", x.misses, "refusals", x.refusals);
}

/// What a node thinks of another one, from the traffic between the two.
struct peer_status {
  life state = life::starting;  ///< serving, suspect, frozen or dead
  std::uint32_t round_trip_us = 0;
  wall_time heard;

  bool operator==(const peer_status&) const = default;
};
template <class F>
bool inspect(F& f, peer_status& x) {
  return f.fields("state", x.state, "round_trip_us", x.round_trip_us, "heard", x.heard);
}

struct node_status {
  node_id id;
  std::string name, address, dashboard;  ///< addresses as HOST:PORT; `dashboard` is empty without one
  std::string version;
  std::uint64_t boot_id = 0;             ///< drawn at each start of the process
  std::uint64_t pid = 0;
  wall_time started;
  life state = life::starting;
  std::string doing;                     ///< one line on what it waits for; empty while it serves
  std::set<identity::role_kind> roles;
  std::map<std::string, std::string> labels;
  std::vector<ring_status> rings;
  std::optional<archive_status> archive;
  std::optional<secondary_status> secondary;
  std::uint64_t memory_rss_bytes = 0;
  std::map<std::string, std::uint64_t> counters;  ///< by metric name, at most `counters_max`
  std::map<node_id, peer_status> peers;

  bool operator==(const node_status&) const = default;
};
template <class F>
bool inspect(F& f, node_status& x) {
  return f.fields("id", x.id, "name", x.name, "address", x.address, "dashboard", x.dashboard, "version", x.version, "boot_id", x.boot_id,
                  "pid", x.pid, "started", x.started, "state", x.state, "doing", x.doing, "roles", x.roles, "labels", x.labels, "rings",
                  x.rings, "archive", x.archive, "secondary", x.secondary, "memory_rss_bytes", x.memory_rss_bytes, "counters", x.counters,
                  "peers", x.peers);
}

/// The kind of the event that a ring's member asks for another primary; its subject is the ring.
constexpr std::string_view view_change_event = "view-change";

/// Something that happened, for people. `sequence` counts a node's events from 1 within one boot.
struct event {
  std::uint64_t sequence = 0;
  wall_time time;
  node_id node;         ///< where it was noticed
  severity weight = severity::info;
  std::string kind;     ///< stable, for programs: `view_change_event`, "actor-died", "node-silent"
  std::string subject;  ///< what it is about: an actor's id, a node's or a ring's name
  std::string sentence;

  bool operator==(const event&) const = default;
};
template <class F>
bool inspect(F& f, event& x) {
  return f.fields("sequence", x.sequence, "time", x.time, "node", x.node, "weight", x.weight, "kind", x.kind, "subject", x.subject,
                  "sentence", x.sentence);
}

/// All of a node's status (`base` = 0), or what changed after the report numbered `base`. Numbers count within one boot.
struct report {
  node_id node;
  std::uint64_t boot_id = 0;
  std::uint64_t base = 0, sequence = 0;
  std::optional<node_status> status;          ///< always present if `base` is 0
  std::map<std::string, actor_status> actors;  ///< new or changed, by id
  std::set<std::string> removed;               ///< ids of actors that are gone
  std::vector<event> events;                   ///< in the order of their sequence

  bool operator==(const report&) const = default;
};
template <class F>
bool inspect(F& f, report& x) {
  return f.fields("node", x.node, "boot_id", x.boot_id, "base", x.base, "sequence", x.sequence, "status", x.status, "actors", x.actors,
                  "removed", x.removed, "events", x.events);
}

/// Asks a node for its status: a delta if it is still the same boot and remembers `have`, else everything.
struct report_request {
  std::uint64_t boot_id = 0, have = 0;
  bool operator==(const report_request&) const = default;
};
template <class F>
bool inspect(F& f, report_request& x) {
  return f.fields("boot_id", x.boot_id, "have", x.have);
}

/// Whether a report from `sender` keeps to the bounds above, holds text without control characters, and speaks of its sender alone;
/// over_limit or malformed if not.
outcome check(const report& r, const node_id& sender);

/// What happened had happened when it was told: a time beyond `received`, of a clock that runs ahead or a lie, becomes that.
void settle_times(report& r, wall_time received);

/// At most `bytes_max` bytes of `text`, cut between characters; control characters become spaces.
std::string shortened(std::string_view text, std::size_t bytes_max);

}  // namespace holdfast::introspection

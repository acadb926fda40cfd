// The whole cluster in one view, as one monitor sees it: every node, what is wrong, and one sentence of health.
//
// Pure: from mirrors and verdicts to a value that can be tested, shown and printed. Immutable once built, so threads may share it.
#pragma once

#include "introspection/status/status_book.hpp"

namespace holdfast::introspection {

/// What a monitor knows of one node that the directory lists.
struct node_observation {
  node_id id;
  std::string name;                   ///< as the directory has it
  std::string address;
  std::set<identity::role_kind> roles;
  life seen = life::starting;         ///< serving, suspect, frozen, dead: as the observer sees it; starting: never heard
  wall_time since;                    ///< of `seen`
  const status_mirror* mirror = nullptr;  ///< may be null or empty: it never reported
};

struct cluster_observation {
  cluster_id cluster;
  std::optional<identity::configuration_entry> configuration;  ///< who sits where: nobody else is believed about a ring
  node_id observer;
  wall_time now;
  std::vector<node_observation> nodes;
};

struct node_view {
  node_status status;                ///< the last one known; id, name, address and roles always
  std::vector<actor_status> actors;  ///< in the order of their ids
  life state = life::starting;       ///< its own word if it is heard, else the observer's
  wall_time since;                   ///< of a state that the observer gave it
  bool answers = false;
};

/// One thing that is wrong, worst first.
struct trouble {
  severity weight = severity::warning;
  std::string subject;   ///< a node's name, an actor as "node-3/archive", a ring's label
  std::string sentence;
  bool operator==(const trouble&) const = default;
};

struct cluster_view {
  cluster_id cluster;
  node_id observer;
  wall_time time;
  std::uint64_t sequence = 0;       ///< of the view, set by whoever publishes it
  severity health = severity::info;  ///< info: all is well
  std::string sentence;
  std::vector<trouble> troubles;
  std::vector<node_view> nodes;     ///< in the order of their names
  std::vector<event> events;        ///< of all nodes, newest first, at most `events_max`; no node fills the list alone

  std::string name_of(const node_id& node) const;
};

cluster_view build_view(const cluster_observation& seen);

}  // namespace holdfast::introspection

// How status travels: a node keeps a book of itself and answers with what changed; a monitor keeps a mirror of each node.
//
// Every entry of the book carries the number of its last change, so one book answers any number of monitors without state
// for them. A node's process that started anew, or a reader too far behind, gets everything again.
#pragma once

#include <deque>

#include "introspection/status/status_types.hpp"

namespace holdfast::introspection {

/// A node's book of itself. Not thread-safe: it belongs to one actor.
class status_book {
 public:
  /// `self.id` and `self.boot_id` must be set and never change.
  explicit status_book(node_status self) : self_(std::move(self)), self_changed_(1), sequence_(1) {}

  void node(node_status now);
  const node_status& node() const { return self_; }

  /// Records what is new of an actor. Its texts are shortened to the bounds; beyond `actors_max` new ones are not recorded.
  void actor(actor_status now);
  void remove(const std::string& actor);

  /// Appends an event; the oldest falls out beyond `events_max`. Returns it as recorded.
  const event& happened(wall_time time, severity weight, std::string kind, std::string subject, std::string sentence);

  /// What `request` asks for. Does not change the book.
  report answer(const report_request& request) const;

  std::uint64_t sequence() const { return sequence_; }

 private:
  template <class T>
  struct stamped {
    T value;
    std::uint64_t changed = 0;
  };

  node_status self_;
  std::uint64_t self_changed_;
  std::uint64_t sequence_;
  std::map<std::string, stamped<actor_status>> actors_;
  std::deque<stamped<std::string>> removed_;
  std::uint64_t removed_forgotten_ = 0;  // changes up to this number may lack a removal
  std::deque<stamped<event>> events_;
  std::uint64_t events_total_ = 0;
};

/// A monitor's copy of one node's book. Give it checked reports only (`check`).
class status_mirror {
 public:
  /// What to ask the node for next.
  report_request next() const { return {boot_id_, have_}; }

  /// True if the report fitted; false if it is old or has a gap before it (ask again with `next`). New events are appended to
  /// `fresh` if it is given.
  bool apply(report r, std::vector<event>* fresh = nullptr);

  bool empty() const { return have_ == 0; }
  const node_status& node() const { return node_; }
  const std::map<std::string, actor_status>& actors() const { return actors_; }
  const std::deque<event>& events() const { return events_; }

 private:
  std::uint64_t boot_id_ = 0, have_ = 0, events_seen_ = 0;
  node_status node_;
  std::map<std::string, actor_status> actors_;
  std::deque<event> events_;
};

}  // namespace holdfast::introspection

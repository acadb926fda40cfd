// What the actors of a process say of themselves, gathered without asking them: an actor that hangs is still seen.
//
// Each role enrols once per life and keeps its probe, whose counters any thread may read. Restarts and the cause of the last
// death are kept over lives, by the actor's id.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "introspection/metrics/histogram.hpp"
#include "introspection/status/status_types.hpp"

namespace holdfast::actors {

/// One actor's counters. Written by the actor, its mailbox and its supervisor; read by anyone.
class actor_probe {
 public:
  actor_probe(std::string id, std::string role, std::string parent, wall_time started);

  void enqueued();
  void handled(duration took);

  void say(introspection::life state, std::string doing);
  void died(std::string cause);
  void begin_life(wall_time now);

  /// The status now. Figures are measured once a second, whoever reads in between: each is of a whole second at least.
  introspection::actor_status read(instant now);

  /// What it has counted in all its lives.
  struct totals {
    std::string role;
    std::uint64_t handled = 0, restarts = 0;
    std::int64_t mailbox_depth = 0, mailbox_high_water = 0;  ///< messages
    introspection::histogram_reading latency;                ///< of handling one message
  };
  totals count() const;

 private:
  const std::string id_, role_, parent_;
  std::atomic<std::int64_t> depth_{0}, high_water_{0};
  std::atomic<std::uint64_t> handled_{0};
  introspection::histogram latency_;

  /// What was measured last: readers share it, so that what none of them changes is the same for all.
  struct figures {
    instant taken;
    std::uint64_t handled = 0;
    introspection::histogram_reading latency;
    std::uint32_t handled_per_s = 0, latency_p50_us = 0, latency_p99_us = 0;
  };
  void measure(instant now);

  mutable std::mutex mutex_;  ///< guards what follows
  figures measured_;
  introspection::life state_ = introspection::life::starting;
  std::string doing_, last_death_;
  std::uint32_t lives_ = 0;
  wall_time started_;
};

using probe_ptr = std::shared_ptr<actor_probe>;

class status_board {
 public:
  static constexpr std::size_t events_kept = introspection::events_max;

  /// The probe of this id, begun anew if it lived before.
  probe_ptr enroll(const std::string& id, const std::string& role, const std::string& parent = {});
  void remove(const std::string& id);
  void mark_dead(const std::string& id, const std::string& cause);

  void note(introspection::severity weight, std::string kind, std::string subject, std::string sentence);

  std::map<std::string, introspection::actor_status> actors() const;
  std::map<std::string, actor_probe::totals> totals() const;

  /// Events numbered above `after`, oldest first.
  std::vector<introspection::event> events(std::uint64_t after) const;

  /// Facts a role publishes for the node's status (a ring's seat, the archive's fill, what a replica holds), by the role's own hand.
  void publish(const std::string& key, introspection::ring_status ring);
  void publish(introspection::archive_status archive);
  void publish(introspection::secondary_status secondary);
  std::vector<introspection::ring_status> rings() const;
  std::optional<introspection::archive_status> archive() const;
  std::optional<introspection::secondary_status> secondary() const;

 private:
  /// At most `actors_max` of them: what a report carries.
  std::map<std::string, probe_ptr> probes() const;

  mutable std::mutex mutex_;
  std::map<std::string, probe_ptr> probes_;
  std::deque<introspection::event> events_;
  std::uint64_t next_event_ = 1;
  std::map<std::string, introspection::ring_status> rings_;
  std::optional<introspection::archive_status> archive_;
  std::optional<introspection::secondary_status> secondary_;
};

using board_ptr = std::shared_ptr<status_board>;

}  // namespace holdfast::actors

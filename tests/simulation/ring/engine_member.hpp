// A member of the simulated ring: one machine with clock and disk, the real ring engine and object state on it. Stopping loses
// what is in memory; starting reads the log as a node does.
#pragma once

#include "protocols/ring/object_state.hpp"
#include "protocols/ring/ring_engine.hpp"
#include "tests/simulation/agreement/kept_log.hpp"
#include "tests/simulation/agreement/ring_world.hpp"
#include "tests/simulation/core/disk.hpp"
#include "tests/simulation/ring/service_wire.hpp"

namespace holdfast::simulation {

class engine_member {
 public:
  using point_listener = std::function<void(std::uint64_t point)>;

  engine_member(ring_world& world, agreement::seat_index seat, std::uint64_t seed, point_listener points);
  engine_member(const engine_member&) = delete;

  bool running() const { return life_ != nullptr; }
  void start();
  void stop();
  void receive(node_index from, const service_packet& p);

  /// Hints of the links.
  void peer_connected(agreement::seat_index seat);
  void peer_lost(agreement::seat_index seat);

  /// From now on clients hear what was true before: marks of the beginning, the first proof there was of each entry.
  void answer_of_old() { answers_of_old_ = true; }
  bool honest() const { return !answers_of_old_; }

  log_disk& disk() { return disk_; }

  /// Only while it runs.
  const ring::ring_engine& engine() const { return *life_->engine; }
  const std::map<bguid, bytes>& blocks() const { return life_->blocks; }

 private:
  /// What a process holds in memory, from one start to the next stop.
  struct life {
    std::unique_ptr<ring::ring_engine> engine;
    kept_log log;
    std::map<ring::timer_id, std::uint64_t> timers;  ///< the newest setting of each
    std::map<std::uint64_t, std::pair<node_index, std::uint64_t>> askers;  ///< by ticket: who, and its name for the request
    std::uint64_t last_ticket = 0;
    std::map<bguid, bytes> blocks;
    std::map<vguid, bytes> versions;
  };

  clock_reading reading() const;
  void later(duration delay, std::function<void()> action);
  void carry_out(ring::step s);
  void set_timer(const ring::timer& t);
  void load(const agreement::load& l);
  void on_call(node_index from, const service_call& call);
  void answer(node_index to, std::uint64_t request, ring::service_reply reply);
  void grow_old(ring::service_reply& reply);
  void violation(const std::string& sentence);

  ring_world& world_;
  agreement::seat_index seat_;
  seeded_random random_;
  skewed_clock clock_;
  log_disk disk_;
  bool answers_of_old_ = false;
  std::map<ring::map_key, ring::entry_reply> first_answers_;
  std::unique_ptr<life> life_;
  std::uint64_t lives_ = 0;
};

}  // namespace holdfast::simulation

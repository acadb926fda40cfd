// A member of the simulated ring: one machine with clock and disk, the real agreement replica and the real object state on it.
// Stopping loses what is in memory; starting reads the log as a node does.
#pragma once

#include "protocols/ring/object_state.hpp"
#include "tests/simulation/agreement/kept_log.hpp"
#include "tests/simulation/agreement/ring_world.hpp"
#include "tests/simulation/core/disk.hpp"

namespace holdfast::simulation {

class ring_watch;

/// Orders what the object ring's state machine accepts.
class state_checker final : public agreement::request_checker {
 public:
  explicit state_checker(const ring::state_machine& machine) : machine_(machine) {}
  outcome check(const agreement::named_request& request) const override { return machine_.check(request); }

 private:
  const ring::state_machine& machine_;
};

class member {
 public:
  /// How a lying member differs from an honest one; the honest do nothing. Called for every message out and every packet in.
  struct mask {
    std::function<bool(member&, node_index to, agreement::message&)> may_send;
    std::function<bool(member&, node_index from, const packet&)> may_receive;
  };

  using point_listener = std::function<void(std::uint64_t point)>;

  member(ring_world& world, ring_watch& watch, agreement::seat_index seat, std::uint64_t seed, point_listener points);
  member(const member&) = delete;

  agreement::seat_index seat() const { return seat_; }
  bool running() const { return life_ != nullptr; }
  bool honest() const { return !mask_; }
  void wear(mask m) { mask_ = std::move(m); }

  void start();
  void stop();
  void receive(node_index from, const packet& p);

  /// Sends as this seat, whatever the engine thinks: for those who lie.
  void send_raw(node_index to, const agreement::message& m);

  log_disk& disk() { return disk_; }

  /// Only while it runs.
  const agreement::replica& replica() const { return *life_->replica; }
  const ring::object_state& state() const { return *life_->state; }
  std::uint64_t executed() const { return life_->executed; }

  /// What its state holds as the operation's result, if it has been executed here.
  std::optional<ring::operation_result> result_of(const bytes& operation) const;

 private:
  /// What a process holds in memory, from one start to the next stop.
  struct life {
    std::unique_ptr<ring::object_state> state;
    std::unique_ptr<state_checker> checker;
    std::unique_ptr<agreement::replica> replica;
    kept_log log;
    std::map<agreement::timer_id, std::uint64_t> timers;  ///< the newest setting of each
    std::uint64_t executed = 0;
    std::map<std::uint64_t, agreement::delivery> deliveries;  ///< not executed yet
    bool executing = false;
  };

  clock_reading reading() const;
  /// Runs later in the event loop, unless the process has died by then.
  void later(duration delay, std::function<void()> action);
  void carry_out(agreement::step s);
  void send(const agreement::outgoing& out);
  void persist(const agreement::persist& p);
  void set_timer(const agreement::timer& t);
  void load(const agreement::load& l);
  void execute_next();
  void reply_to(const bytes& operation);
  void on_request(const bytes& operation);

  ring_world& world_;
  ring_watch& watch_;
  agreement::seat_index seat_;
  seeded_random random_;
  skewed_clock clock_;
  log_disk disk_;
  std::optional<mask> mask_;
  bool ever_started_ = false;
  std::unique_ptr<life> life_;
  std::uint64_t lives_ = 0;
};

}  // namespace holdfast::simulation

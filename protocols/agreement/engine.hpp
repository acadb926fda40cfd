// Inside the replica: its state, and its parts by concern. Only `replica.cpp` and the engine_*.cpp files include this.
//
//   engine.cpp              inputs, timers, muteness, recovery
//   engine_ordering.cpp     batches, pre-prepare, prepare, commit, delivery
//   engine_checkpoints.cpp  checkpoints and watermarks
//   engine_view_change.cpp  leaving and entering views
//   engine_catch_up.cpp     statuses, resends, fetching and serving batches
//
// Invariants: a vote leaves only by `after_stored`; certificates are made and commits sent within (stable, stable + window]
// alone; executed <= delivered <= committed; what is delivered is contiguous.
#pragma once

#include <functional>

#include "protocols/agreement/catch_up.hpp"
#include "protocols/agreement/certificates.hpp"
#include "protocols/agreement/checkpoint_table.hpp"
#include "protocols/agreement/peer_table.hpp"
#include "protocols/agreement/replica.hpp"
#include "protocols/agreement/request_queue.hpp"
#include "protocols/agreement/slot.hpp"
#include "protocols/agreement/view_change_table.hpp"

namespace holdfast::agreement {

class replica::engine {
 public:
  engine(config c, const request_checker& checker);

  // Inputs; between `begin` and `end`.
  void begin(const clock_reading& now) { now_ = now; }
  step end();

  void start(recovered log, std::uint64_t executed, wall_time executed_time);
  void on_message(seat_index from, message m);
  void on_timer(timer_id id);
  void on_stored(store_ticket ticket);
  void on_loaded(std::uint64_t ticket, std::uint64_t first, std::vector<batch_ptr> bodies);
  void on_executed(std::uint64_t sequence, const digest& state);
  void on_peer_connected(seat_index seat);
  void on_peer_lost(seat_index seat);
  outcome submit(bytes body, const digest& name);
  void request_null();

  // Views on the state.
  std::uint64_t view() const { return view_; }
  bool changing_view() const { return changing_; }
  silence silent() const {
    return diverged_ ? silence::diverged : amnesiac_ ? silence::log_lost : confirmed_ ? silence::none : silence::unconfirmed;
  }
  bool mute() const { return silent() != silence::none; }
  bool forsaken() const { return amnesiac_ && !others(); }
  bool leads() const { return can_vote() && primary() == self_; }
  seat_index primary() const { return certifier_.primary_of(view_); }
  std::uint64_t committed() const { return committed_; }
  std::uint64_t executed() const { return executed_; }
  std::uint64_t stable() const { return stable_.sequence; }
  std::uint64_t prepared() const;
  std::size_t pending() const { return queue_.size(); }

 private:
  // Effects.
  store_ticket write(log_record record, bool sync);
  void send(std::optional<seat_index> to, message m) { out_.sends.push_back({to, std::move(m)}); }
  void after_stored(store_ticket ticket, std::function<void()> then);
  void set_timer(timer_id id, duration after) { out_.timers.push_back({id, after}); }
  void tell(event e) { out_.events.push_back(std::move(e)); }
  void refuse(seat_index from, std::string why) { tell({event_kind::refused, view_, 0, from, std::move(why), {}}); }

  // Who may vote.
  bool can_vote() const { return !mute() && !changing_; }
  bool started() const { return boot_ticket_.value != 0 && stored_ >= boot_ticket_.value; }
  bool others() const { return ring_.size() > 1; }
  void become_amnesiac(std::uint64_t boot_count);
  void check_confirmed();
  void check_amnesia_over();
  void resume_votes();
  void restore_slots(recovered& log);
  std::optional<certifier::opened_new_view> restore_view(recovered& log);

  // Ordering.
  bool in_window(std::uint64_t sequence) const { return sequence > stable_.sequence && sequence <= stable_.sequence + bounds_.window; }
  slot* find_slot(std::uint64_t sequence);
  bool early(seat_index from, const ballot& what, message& m);
  void handle(seat_index from, request&& m);
  void handle(seat_index from, pre_prepare&& m);
  void handle(seat_index from, prepare&& m);
  void handle(seat_index from, commit&& m);
  bool fits(const batch& b) const;
  bool make_room(std::size_t wanted);
  outcome check_batch(const batch& b, const std::vector<digest>& names) const;
  void propose();
  void propose_soon();
  void propose_batch(batch b, std::vector<digest> names);
  void accept(const ballot& what, const crypto::signature& proposal, known_body body, bool announce);
  void vote_for(const ballot& what, bool announce);
  void advance(std::uint64_t sequence);
  void send_commit(const ballot& what);
  void commit_slot(std::uint64_t sequence, const ballot& what);
  void advance_committed();
  void deliver();
  void deliver_one(const batch_ptr& content, std::uint64_t view, std::vector<digest> names);
  void trim_bodies();
  void forget_slots_through(std::uint64_t sequence);
  void equivocation(seat_index from, const slot& s, const pre_prepare& m);
  void arm_request_timer();
  std::optional<instant> request_deadline() const;
  void note_unsettled();
  void request_timer_fired();
  void consider_leaving();
  bool impatient() const;

  // Checkpoints.
  void handle(seat_index from, checkpoint&& m);
  void cast_checkpoint(std::uint64_t sequence, const digest& state);
  void adopt(const checkpoint_certificate& c);
  void adopt_proven();
  void make_stable(const checkpoint_certificate& c);

  // Views.
  void handle(seat_index from, view_change&& m);
  void handle(seat_index from, new_view&& m);
  void start_view_change(std::uint64_t view);
  void consider_view_change();
  void make_new_view();
  void enter_view(std::uint64_t view, const new_view_plan& plan, const std::vector<crypto::signature>& proposals);
  void propose_again(const new_view_plan& plan, const std::vector<crypto::signature>& proposals);
  void ask_for_bodies();
  void forward_pending(std::size_t count);
  void arm_view_change_timer();
  void view_change_timer_fired();

  // Statuses, catch-up.
  void handle(seat_index from, status&& m);
  void handle(seat_index from, fetch_batches&& m);
  void handle(seat_index from, batches&& m);
  void handle(seat_index from, fetch_body&& m);
  void handle(seat_index from, body&& m);
  status own_status() const;
  void status_timer_fired();
  void arm_status_timer(duration after);
  void appeal();
  bool learn_boot(seat_index from, const status& m);
  void consider_rescue(seat_index from, const status& m);
  void send_status_after(store_ticket ticket);
  void resend_to(seat_index to, const status& m);
  void fetch();
  void learn_fetched();
  std::uint64_t request_load(std::uint64_t first, std::uint64_t last);

  limits bounds_;
  identity::ring_description ring_;
  seat_index self_;
  certifier certifier_;
  const request_checker& checker_;

  clock_reading now_;
  step out_;
  std::uint64_t last_ticket_ = 0, stored_ = 0;
  std::multimap<std::uint64_t, std::function<void()>> held_;  ///< what waits for a ticket to be durable

  request_queue queue_;
  std::map<std::uint64_t, slot> slots_;
  std::uint64_t view_ = 0;         ///< voted in; asked for while changing
  bool changing_ = false;
  bool propose_due_ = false;       ///< its timer is set
  std::uint64_t next_sequence_ = 1;
  std::uint64_t committed_ = 0, delivered_ = 0, executed_ = 0;
  wall_time last_proposed_, last_delivered_;
  std::size_t body_bytes_ = 0;     ///< of the bodies held in slots

  checkpoint_table checkpoints_;
  checkpoint_certificate stable_;
  std::optional<checkpoint_certificate> proven_;  ///< stable elsewhere, not yet reached here
  struct own_checkpoint {
    digest state;
    bool durable = false;
  };
  std::map<std::uint64_t, own_checkpoint> own_states_;  ///< at checkpoints above the stable one

  view_change_table changes_;
  std::optional<signed_view_change> own_change_;
  std::optional<signed_new_view> new_view_;       ///< of the view entered; none in view 0
  struct wanted_body {
    ballot what;
    crypto::signature proposal;
    std::vector<seat_index> preparers;
  };
  std::map<std::uint64_t, wanted_body> wanted_;
  duration timeout_;
  std::optional<instant> view_change_deadline_, request_timer_at_;
  std::optional<instant> unsettled_since_;    ///< proposals accepted in this view wait to be committed, and none was since
  std::optional<std::uint64_t> forgiven_at_;  ///< where the request timer last spared the primary because this seat was behind
  bool impatient_ = false;         ///< a request has waited too long in this view; others are told
  bool progressed_ = true;         ///< something was delivered since the view was entered

  peer_table peers_;
  boot_id boot_;
  store_ticket boot_ticket_;       ///< of this start's boot record: nothing is told before it is durable
  bool confirmed_ = false, amnesiac_ = false, diverged_ = false;
  std::uint64_t silent_through_ = 0;

  catch_up catch_up_;
  bool keeping_fetched_ = false;  ///< what was fetched is not on the disk yet
  std::uint64_t committed_at_tick_ = 0;
  instant status_timer_at_;
  struct serving {
    std::optional<seat_index> to;  ///< nothing: for our own deliveries
    bool bodies = true;
    bool single = false;           ///< answers fetch_body
  };
  std::map<std::uint64_t, serving> loads_;
  std::uint64_t last_load_ = 0;
};

}  // namespace holdfast::agreement

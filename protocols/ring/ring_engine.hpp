// A member of a ring: agreement orders, the state machine executes, the certifier signs, and those who asked are answered.
//
// An update's answer is its result's path to a certified root at or after the batch that ran it: no tentative execution, and
// one certificate releases everything that was executed up to it. Reads are served from the snapshot under the newest
// certificate, so an answer is always provable and never torn.
//
// Threading: none; inputs must not be nested. What it holds is bounded: tickets by `tickets_max`, snapshots by the certifier.
#pragma once

#include <deque>

#include "protocols/agreement/replica.hpp"
#include "protocols/ring/ring_step.hpp"

namespace holdfast::ring {

constexpr std::uint64_t waited_for_max = 1024;                 ///< batches ahead of what is prepared here that a read may wait for
constexpr std::size_t tickets_max = 8192;                     ///< requests waiting for an answer at one member
constexpr duration ticket_age_max = std::chrono::seconds(30);  ///< clients have asked again, or gone, long before
constexpr duration share_patience = std::chrono::milliseconds(150);  ///< then shares go to everybody

class ring_engine {
 public:
  ring_engine(agreement::config config, std::unique_ptr<state_machine> machine);
  ~ring_engine();

  step start(const clock_reading& now, agreement::recovered log);

  step on_member(const clock_reading& now, seat_index from, member_message message);
  step on_timer(const clock_reading& now, timer_id id);
  step on_stored(const clock_reading& now, store_ticket ticket);
  step on_loaded(const clock_reading& now, std::uint64_t ticket, std::uint64_t first, std::vector<agreement::batch_ptr> bodies);
  step on_peer_connected(const clock_reading& now, seat_index seat);
  step on_peer_lost(const clock_reading& now, seat_index seat);

  /// `ticket` is the caller's name for whoever asked, and comes back with the answer, if one can be given within
  /// `ticket_age_max`. Records and inline blocks are the caller's to answer: the engine keeps none.
  step on_request(const clock_reading& now, std::uint64_t ticket, service_body request);

  /// What the caller answers for records or blocks that it does not have: absence is certain only once batch `at_least` was executed.
  failure_reply absence(std::uint64_t at_least) const;

  const agreement::replica& replica() const { return replica_; }
  const state_machine& machine() const { return *machine_; }

  /// The newest state that can be proven, with its certificate; nothing before the first.
  struct proven_state {
    authenticated_map map;
    state_root root;
    certified_root certificate;
  };
  const std::optional<proven_state>& proven() const { return proven_; }
  bool diverged() const { return certifier_.diverged(); }

 private:
  struct waiting {
    std::uint64_t ticket;
    place where;
    instant since;
  };
  struct submission {
    std::uint64_t ticket;
    instant since;
  };

  void carry(const clock_reading& now, agreement::step from, step& out);
  void execute(const clock_reading& now, const agreement::delivery& delivery, bool newest, step& out);
  void settle(const digest& request, const applied& outcome, std::uint64_t sequence, step& out);
  void certified(step& out);
  void wait(const waiting& who, std::uint64_t at_least, step& out);
  void on_submit(const clock_reading& now, std::uint64_t ticket, bytes operation, step& out);
  entry_reply prove(const place& where) const;
  service_reply page(const page_request& request) const;
  void share(step& out, bool to_everybody);
  void forget_old(instant now);
  void arm(step& out);

  const cluster_id cluster_;
  const identity::ring_description ring_;
  std::unique_ptr<state_machine> machine_;
  std::unique_ptr<agreement::request_checker> checker_;
  agreement::replica replica_;
  certifier certifier_;
  digest previous_root_;
  std::uint64_t executed_ = 0;
  std::map<std::uint64_t, std::pair<authenticated_map, state_root>> snapshots_;  ///< executed, not certified
  std::optional<proven_state> proven_;
  std::map<digest, std::vector<submission>> submissions_;   ///< by request, not executed
  std::multimap<std::uint64_t, waiting> waiting_;           ///< by the sequence that must be certified
  std::size_t submitted_ = 0;
  bool patience_armed_ = false, shares_armed_ = false;
};

}  // namespace holdfast::ring

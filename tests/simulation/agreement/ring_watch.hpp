// The all-seeing judge of a simulated ring. While a run lasts it holds every honest member to what PBFT's proof rests upon:
//  - nothing is voted for before it is on disk, and no seat votes twice in a view at a sequence, whatever it has forgotten;
//  - a prepared certificate holds a quorum of different seats;
//  - one batch a sequence, the same at all, of requests that clients made; agreed time never goes back; one state after it.
#pragma once

#include <deque>

#include "tests/simulation/agreement/ring_world.hpp"

namespace holdfast::simulation {

using operation_outcome = std::optional<ring::operation_result>;

/// What a history calls an operation's content.
inline std::string content_of(bytes_view operation) { return crypto::hash("holdfast/test-content/v1", {operation}).brief(); }

class ring_watch {
 public:
  explicit ring_watch(ring_world& world) : world_(world), seats_(world.size()) {}

  /// A seat that lies: nothing is expected of it.
  void ignore(agreement::seat_index seat) { seats_[seat].lies = true; }

  /// A seat whose disk went back in time: it may not know, and vote again for what it has voted for.
  void rolled_back(agreement::seat_index seat) { seats_[seat].may_vote_twice = true; }

  void appended(agreement::seat_index seat, std::uint64_t ticket, const agreement::log_record& record);
  void durable(agreement::seat_index seat, std::uint64_t ticket);
  void started(agreement::seat_index seat, const std::vector<agreement::log_record>& log);
  void stopped(agreement::seat_index seat);
  void sent(agreement::seat_index seat, const agreement::message& m);
  /// `results`: what the member's state holds after the batch for each of its requests.
  void executed(agreement::seat_index seat, const agreement::delivery& d, const digest& root, const std::vector<operation_outcome>& results);
  void happened(agreement::seat_index seat, const agreement::event& e);

  /// A client is about to ask for this; nothing else may be executed.
  void asked(const bytes& operation) { asked_.insert(operation); }

  void violation(agreement::seat_index seat, const std::string& sentence);

  /// The content of a version, as it was first executed; empty if none was.
  std::string content_of_version(const aguid& object, std::uint64_t version) const;

  std::uint64_t highest_executed() const { return order_.empty() ? 0 : order_.rbegin()->first; }

 private:
  /// What is on a seat's disk, as far as votes rest on it.
  struct durable_facts {
    std::set<agreement::ballot> accepted, prepared;
    std::set<std::uint64_t> view_changes;
    std::set<std::pair<std::uint64_t, digest>> checkpoints;

    void add(const agreement::log_record& record);
  };
  enum class vote_kind : std::uint8_t { prepare, commit };
  struct seat_state {
    bool lies = false, may_vote_twice = false;
    durable_facts facts;
    std::deque<std::pair<std::uint64_t, agreement::log_record>> under_way;
    std::map<std::tuple<vote_kind, std::uint64_t, std::uint64_t>, digest> votes;  ///< for good: (kind, view, sequence)
  };
  struct ordered {
    digest batch;
    wall_time time;
    digest root;
    agreement::seat_index by;
  };

  void executed_once(agreement::seat_index seat, const bytes& operation, const operation_outcome& result);
  void vote(agreement::seat_index seat, vote_kind kind, const agreement::ballot& what, const std::set<agreement::ballot>& on_disk);

  ring_world& world_;
  std::vector<seat_state> seats_;
  std::map<std::uint64_t, ordered> order_;
  std::set<bytes> asked_;
  std::map<bytes, ring::operation_result> results_;  ///< of each operation, when it was first executed
  std::map<std::pair<aguid, std::uint64_t>, std::string> contents_;
};

}  // namespace holdfast::simulation

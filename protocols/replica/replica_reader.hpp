// The reader's side of secondary replicas: asks one that should have it, and says soon when the source must be asked instead.
//
// Answers are checked here, so what comes out is right whoever sent it: blocks and records by their names, heads by their path to a
// certified root. A replica that sent something wrong is never asked again; one that was late, failed or refused rests for some
// seconds. A question is late after three times the replica's usual latency, 100 ms at least: then the source is asked beside it.
#pragma once

#include "protocols/archive/server_latency.hpp"
#include "protocols/replica/replica_messages.hpp"

namespace holdfast::replica {

struct reader_step {
  struct send {
    std::uint64_t request = 0;
    node_id to;
    service_request what;
  };
  struct answer {
    std::uint64_t question = 0;
    node_id by;
    std::variant<bytes, ring::proven_entry> what;  ///< a block or record; or a head's entry, verified
  };
  std::vector<send> sends;
  std::vector<answer> answers;
  std::vector<std::uint64_t> late;   ///< questions whose answer may yet come, or may not
  std::vector<std::uint64_t> ended;  ///< questions that no replica answers
  std::vector<node_id> liars;        ///< found out just now
};

class replica_reader {
 public:
  static constexpr duration tick = std::chrono::milliseconds(20);       ///< how often `on_timer` is due while `busy`
  static constexpr std::size_t questions_max = 1024;
  static constexpr std::size_t tries_max = 2;                           ///< replicas asked for one question, one after the other
  static constexpr duration give_up_after = std::chrono::seconds(5);

  replica_reader(cluster_id cluster, identity::ring_description ring) : cluster_(cluster), ring_(std::move(ring)) {}

  /// `question` is a number of the caller's; it comes back once, in `answers` or `ended`. `holders` are asked before `others`, each
  /// group by how fast it answered lately; those that rest or lied are not asked.
  reader_step ask(clock_reading at, std::uint64_t question, service_request what, std::vector<node_id> holders, std::vector<node_id> others);

  /// The answer to a send, or why there is none: once for each.
  reader_step on_reply(clock_reading at, std::uint64_t request, const result<service_reply>& reply);
  reader_step on_timer(clock_reading at);

  bool busy() const { return !questions_.empty(); }
  const std::set<node_id>& liars() const { return liars_; }

 private:
  struct open_question {
    service_request what;
    std::vector<node_id> candidates;  ///< not yet asked, best last
    node_id asked;
    std::uint64_t request = 0;
    instant begun, asked_at;
    std::size_t tries = 0;
    bool late = false;
  };
  using question_iterator = std::map<std::uint64_t, open_question>::iterator;

  void ask_next(question_iterator at);
  void end(question_iterator at);
  void took_answer(question_iterator at, const service_reply& reply);
  /// What the reply amounts to; nothing if it is not what was asked for.
  std::optional<std::variant<bytes, ring::proven_entry>> verified(const service_request& what, const service_reply& reply) const;
  void sort_in(std::vector<node_id>& candidates, std::vector<node_id> group) const;

  cluster_id cluster_;
  identity::ring_description ring_;
  std::map<std::uint64_t, open_question> questions_;
  std::map<std::uint64_t, std::uint64_t> requests_;  ///< question by request
  std::set<node_id> liars_;
  archive::server_latency latency_;
  std::uint64_t last_request_ = 0;
  clock_reading at_{};
  reader_step step_;
};

}  // namespace holdfast::replica

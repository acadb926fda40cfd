// A client of the simulated ring: signs updates of an object that it shares with another client, one after the other, sends
// each to one member and, without an answer, to all; believes what b + 1 members say. Some updates name the version they
// build upon, so that two clients' updates conflict.
#pragma once

#include "tests/history/history.hpp"
#include "tests/simulation/agreement/ring_world.hpp"

namespace holdfast::simulation {

class ring_watch;

/// An update that was answered, and what b + 1 members said of it.
struct acknowledged {
  bytes operation;
  ring::operation_result result;
};

class ring_client {
 public:
  ring_client(ring_world& world, ring_watch& watch, std::uint32_t number, std::uint64_t seed);
  ring_client(const ring_client&) = delete;

  /// Begins to work; asks for `requests` more and then rests.
  void start(std::uint32_t requests);
  void receive(node_index from, const client_reply& reply);
  bool resting() const { return left_ == 0; }

  const node_id& id() const { return id_; }
  const std::vector<acknowledged>& done() const { return done_; }
  const std::vector<history::operation>& history() const { return history_; }
  const aguid& object() const { return object_; }

 private:
  void ask();
  bytes make_operation();
  void send(node_index to);
  void send_to_all();
  void resend_later();
  void finish(const ring::operation_result& result);

  ring_world& world_;
  ring_watch& watch_;
  node_index address_;
  seeded_random random_;
  crypto::signing_key key_;  ///< the pair's
  std::array<std::uint8_t, 32> salt_;
  crypto::signing_key identity_;
  node_id id_;  ///< of that identity with a nonce of zeros
  session_id session_;
  aguid object_;
  std::uint32_t left_ = 0;
  std::uint64_t operation_ = 0;     ///< the newest
  std::uint64_t seen_version_ = 0;  ///< the newest it knows of
  bytes current_;
  std::optional<std::uint64_t> if_version_;
  std::map<bytes, std::set<node_index>> said_;  ///< by canonical result
  bool waiting_ = false;
  std::vector<acknowledged> done_;
  std::vector<history::operation> history_;
};

}  // namespace holdfast::simulation

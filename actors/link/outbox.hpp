// The queues to all peers: one lane per process and class, bounded, with at most one session taking from it at a time.
//
// A lane sticks to its session until that is gone, so messages keep their order; a second session of the same lane (both
// sides may have dialled) waits its turn. Thread-safe: any thread pushes, sessions pull.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <caf/actor.hpp>

#include "actors/link/link_counters.hpp"
#include "actors/link/link_types.hpp"

namespace holdfast::actors {

struct queued_message {
  link::message_kind kind;
  bool reply = false;
  std::uint64_t correlation = 0;
  payload_ptr payload;
};

/// A session as the outbox knows it: `serial` is unique in the process.
struct session_ref {
  std::uint64_t serial = 0;
  caf::actor handle;
  peer_ptr peer;
};

class outbox {
 public:
  outbox(link_counters& counters, std::uint64_t budget_bytes) : counters_(counters), budget_bytes_(budget_bytes) {}

  /// What the caller has to do after a push. A member may have no more waiting than is still free of the budget, so however many
  /// take nothing of theirs, something is left for the next; a stranger has one message or `stranger_bytes_max`.
  struct push_step {
    caf::actor wake;    ///< tell this session that its lane has messages; empty: nobody
    bool dial = false;  ///< ask the manager to dial this lane
  };
  result<push_step> push(const link::endpoint& peer, link::traffic_class lane, queued_message m);

  /// Takes messages worth up to about `bytes_max` (at least one) if this session is the lane's; none left: the next push wakes it.
  std::vector<queued_message> pull(const link::endpoint& peer, link::traffic_class lane, std::uint64_t serial, std::size_t bytes_max);

  /// Pulled by a session that is still attached and ends: they are the lane's next again.
  void give_back(const link::endpoint& peer, link::traffic_class lane, std::deque<queued_message> unsent);

  struct attach_step {
    bool up = false;  ///< the lane has its first session of this process: the peer is up
    peer_ptr gone;    ///< the process that a node ran before: nothing is sent to it any more
  };
  attach_step attach(const link::endpoint& peer, link::traffic_class lane, session_ref session);
  /// What is known of an attached session's peer has changed, but not its end.
  void renew(const link::endpoint& peer, link::traffic_class lane, session_ref session);

  struct detach_step {
    bool down = false;    ///< it was the last session of the lane
    caf::actor wake;      ///< the session that takes over
    bool dial = false;    ///< messages are left, and an address is known
    std::vector<queued_message> unsent;  ///< messages are left, and none is
  };
  detach_step detach(const link::endpoint& peer, link::traffic_class lane, std::uint64_t serial);

  void know(const link::endpoint& peer, std::vector<std::string> addresses);
  std::vector<std::string> addresses(const link::endpoint& peer) const;

  /// The lane's dial failed: pushes fail at once until `may_dial`. Answers what was queued.
  std::vector<queued_message> dial_failed(const link::endpoint& peer, link::traffic_class lane);
  void may_dial(const link::endpoint& peer, link::traffic_class lane);
  /// The manager is about to dial the lane. False if it is up.
  bool begin_dial(const link::endpoint& peer, link::traffic_class lane);

  bool is_up(const link::endpoint& peer, link::traffic_class lane) const;
  std::vector<peer_up> all_up() const;
  /// How many other processes of this peer's member are linked.
  std::size_t other_processes(const link::endpoint& peer) const;

 private:
  enum class lane_state : std::uint8_t { idle, dialling, refused };

  struct lane_entry {
    lane_state state = lane_state::idle;
    std::vector<session_ref> sessions;  ///< the first one takes
    bool woken = false;                 ///< the first one knows that there are messages
    std::deque<queued_message> queue;
    std::uint64_t bytes_queued = 0;
  };
  struct peer_entry {
    std::vector<std::string> addresses;
    std::array<lane_entry, 3> lanes;
  };

  static std::uint64_t cost(const queued_message& m) { return m.payload->size() + 64; }
  lane_entry* find(const link::endpoint& peer, link::traffic_class lane);
  const lane_entry* find(const link::endpoint& peer, link::traffic_class lane) const;
  std::vector<queued_message> empty(lane_entry& l);
  /// Waiting for all processes of a member, agreement aside: that has no part in the budget's fairness, only bounds of its own.
  std::uint64_t bytes_waiting_for(const node_id& member) const;
  void forget_if_unused(const link::endpoint& peer);

  link_counters& counters_;
  const std::uint64_t budget_bytes_;
  mutable std::mutex mutex_;
  std::map<link::endpoint, peer_entry> peers_;
};

}  // namespace holdfast::actors

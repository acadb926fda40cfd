// The local end of all links: what roles, the client library and the dashboard's server call, from any thread.
//
// Sending never waits: a message is queued for its peer and class, or refused at once because the peer is down or the
// queue is full. A peer with a known address is dialled on demand; what was queued for it fails when dialling fails.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/send.hpp>

#include "actors/link/link_counters.hpp"
#include "actors/link/link_types.hpp"
#include "actors/link/outbox.hpp"
#include "actors/link/pending_requests.hpp"

namespace holdfast::actors {

struct links;

class link_port {
 public:
  explicit link_port(std::uint64_t budget_bytes) : outbox_(counters_, budget_bytes) {}

  /// Queues a message. `unavailable`: no link and no address to dial, or this process may only renew; `over_limit`: queue or budget
  /// full, or message too long.
  outcome send(outgoing m);

  /// Answers the process that a request came from, in the same class.
  outcome reply(const inbound& request, payload_ptr payload);

  /// Sends a request; `done` is called exactly once, on another thread as a rule: it must not block (send an actor a message).
  using completion = std::function<void(result<inbound>)>;
  void request(outgoing m, duration timeout, completion done);

  /// Messages of `kind` that are not replies go to `handler` as `inbound`; one handler a kind, the newest wins.
  void subscribe(link::message_kind kind, caf::actor handler);

  /// `watcher` gets `peer_up`, `peer_down` and `dial_failed`; first a `peer_up` for what is up already (one that comes up
  /// meanwhile may be told twice). `unwatch` before it ends.
  void watch(caf::actor watcher);
  void unwatch(const caf::actor& watcher);

  /// Each `peer_heard` goes to `listener`; there is one, the newest.
  void hear(caf::actor listener);

  /// Where a node may be dialled, first address first (HOST:PORT or [ADDR]:PORT); replaces what was known.
  void know(const node_id& node, std::vector<std::string> addresses);

  /// What hellos say from now on; links that are up show it before they send anything else. A process keeps its first boot.
  void identify(link::local_identity self);
  std::shared_ptr<const link::local_identity> identity() const;

  bool is_up(const link::endpoint& peer, link::traffic_class lane) const { return outbox_.is_up(peer, lane); }
  const link_counters& counters() const { return counters_; }

 private:
  friend struct link_manager_state;
  friend links start_links(caf::actor_system& system, link_config config);
  friend class session_state;
  friend class inbound_meter;

  void deliver(inbound m);
  template <class Event>
  void announce(const Event& event) {
    std::shared_lock lock(mutex_);
    for (const auto& w : watchers_) caf::anon_send(w, event);
  }
  void heard(const peer_heard& answer);
  /// Ends the requests among messages that never left.
  void fail_unsent(const std::vector<queued_message>& messages, const std::string& why);
  void set_manager(caf::actor manager);
  void ask_to_dial(const node_id& node, link::traffic_class lane);

  link_counters counters_;
  outbox outbox_;
  pending_requests pending_;
  std::atomic<std::uint64_t> admissions_{0};  ///< counts the changes of this process's admission
  std::atomic<bool> expired_{false};          ///< it has expired: whatever is not membership would end the link it is sent on
  mutable std::shared_mutex mutex_;           ///< guards what follows
  std::shared_ptr<const link::local_identity> identity_;
  std::array<caf::actor, 16> handlers_;
  std::vector<caf::actor> watchers_;
  caf::actor listener_, manager_;
};

using link_port_ptr = std::shared_ptr<link_port>;

}  // namespace holdfast::actors

// The monitor role: keeps this node's book, mirrors every other node's, watches who still answers, and holds the view that
// `holdfast status` and the dashboard show.
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/base/status_board.hpp"
#include "actors/link/link_port.hpp"
#include "actors/membership/trust_store.hpp"
#include "introspection/status/cluster_view.hpp"

namespace holdfast::actors {

using monitor_beat_atom = caf::atom_constant<caf::atom("monbeat")>;
using monitor_poll_atom = caf::atom_constant<caf::atom("monpoll")>;

struct monitor_answer {
  node_id from;
  std::optional<introspection::report> report;
};

using monitor_actor = caf::typed_actor<
    // A question of another monitor or of a person's status command.
    caf::reacts_to<inbound>,
    // Another monitor's report, or that none came.
    caf::reacts_to<monitor_answer>,
    // A sign of life or of its end.
    caf::reacts_to<peer_up>,
    caf::reacts_to<peer_down>,
    caf::reacts_to<peer_heard>,
    // Time passes: books are written, nodes asked, the view built; verdicts are passed.
    caf::reacts_to<monitor_beat_atom>,
    caf::reacts_to<monitor_poll_atom>>;

/// The newest view, for threads that show it.
class view_window {
 public:
  void show(std::shared_ptr<const introspection::cluster_view> view) {
    std::lock_guard guard(mutex_);
    view_ = std::move(view);
  }
  std::shared_ptr<const introspection::cluster_view> look() const {
    std::lock_guard guard(mutex_);
    return view_;
  }

  /// The address that signs a browser in to this node's dashboard; empty without one.
  void set_sign_in(std::string url) {
    std::lock_guard guard(mutex_);
    sign_in_ = std::move(url);
  }
  std::string sign_in() const {
    std::lock_guard guard(mutex_);
    return sign_in_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const introspection::cluster_view> view_;
  std::string sign_in_;
};

struct monitor_config {
  introspection::node_status self;  ///< what does not change: id, name, addresses, version, boot, start, roles, labels
  trust_ptr trust;
  link_port_ptr links;
  board_ptr board;
  std::shared_ptr<view_window> window;
  std::function<introspection::life()> state;  ///< of the node as a whole
  std::function<std::string()> trouble;        ///< what keeps it from serving for as long as nobody does something; empty as a rule
  std::function<std::map<std::string, std::uint64_t>()> counters;
};

monitor_actor spawn_monitor(caf::actor_system& system, monitor_config config);

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::monitor_answer)

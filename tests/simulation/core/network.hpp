// A network that does to frames whatever a network may do: delay, lose, duplicate, reorder; cut and clog pairs of nodes, each
// direction by itself. Frames are bytes: what arrives has been through the real codec on both sides.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "tests/simulation/core/event_queue.hpp"
#include "tests/simulation/core/options.hpp"

namespace holdfast::simulation {

using node_index = std::uint32_t;
using frame = std::shared_ptr<const bytes>;

class network {
 public:
  using receiver = std::function<void(node_index to, node_index from, const frame&)>;

  network(event_queue& events, network_options options, std::uint64_t seed, receiver deliver)
      : events_(events), options_(options), random_(seed), deliver_(std::move(deliver)) {}

  /// Told of every frame that will not arrive: where a link is a connection, it breaks.
  void on_loss(std::function<void(node_index from, node_index to)> listener) { lost_ = std::move(listener); }

  void send(node_index from, node_index to, frame data);

  /// Nothing passes from `from` to `to` until healed; what is on its way arrives.
  void cut(node_index from, node_index to) { cut_.insert({from, to}); }
  void mend(node_index from, node_index to) { cut_.erase({from, to}); }

  /// What is sent from `from` to `to` arrives no sooner than `until`.
  void clog(node_index from, node_index to, instant until) { clogged_[{from, to}] = until; }

  /// From now on a good network: no cuts, clogs, loss, duplication or reordering.
  void heal();

 private:
  using pair = std::pair<node_index, node_index>;

  instant arrival(pair route);

  event_queue& events_;
  network_options options_;
  seeded_random random_;
  receiver deliver_;
  std::function<void(node_index, node_index)> lost_;
  std::set<pair> cut_;
  std::map<pair, instant> clogged_, latest_;
};

}  // namespace holdfast::simulation

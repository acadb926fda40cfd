#include "tests/simulation/core/network.hpp"

namespace holdfast::simulation {

void network::send(node_index from, node_index to, frame data) {
  pair route{from, to};
  if (cut_.contains(route) || chance(random_, options_.loss)) {
    if (lost_) lost_(from, to);
    return;
  }
  auto deliver = [this, from, to, data] { deliver_(to, from, data); };
  if (chance(random_, options_.duplication)) events_.at(arrival(route) + between(random_, 0us, 20 * options_.delay_max), deliver);
  events_.at(arrival(route), deliver);
}

instant network::arrival(pair route) {
  auto when = events_.now() + between(random_, options_.delay_min, options_.delay_max);
  if (auto clog = clogged_.find(route); clog != clogged_.end()) when = std::max(when, clog->second);
  if (chance(random_, options_.reordering)) return when + between(random_, 0us, 20 * options_.delay_max);
  auto& latest = latest_[route];
  return latest = std::max(latest, when);
}

void network::heal() {
  cut_.clear();
  clogged_.clear();
  options_.loss = options_.duplication = options_.reordering = 0;
}

}  // namespace holdfast::simulation

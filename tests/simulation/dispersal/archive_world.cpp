#include "tests/simulation/dispersal/archive_world.hpp"

#include "protocols/codec/printer.hpp"

namespace holdfast::simulation {

archive_world::archive_world(const scenario& s, std::uint64_t seed, bool tracing)
    : plan(s),
      log(tracing),
      random(seed),
      servers(s.sizes[seed % s.sizes.size()]),
      net(events, s.network, random.next_u64(), [this](auto to, auto from, const auto& f) { deliver(to, from, f); }) {
  cluster.raw.fill(7);
  ring.raw.fill(8);
  directory.cluster = cluster;
  directory.version = 1;
  seeded_random key_random(1);
  for (std::size_t i = 0; i < servers; ++i) {
    keys.push_back(crypto::signing_key::generate(key_random));
    identity::directory_entry entry;
    entry.node = {key_random.array<32>()};
    entry.node.raw[0] = static_cast<std::uint8_t>(i);  // in the directory's order
    entry.name = "server-" + std::to_string(i);
    entry.operated_by = entry.name;
    entry.identity = keys.back().pub();
    entry.roles = {identity::role_kind::archive};
    entry.archive_capacity_bytes = 1ull << 40;
    directory.nodes[entry.node] = entry;
  }
  net.on_loss([this](auto from, auto to) { break_connection(from, to); });
}

node_index archive_world::add(const node_id& id, archive_node& node) {
  auto index = static_cast<node_index>(nodes_.size());
  nodes_.push_back(&node);
  ids_.push_back(id);
  addresses_[id] = index;
  return index;
}

void archive_world::send(node_index from, node_index to, const archive_packet& p) {
  auto& c = between_nodes(from, to);
  if (c.broken) return;
  net.send(from, to, std::make_shared<const bytes>(codec::encode(connected_packet{c.number, p})));
}

void archive_world::deliver(node_index to, node_index from, const frame& f) {
  auto p = codec::decode<connected_packet>(*f, "packet");
  if (!p) return violation("a frame does not decode: " + p.error().message());
  auto& c = between_nodes(from, to);
  if (c.broken || c.number != p->connection) return;
  if (!nodes_[to]->running()) return break_connection(from, to);
  log.event(events.now(), to, "from " + std::to_string(from), *f, [&] { return codec::print(p->content); });
  nodes_[to]->receive(from, p->content);
}

void archive_world::break_connection(node_index a, node_index b) {
  auto& c = between_nodes(a, b);
  if (c.broken) return;
  c.broken = true;
  events.after(between(random, 5ms, 300ms), [this, a, b] {
    auto& broken = between_nodes(a, b);
    broken.broken = false;
    ++broken.number;
    for (auto [self, peer] : {std::pair{a, b}, std::pair{b, a}}) {
      if (nodes_[self]->running()) nodes_[self]->peer_lost(peer);
    }
  });
}

void archive_world::disconnect(node_index node) {
  for (node_index other = 0; other < nodes_.size(); ++other) {
    if (other != node) break_connection(node, other);
  }
}

std::set<node_id> archive_world::servers_running() const {
  std::set<node_id> running;
  for (node_index i = 0; i < servers; ++i) {
    if (nodes_[i]->running()) running.insert(ids_[i]);
  }
  return running;
}

wall_time archive_world::wall() const {
  return {1'700'000'000'000 + std::chrono::duration_cast<std::chrono::milliseconds>(events.now().time_since_epoch()).count()};
}

void archive_world::violation(const std::string& sentence) {
  log.event(events.now(), 0, "VIOLATION", sentence);
  report.violation(std::to_string(events.now().time_since_epoch().count() / 1000) + " ms: " + sentence);
}

}  // namespace holdfast::simulation

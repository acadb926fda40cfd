// What simulated archive servers, writers and readers share: the world, the directory, connections, and the ring's word on
// what is committed.
//
// Between two nodes there is a connection, in order and without loss; where the network loses a frame the connection breaks,
// both ends hear of it after a while, and what is under way by then is gone.
#pragma once

#include "protocols/archive/archive_messages.hpp"
#include "protocols/identity/identity_types.hpp"
#include "tests/simulation/core/network.hpp"
#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"
#include "tests/simulation/core/trace.hpp"

namespace holdfast::simulation {

using archive_packet = std::variant<archive::service_request, archive::service_reply>;

/// A frame with the connection it belongs to.
struct connected_packet {
  std::uint64_t connection = 0;
  archive_packet content;
};
template <class F>
bool inspect(F& f, connected_packet& x) {
  return f.fields("connection", x.connection, "content", x.content);
}

/// One end of connections.
class archive_node {
 public:
  virtual ~archive_node() = default;
  virtual bool running() const = 0;
  virtual void receive(node_index from, const archive_packet& p) = 0;
  virtual void peer_lost(node_index peer) = 0;
};

class archive_world {
 public:
  archive_world(const scenario& plan, std::uint64_t seed, bool tracing);

  const scenario& plan;
  event_queue events;
  trace log;
  run_report report;
  seeded_random random;

  std::size_t servers;
  cluster_id cluster;
  ring_id ring;
  std::vector<crypto::signing_key> keys;  ///< the servers'
  identity::directory directory;

  /// What the ring has committed, by extent.
  std::map<extent_id, archive::coding_record> committed;

  // -- nodes and connections: servers first, then clients ----------------------------------------------------------------

  network net;
  node_index add(const node_id& id, archive_node& node);
  node_index index_of(const node_id& id) const { return addresses_.at(id); }
  const node_id& id_of(node_index node) const { return ids_[node]; }
  void send(node_index from, node_index to, const archive_packet& p);
  /// Every connection of a node breaks: its process has died.
  void disconnect(node_index node);

  std::set<node_id> servers_running() const;

  wall_time wall() const;
  void violation(const std::string& sentence);

 private:
  struct connection {
    std::uint64_t number = 0;
    bool broken = false;
  };

  void deliver(node_index to, node_index from, const frame& f);
  void break_connection(node_index a, node_index b);
  connection& between_nodes(node_index a, node_index b) { return connections_[std::minmax(a, b)]; }

  std::vector<archive_node*> nodes_;
  std::vector<node_id> ids_;
  std::map<node_id, node_index> addresses_;
  std::map<std::pair<node_index, node_index>, connection> connections_;
};

}  // namespace holdfast::simulation

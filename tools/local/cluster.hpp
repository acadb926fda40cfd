// A cluster of real processes on this machine, as a folder: DIR/NAME/ holds a node's manifest, data, log and process; DIR/client.toml
// the client's profile. The manifests are the only record of what there is; the folder may be moved while all nodes are down.
#pragma once

#include <functional>

#include "tools/local/process.hpp"
#include "tools/manifest/values.hpp"

namespace holdfast::tools {

enum class node_state : std::uint8_t { starting, serving, catching_up, frozen, dead };
std::string_view to_string(node_state s);

/// A node as `local status` shows it.
struct node_status {
  std::string name;
  pid_t pid = 0;  ///< 0 while dead
  address listen, dashboard;
  node_state state = node_state::dead;
};

/// {"nodes":[{"name","pid","listen","dashboard","state"}...]}
std::string show_json(const std::vector<node_status>& nodes);
std::string show(const std::vector<node_status>& nodes);

struct up_options {
  std::uint32_t nodes = 4;
  std::uint32_t ring = 0;  ///< founding size; 0: the largest of 1, 3 and 4 for which there are nodes and that `ring_max` allows
  std::uint32_t ring_max = 7;
};

class local_cluster {
 public:
  /// `program` is the holdfast that is run; `time` bounds each wait for nodes; `say` is told of progress, a line at a time;
  /// `interrupted` is asked while waiting, and ends the wait when it holds.
  local_cluster(std::filesystem::path dir, std::filesystem::path program, std::chrono::seconds time,
                std::function<void(const std::string&)> say, std::function<bool()> interrupted);

  /// Founds a cluster in a new or empty folder; in one that has a cluster, starts what is dead. Returns when every node serves.
  /// A founding that fails takes away all it made.
  outcome up(const up_options& options);

  /// One more node; returns its name when it serves.
  result<std::string> add();

  outcome kill(const std::string& name, int signal);

  /// Returns when the node serves and has caught up. A frozen one is woken.
  outcome start(const std::string& name);

  /// Wakes what is frozen, asks all to end, and ends by force after 10 s. Data stays, unless it is purged.
  outcome down(bool purge);

  /// `tool_errc::not_a_local_cluster` if the folder is none.
  result<std::vector<node_status>> status() const;

  std::filesystem::path client_profile() const { return dir_ / "client.toml"; }

 private:
  struct node;

  outcome must_be_ours() const;
  result<std::vector<node>> nodes() const;
  result<node> find(const std::string& name) const;
  result<node> make_node(std::uint32_t number, std::uint32_t ring_max, std::uint16_t port, std::uint16_t dashboard_port) const;
  outcome found(const up_options& options);
  outcome join(const node& newcomer);
  outcome make_client_profile();
  outcome launch(const node& n, const std::vector<std::string>& flags, const environment_change& changes);
  outcome await_serving(const std::vector<node>& awaited);
  outcome wait_a_step(const node& n, std::chrono::steady_clock::time_point deadline) const;
  result<address> serving_member() const;
  result<std::string> invite(const std::string& kind);
  std::filesystem::path operator_profile() const;

  std::filesystem::path dir_, program_;
  std::chrono::seconds time_;
  std::function<void(const std::string&)> say_;
  std::function<bool()> interrupted_;
};

}  // namespace holdfast::tools

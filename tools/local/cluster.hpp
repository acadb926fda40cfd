// A cluster of real processes on this machine, as a folder: DIR/NAME/ holds a node's manifest, data, log and process; DIR/client.toml
// the client's profile. The manifests are the only record of what there is; the folder may be moved while all nodes are down.
#pragma once

#include <functional>

#include "tools/files/descriptor.hpp"
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
  std::string trouble;  ///< why it will not serve, in its own words; empty as a rule
};

/// {"nodes":[{"name","pid","listen","dashboard","state"}...]}, and "trouble" where there is any.
std::string show_json(const std::vector<node_status>& nodes);
std::string show(const std::vector<node_status>& nodes);

/// What was asked for; what was not is as it is in a cluster that is there, and by default in a new one.
struct up_options {
  std::optional<std::uint32_t> nodes;     ///< 4
  std::optional<std::uint32_t> ring;      ///< founding size: the largest of 1, 3 and 4 for which there are nodes and that `ring_max` allows
  std::optional<std::uint32_t> ring_max;  ///< 7
};

/// What a new cluster is made of.
struct founding_plan {
  std::uint32_t nodes = 4, ring = 0, ring_max = 7;
};
result<founding_plan> plan_founding(const up_options& options);

/// Whatever makes, starts, ends or removes nodes keeps others out meanwhile: `tool_errc::busy`. Waiting for nodes that stay whatever
/// comes of it keeps out nobody.
class local_cluster {
 public:
  /// `program` is the holdfast that is run; `time` bounds each wait for nodes; `say` is told of progress, a line at a time;
  /// `interrupted` is asked while waiting, and ends the wait when it holds.
  local_cluster(std::filesystem::path dir, std::filesystem::path program, std::chrono::seconds time, std::function<void(const std::string&)> say,
                std::function<bool()> interrupted);

  /// Founds a cluster in a new or empty folder; in one that has a cluster, starts what is dead and wakes what is frozen, and refuses
  /// options that the cluster does not fit. Returns when every node serves. A founding that fails takes away all it made.
  outcome up(const up_options& options);

  /// One more node; returns its name when it serves. One that was not admitted is taken away again; one that was is a member, and stays.
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

  // The folder and its nodes (cluster.cpp)
  std::filesystem::path marker() const;
  result<bool> is_ours() const;
  outcome must_be_ours() const;
  result<descriptor> keep_others_out() const;
  result<std::vector<node>> nodes() const;
  result<node> find(const std::string& name) const;
  result<node> make_node(std::uint32_t number, std::uint32_t ring_max, std::uint16_t port, std::uint16_t dashboard_port) const;
  result<node> make_next_node(const std::vector<node>& all) const;
  outcome remove(const std::filesystem::path& what) const;

  // Founding (founding.cpp)
  result<bool> make_folder() const;
  outcome found_or_undo(const up_options& options, bool folder_is_new);
  outcome found(const founding_plan& plan);
  outcome undo_founding(bool folder_is_new);
  outcome resume(const std::vector<node>& all, const up_options& options);

  // Processes (running.cpp)
  outcome join(const node& newcomer);
  outcome make_client_profile();
  outcome launch(const node& n, const std::vector<std::string>& flags, const environment_change& changes);
  outcome start_or_wake(const node& n);
  outcome end_all(const std::vector<node>& all) const;
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

// One node's folder in a local cluster: what is kept of it on disk, and how it does right now.
#pragma once

#include "tools/local/cluster.hpp"

namespace holdfast::tools {

struct local_cluster::node {
  std::string name;
  std::filesystem::path folder;
  address listen, dashboard;
  std::uint32_t ring_max = 0;

  std::filesystem::path manifest() const { return folder / "manifest.toml"; }
  std::filesystem::path data() const { return folder / "data"; }
  std::filesystem::path log() const { return folder / "node.log"; }
  std::filesystem::path process_file() const { return folder / "process"; }

  /// The number in "node-7"; 0 for other names.
  std::uint32_t number() const;

  /// It has been founded or admitted: a member of its cluster, that needs no token to start.
  bool has_joined() const;

  /// The process that was started last, if it lives.
  std::optional<process_name> process() const;

  /// From the process table, then from the node's own /health/ready.
  node_status status() const;

  /// The log's last lines, for an error.
  std::string last_words() const;

  /// Sets a log aside that has grown beyond 64 MiB; one old log is kept.
  void rotate_log() const;
};

}  // namespace holdfast::tools

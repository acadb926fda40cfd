// What a node is told when it starts; `tools/manifest` reads it from the role manifest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "protocols/identity/profile.hpp"

namespace holdfast::actors {

struct node_config {
  std::string name;
  std::string version;               ///< of the program
  std::string data;                  ///< directory: identity, logs, stores
  std::string listen, advertise;     ///< HOST:PORT; advertise is what others dial
  std::string dashboard;             ///< HOST:PORT; empty: none
  std::map<std::string, std::string> labels;
  std::set<identity::role_kind> roles;
  std::uint64_t archive_capacity_bytes = 0;  ///< 0: what the disk has, less a tenth
  std::uint64_t secondary_cache_bytes = 64ull << 20;
  std::uint64_t memory_bytes = 400ull << 20;
  std::uint32_t ring_max = 7;
  std::uint64_t uncommitted_bytes = 256ull << 30;
};

/// How a node without an identity comes by one. Ignored, with a note, by a node that has one.
struct start_choice {
  bool found = false;
  std::uint32_t ring_size = 1;
  std::string join, token;
  /// Where the founder's operator profile goes; called once, before the founder admits anybody.
  std::function<outcome(const identity::profile&)> save_operator;
};

/// Exit codes of a node, beside the general ones.
constexpr int exit_disk_failed = 74;
constexpr int exit_roles_failed = 1;

/// Runs a node until it is told to stop (SIGTERM, SIGINT) or cannot go on; prints why on standard error.
/// An error: the node did not start.
result<int> run_node(const node_config& config, const start_choice& start);

}  // namespace holdfast::actors

// What each command of `holdfast` is told: plain structs, filled by the command line and handed to the command's `run`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace holdfast::tools {

/// Common to the commands that act as a client or operator.
struct identity_options {
  std::string profile;    ///< empty: `profile_path` decides
  bool json = false;
  std::uint32_t timeout_s = 60;
};

struct node_options {
  std::string manifest, join, token;
  bool found = false, check = false, json = false, log_json = false;
  std::uint32_t ring = 1;
  std::map<std::string, std::string> settings;  ///< by key path: what flags say over the manifest
};

struct invite_options {
  identity_options as;
  std::string kind;  ///< node, client or operator
  std::string ttl = "24h";
  std::string label;  ///< who will run it; placement keeps labels apart
};
struct members_options {
  identity_options as;
};
struct revoke_options {
  identity_options as;
  std::string id;
  bool yes = false;
};
struct status_options {
  identity_options as;
};
struct dashboard_options {
  identity_options as;
};

struct profile_create_options {
  identity_options as;
  std::string join, token;
  bool passphrase = false;
};
struct profile_export_options {
  identity_options as;
  std::string file;
};
struct profile_import_options {
  identity_options as;
  std::string file;
  bool passphrase = false;
};

struct local_options {
  std::string dir;
  std::uint32_t timeout_s = 120;
};
struct local_up_options {
  local_options at;
  std::optional<std::uint32_t> nodes, ring, ring_max;  ///< what was not given depends on whether there is a cluster
};
struct local_status_options {
  local_options at;
  bool json = false;
};
struct local_add_options {
  local_options at;
};
struct local_kill_options {
  local_options at;
  std::string node, signal = "KILL";
};
struct local_start_options {
  local_options at;
  std::string node;
};
struct local_down_options {
  local_options at;
  bool purge = false;
};

struct put_options {
  identity_options as;
  std::string file, name;  ///< file "-": standard input
  std::optional<std::uint64_t> if_version;
  bool if_absent = false;
};
struct get_options {
  identity_options as;
  std::string name, output = "-";
  std::optional<std::uint64_t> version;
  std::string at;  ///< as `parse_time` reads it; empty: newest
};
struct ls_options {
  identity_options as;
  std::string name;  ///< empty: the root
  bool removed = false;
};
struct log_options {
  identity_options as;
  std::string name;
};
struct rm_options {
  identity_options as;
  std::string name;
};
struct restore_options {
  identity_options as;
  std::string name;
  std::uint64_t version = 0;
};
struct repair_options {
  identity_options as;
  std::string name;
};
struct verify_options {
  identity_options as;
  std::string name;
  std::optional<std::uint64_t> version;
};

// Each declares its flags, arguments and help on its subcommand.
void declare(CLI::App& c, node_options& o);
void declare(CLI::App& c, invite_options& o);
void declare(CLI::App& c, members_options& o);
void declare(CLI::App& c, revoke_options& o);
void declare(CLI::App& c, status_options& o);
void declare(CLI::App& c, dashboard_options& o);
void declare(CLI::App& c, profile_create_options& o);
void declare(CLI::App& c, profile_export_options& o);
void declare(CLI::App& c, profile_import_options& o);
void declare(CLI::App& c, local_up_options& o);
void declare(CLI::App& c, local_status_options& o);
void declare(CLI::App& c, local_add_options& o);
void declare(CLI::App& c, local_kill_options& o);
void declare(CLI::App& c, local_start_options& o);
void declare(CLI::App& c, local_down_options& o);
void declare(CLI::App& c, put_options& o);
void declare(CLI::App& c, get_options& o);
void declare(CLI::App& c, ls_options& o);
void declare(CLI::App& c, log_options& o);
void declare(CLI::App& c, rm_options& o);
void declare(CLI::App& c, restore_options& o);
void declare(CLI::App& c, repair_options& o);
void declare(CLI::App& c, verify_options& o);

}  // namespace holdfast::tools

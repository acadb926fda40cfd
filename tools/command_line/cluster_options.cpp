// The flags of the commands that run and operate clusters.
#include <sstream>

#include "tools/command_line/identity_flags.hpp"
#include "tools/command_line/times.hpp"
#include "tools/errors/error_table.hpp"
#include "tools/local/process.hpp"
#include "tools/manifest/keys.hpp"

namespace holdfast::tools {

namespace {

std::string keys_help() {
  std::ostringstream out;
  out << "Manifest keys, each also --set KEY=VALUE and a variable of the environment:\n";
  for (const auto& key : manifest_keys()) out << "  " << key.path << " (" << environment_name(key) << ")\n      " << key.meaning << "\n";
  out << "  labels.KEY\n      site, rack, power, ...: fragments are spread over different values\n"
      << "  [roles.router] [roles.inner-ring] [roles.archive] [roles.secondary] [roles.responsible-party] [roles.monitor]\n"
      << "      the roles it may take; without any, all six\n";
  return out.str();
}

std::string not_a_duration(const std::string& text) {
  return parse_duration(text) ? "" : "\"" + text + "\" is no duration: a number and s, m, h or d, such as 24h";
}

std::string not_a_signal(const std::string& text) { return parse_signal(text) ? "" : "\"" + text + "\" is no signal: KILL, STOP, CONT, TERM, ..."; }

void declare_local(CLI::App& c, local_options& o, bool waits) {
  c.add_option("--dir", o.dir, "the cluster's folder: node data in DIR/NAME, the client's profile in DIR/client.toml")
      ->required()->option_text("DIR");
  if (waits) c.add_option("--timeout", o.timeout_s, "seconds to wait for nodes to serve")->capture_default_str()->option_text("N");
}

}  // namespace

void declare_identity(CLI::App& c, identity_options& o) {
  c.add_option("--profile", o.profile, "profile to act as (default: HOLDFAST_PROFILE, or ~/.config/holdfast/profile.toml)")->option_text("FILE");
  c.add_flag("--json", o.json, "answer in JSON, errors too");
  c.add_option("--timeout", o.timeout_s, "seconds to wait for servers before giving up")->capture_default_str()->check(CLI::Range(1u, 86'400u))
      ->option_text("N");
}

void end_help(CLI::App& c, const std::string& text, const std::set<int>& exit_codes) {
  c.footer(text + "\n\n" + error_table::instance().exit_codes_help(exit_codes));
}

void declare(CLI::App& c, node_options& o) {
  c.add_option("--manifest", o.manifest, "the node's TOML manifest")->required()->option_text("FILE");
  auto* found = c.add_flag("--found", o.found, "found a new cluster");
  c.add_option("--ring", o.ring, "with --found: members of the first rings, 1, 3, 4 or 7; the cluster starts when so many have joined")
      ->check(CLI::IsMember({1, 3, 4, 7}))->needs(found)->capture_default_str()->option_text("N");
  auto* join = c.add_option("--join", o.join, "any member of the cluster to join")->excludes(found)->option_text("HOST:PORT");
  c.add_option("--token", o.token, "leave to join, from `holdfast invite node`; better in HOLDFAST_TOKEN, where ps does not show it")
      ->envname("HOLDFAST_TOKEN")->excludes(found)->option_text("TOKEN");
  join->excludes(found);
  c.add_flag("--check", o.check, "check the manifest, print each effective value and where it came from, and end");
  c.add_flag("--json", o.json, "with --check: print as JSON");
  c.add_flag("--log-json", o.log_json, "log in JSON, one object a line, instead of logfmt");
  for (const char* path : {"name", "data", "listen", "advertise", "dashboard"}) {
    c.add_option_function<std::string>(std::string("--") + path, [&o, path](const std::string& text) { o.settings[path] = text; },
                                       find_key(path)->meaning);
  }
  c.add_option_function<std::vector<std::string>>(
      "--set",
      [&o](const std::vector<std::string>& pairs) {
        for (const auto& pair : pairs) {
          auto equals = pair.find('=');
          if (equals == std::string::npos || !find_key(pair.substr(0, equals))) {
            throw CLI::ValidationError("--set", "\"" + pair + "\" sets no key of a manifest");
          }
          o.settings[pair.substr(0, equals)] = pair.substr(equals + 1);
        }
      },
      "any key of the manifest, over what it says")
      ->option_text("KEY=VALUE ...");
  end_help(c, "Restarted with an identity in its data folder, a node needs neither --found nor --join.\n\n" + keys_help(),
           {0, 1, 2, 4, 5, 7, 8, 10, 11, 74});
}

void declare(CLI::App& c, invite_options& o) {
  c.add_option("kind", o.kind, "node, client or operator")->required()->check(CLI::IsMember({"node", "client", "operator"}));
  c.add_option("--ttl", o.ttl, "how long the token may be used, once: 90s, 15m, 24h, 7d")->capture_default_str()->check(not_a_duration)
      ->option_text("TIME");
  c.add_option("--label", o.label, "who will run it: fragments are spread over different labels")->option_text("TEXT");
  declare_identity(c, o.as);
  end_help(c, "Prints one token, which is used once. Takes an operator's profile.", {0, 1, 2, 7, 8, 9});
}

void declare(CLI::App& c, members_options& o) {
  declare_identity(c, o.as);
  end_help(c, "By the word of one node that answers. Takes an operator's profile.", {0, 1, 2, 7, 8});
}

void declare(CLI::App& c, revoke_options& o) {
  c.add_option("id", o.id, "the member's id, whole; a name, or first digits, shows whose id that is")->required();
  c.add_flag("--yes", o.yes, "that is meant; without it nothing is revoked");
  declare_identity(c, o.as);
  end_help(c, "A revoked member is refused by every other. This cannot be taken back; it may join again with a new token.", {0, 1, 2, 5, 7, 8, 9});
}

void declare(CLI::App& c, status_options& o) {
  declare_identity(c, o.as);
  end_help(c, "By the word of one node that answers. Takes an operator's profile.", {0, 1, 2, 7, 8});
}

void declare(CLI::App& c, dashboard_options& o) {
  declare_identity(c, o.as);
  end_help(c, "Prints a link that signs your browser in to a node's dashboard. Takes an operator's profile.", {0, 1, 2, 5, 7, 8});
}

void declare(CLI::App& c, local_up_options& o) {
  declare_local(c, o.at, true);
  c.add_option("--nodes", o.nodes, "processes (default of a new cluster: 4)")->check(CLI::Range(1u, 64u))->option_text("N");
  c.add_option("--ring", o.ring, "members of the first rings (default: the largest of 1, 3 and 4 that nodes and --ring-max allow)")
      ->check(CLI::IsMember({1, 3, 4, 7}))->option_text("N");
  c.add_option("--ring-max", o.ring_max, "rings grow to at most this many members (default of a new cluster: 7)")
      ->check(CLI::IsMember({1, 3, 4, 7, 10}))->option_text("N");
  end_help(c, "In a folder that has a cluster already: starts the nodes that are dead and wakes those that are frozen.", {0, 1, 2, 6, 7, 8, 130});
}

void declare(CLI::App& c, local_status_options& o) {
  declare_local(c, o.at, false);
  c.add_flag("--json", o.json, "answer in JSON");
  end_help(c, "One line a node.", {0, 1, 2});
}

void declare(CLI::App& c, local_add_options& o) {
  declare_local(c, o.at, true);
  end_help(c, "Prints the new node's name.", {0, 1, 2, 8, 130});
}

void declare(CLI::App& c, local_kill_options& o) {
  c.add_option("node", o.node, "node-1, node-2, ...")->required();
  c.add_option("--signal", o.signal, "which signal, with or without SIG: KILL, STOP, CONT, TERM, ...")->capture_default_str()->check(not_a_signal)
      ->option_text("SIGNAL");
  declare_local(c, o.at, false);
  end_help(c, "`holdfast local start NODE` starts it again, or wakes it.", {0, 1, 2, 5, 8});
}

void declare(CLI::App& c, local_start_options& o) {
  c.add_option("node", o.node, "node-1, node-2, ...")->required();
  declare_local(c, o.at, true);
  end_help(c, "`holdfast local status` lists the nodes.", {0, 1, 2, 5, 8, 130});
}

void declare(CLI::App& c, local_down_options& o) {
  declare_local(c, o.at, false);
  c.add_flag("--purge", o.purge, "delete the folder with all its data, too");
  end_help(c, "`holdfast local up` starts them again.", {0, 1, 2, 8});
}

}  // namespace holdfast::tools

// `holdfast node`: runs one node with the roles of its manifest, or only checks the manifest.
#include <filesystem>
#include <iostream>

#include "actors/base/log.hpp"
#include "actors/node/node_config.hpp"
#include "protocols/identity/join.hpp"
#include "tools/commands/commands.hpp"
#include "tools/errors/error_table.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/manifest/manifest.hpp"
#include "tools/manifest/values.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

namespace {

actors::node_config config_from(const node_settings& s) {
  actors::node_config c;
  c.name = s.name;
  c.version = HOLDFAST_VERSION;
  c.data = s.data.front();
  c.listen = to_string(s.listen);
  c.advertise = to_string(s.dialled());
  if (s.dashboard) c.dashboard = to_string(*s.dashboard);
  c.labels = s.labels;
  c.roles = s.roles;
  c.archive_capacity_bytes = s.archive_capacity_bytes;
  c.secondary_cache_bytes = s.secondary_cache_bytes;
  c.memory_bytes = s.memory_bytes;
  c.ring_max = s.ring_max;
  c.uncommitted_bytes = s.uncommitted_bytes;
  return c;
}

/// A manifest's complaints are meant for editors and people alike: one a line, nothing before or behind.
int refuse(const error& why, bool json) {
  if (json || !why.is(tool_errc::bad_manifest)) return report(why, json, situation::running_node);
  std::cerr << why.message() << std::endl;
  return exit_code(why);
}

}  // namespace

int run(const node_options& o) {
  bool json = o.check && o.json;
  if (!o.join.empty() && !parse_address(o.join)) {
    return report(error(tool_errc::bad_address, "\"" + o.join + "\" (--join) is no address"), json, situation::running_node);
  }
  auto configuration = load_configuration(o.manifest, o.settings);
  if (!configuration) return refuse(configuration.error(), json);
  if (o.check) {
    std::cout << (o.json ? show_json(*configuration) : show(*configuration)) << std::endl;
    return 0;
  }
  auto config = config_from(configuration->settings);
  actors::log::options log;
  log.json = o.log_json;
  log.node = config.name;
  actors::log::configure(log);
  actors::start_choice start{o.found, o.ring, o.join, o.token, {}};
  start.save_operator = [&config](const identity::profile& p) {
    return save_profile(std::filesystem::path(config.data) / "operator.toml", p, std::nullopt, identity::everyday_stretching, true);
  };
  auto ended = actors::run_node(config, start);
  if (ended) return *ended;
  // Looked at only where it was needed: a node that has joined long ago may be started with whatever is left in its environment.
  bool no_token = ended.error().is(errc::malformed) && !o.token.empty() && !identity::parse_token(o.token);
  return report(no_token ? error(tool_errc::bad_token, ended.error().message()) : ended.error(), false, situation::running_node);
}

}  // namespace holdfast::tools

#include "tools/local/cluster.hpp"

#include <signal.h>

#include <fstream>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/local/node_folder.hpp"
#include "tools/local/ports.hpp"
#include "tools/manifest/manifest.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view marker = ".holdfast-local";  ///< by which `down --purge` knows a folder of ours
constexpr std::uint32_t nodes_max = 64;
constexpr auto step = 100ms;         ///< between two looks at nodes that start
constexpr auto end_gracefully = 10s;

/// What a node of ours must not inherit: the manifest alone says how it runs.
environment_change without_settings() {
  environment_change changes;
  for (const auto& key : manifest_keys()) changes[environment_name(key)] = std::nullopt;
  return changes;
}

std::string manifest_text(const std::string& name, const address& listen, const address& dashboard, std::uint32_t ring_max) {
  return "# Written by `holdfast local`. Ports are kept over restarts.\nname = \"" + name + "\"\ndata = \"data\"\nlisten = \"" + to_string(listen) +
         "\"\ndashboard = \"" + to_string(dashboard) + "\"\n\n[limits]\nring-max = " + std::to_string(ring_max) + "\n";
}

std::uint32_t founding_size(const up_options& options) {
  if (options.ring != 0) return options.ring;
  auto most = std::min(options.nodes, options.ring_max);
  return most >= 4 ? 4 : most >= 3 ? 3 : 1;
}

}  // namespace

local_cluster::local_cluster(fs::path dir, fs::path program, std::chrono::seconds time, std::function<void(const std::string&)> say,
                             std::function<bool()> interrupted)
    : dir_(fs::absolute(dir).lexically_normal()),
      program_(std::move(program)),
      time_(time),
      say_(std::move(say)),
      interrupted_(std::move(interrupted)) {}

outcome local_cluster::must_be_ours() const {
  if (fs::exists(dir_ / marker)) return {};
  return fail(tool_errc::not_a_local_cluster, dir_.string() + " holds no local cluster");
}

result<std::vector<local_cluster::node>> local_cluster::nodes() const {
  if (auto ours = must_be_ours(); !ours) return fail(ours.error());
  std::vector<node> all;
  std::error_code why;
  for (const auto& entry : fs::directory_iterator(dir_, why)) {
    node n{entry.path().filename().string(), entry.path(), {}, {}};
    if (!fs::exists(n.manifest())) continue;
    auto text = read_file(n.manifest(), manifest_bytes_max);
    if (!text) return fail(text.error());
    auto c = parse_manifest(*text, n.manifest().string());
    if (!c.complaints.empty()) return fail(tool_errc::bad_manifest, to_string(c.complaints.front()));
    n.listen = c.settings.listen;
    n.dashboard = c.settings.dashboard.value_or(address{});
    all.push_back(std::move(n));
  }
  std::ranges::sort(all, {}, [](const node& n) { return std::pair(n.number(), n.name); });
  return all;
}

result<local_cluster::node> local_cluster::find(const std::string& name) const {
  auto all = nodes();
  if (!all) return fail(all.error());
  auto found = std::ranges::find(*all, name, &node::name);
  if (found == all->end()) return fail(tool_errc::no_such_node, "there is no node " + name + " in " + dir_.string());
  return *found;
}

result<local_cluster::node> local_cluster::make_node(std::uint32_t number, std::uint32_t ring_max, std::uint16_t port,
                                                     std::uint16_t dashboard_port) const {
  auto name = "node-" + std::to_string(number);
  node n{name, dir_ / name, {"127.0.0.1", port}, {"127.0.0.1", dashboard_port}};
  if (auto written = write_private_file(n.manifest(), manifest_text(name, n.listen, n.dashboard, ring_max)); !written) return fail(written.error());
  return n;
}

fs::path local_cluster::operator_profile() const { return dir_ / "node-1" / "data" / "operator.toml"; }

outcome local_cluster::up(const up_options& options) {
  if (fs::exists(dir_ / marker)) {
    auto all = nodes();
    if (!all) return fail(all.error());
    for (const auto& n : *all) {
      if (n.process()) continue;
      say_("starting " + n.name);
      if (auto launched = launch(n, {}, {}); !launched) return launched;
    }
    return await_serving(*all);
  }
  std::error_code why;
  bool existed = fs::exists(dir_);
  if (existed && !fs::is_empty(dir_, why)) return fail(tool_errc::not_a_local_cluster, dir_.string() + " is not empty, and holds no local cluster");
  if (options.nodes < 1 || options.nodes > nodes_max) return fail(tool_errc::usage, "a local cluster has 1 to 64 nodes");
  if (auto ring = founding_size(options); ring > options.nodes) {
    return fail(tool_errc::usage, "a ring of " + std::to_string(ring) + " needs as many nodes; there are " + std::to_string(options.nodes));
  }
  if (auto written = write_private_file(dir_ / marker, "made by `holdfast local up`\n"); !written) return written;
  auto founded = found(options);
  if (!founded) {
    say_("it failed; taking away what was made");
    if (auto ended = down(true); !ended) return fail(founded.error().message().empty() ? ended.error() : founded.error());
    if (existed) fs::create_directory(dir_, why);
  }
  return founded;
}

outcome local_cluster::found(const up_options& options) {
  auto ports = pick_free_ports(2 * std::size_t{options.nodes}, {});
  if (!ports) return fail(ports.error());
  std::vector<node> all;
  for (std::uint32_t i = 0; i < options.nodes; ++i) {
    auto n = make_node(i + 1, options.ring_max, (*ports)[2 * i], (*ports)[2 * i + 1]);
    if (!n) return fail(n.error());
    all.push_back(std::move(*n));
  }
  auto ring = founding_size(options);
  say_("node-1 founds a cluster with a ring of " + std::to_string(ring));
  if (auto launched = launch(all[0], {"--found", "--ring", std::to_string(ring)}, {}); !launched) return launched;
  auto deadline = clock::now() + time_;
  while (!fs::exists(operator_profile())) {
    if (auto waited = wait_a_step(all[0], deadline); !waited) return waited;
  }
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (auto joined = join(all[i]); !joined) return joined;
  }
  if (auto serving = await_serving(all); !serving) return serving;
  return make_client_profile();
}

outcome local_cluster::join(const node& newcomer) {
  auto founder = find("node-1");
  if (!founder) return fail(founder.error());
  auto member = serving_member();
  auto address = member ? *member : founder->listen;  // until genesis is complete the founder alone admits, and nobody serves
  auto token = invite("node");
  if (!token) return fail(token.error());
  say_(newcomer.name + " joins at " + to_string(address));
  return launch(newcomer, {"--join", to_string(address)}, {{"HOLDFAST_TOKEN", *token}});
}

result<std::string> local_cluster::invite(const std::string& kind) {
  return run_and_read({program_.string(), "invite", kind, "--profile", operator_profile().string()}, without_settings(), time_);
}

outcome local_cluster::make_client_profile() {
  auto member = serving_member();
  if (!member) return fail(member.error());
  auto token = invite("client");
  if (!token) return fail(token.error());
  auto changes = without_settings();
  changes["HOLDFAST_TOKEN"] = *token;
  std::vector<std::string> command{program_.string(), "profile", "create", "--join", to_string(*member), "--profile", client_profile().string()};
  auto made = run_and_read(command, changes, time_);
  if (!made) return fail(made.error());
  return {};
}

result<address> local_cluster::serving_member() const {
  auto all = status();
  if (!all) return fail(all.error());
  auto found = std::ranges::find(*all, node_state::serving, &node_status::state);
  if (found == all->end()) return fail(errc::unavailable, "no node of " + dir_.string() + " is serving");
  return found->listen;
}

outcome local_cluster::launch(const node& n, const std::vector<std::string>& flags, const environment_change& changes) {
  std::vector<std::string> command{program_.string(), "node", "--manifest", n.manifest().string()};
  command.insert(command.end(), flags.begin(), flags.end());
  auto all_changes = without_settings();
  for (const auto& [name, value] : changes) all_changes[name] = value;
  n.rotate_log();
  auto p = spawn(command, all_changes, n.log());
  if (!p) return fail(p.error());
  return write_private_file(n.process_file(), print(*p));
}

outcome local_cluster::await_serving(const std::vector<node>& awaited) {
  auto deadline = clock::now() + time_;
  for (const auto& n : awaited) {
    while (n.status().state != node_state::serving) {
      if (auto waited = wait_a_step(n, deadline); !waited) return waited;
    }
    say_(n.name + " is serving");
  }
  return {};
}

/// A tenth of a second, or less if the node ends: nothing will come of it then.
outcome local_cluster::wait_a_step(const node& n, clock::time_point deadline) const {
  if (interrupted_()) return fail(tool_errc::interrupted, "interrupted while waiting for " + n.name);
  auto p = n.process();
  if (!p || gone_within(*p, step)) return fail(tool_errc::process_failed, n.name + " ended; " + n.last_words());
  if (clock::now() < deadline) return {};
  return fail(tool_errc::not_in_time, n.name + " is still " + std::string(to_string(n.status().state)) + " after " + std::to_string(time_.count()) +
                                          " s; " + n.last_words());
}

result<std::string> local_cluster::add() {
  auto all = nodes();
  if (!all) return fail(all.error());
  if (all->empty() || all->size() >= nodes_max) return fail(tool_errc::usage, "a local cluster has 1 to 64 nodes");
  std::set<std::uint16_t> taken;
  for (const auto& n : *all) taken.insert({n.listen.port, n.dashboard.port});
  auto ports = pick_free_ports(2, taken);
  if (!ports) return fail(ports.error());
  auto settings = load_configuration(all->front().manifest().string(), {});
  if (!settings) return fail(settings.error());
  auto n = make_node(all->back().number() + 1, settings->settings.ring_max, (*ports)[0], (*ports)[1]);
  if (!n) return fail(n.error());
  auto joined = join(*n);
  if (joined) joined = await_serving({*n});
  if (!joined) return fail(joined.error());
  return n->name;
}

outcome local_cluster::kill(const std::string& name, int signal) {
  auto n = find(name);
  if (!n) return fail(n.error());
  auto p = n->process();
  if (!p || !send_signal(*p, signal)) return fail(tool_errc::no_such_node, name + " is dead already");
  if (signal == SIGKILL && !gone_within(*p, 10s)) return fail(tool_errc::not_in_time, name + " is still there 10 s after it was killed");
  if (signal == SIGSTOP) {
    auto deadline = clock::now() + 10s;
    while (state_of(*p) == process_state::running && clock::now() < deadline) gone_within(*p, 1ms);
  }
  return {};
}

outcome local_cluster::start(const std::string& name) {
  auto n = find(name);
  if (!n) return fail(n.error());
  if (auto p = n->process()) {
    send_signal(*p, SIGCONT);
  } else if (auto launched = launch(*n, {}, {}); !launched) {
    return launched;
  }
  return await_serving({*n});
}

outcome local_cluster::down(bool purge) {
  auto all = nodes();
  if (!all) return fail(all.error());
  std::vector<process_name> living;
  for (const auto& n : *all) {
    if (auto p = n.process()) living.push_back(*p);
  }
  for (const auto& p : living) {
    send_signal(p, SIGTERM);
    send_signal(p, SIGCONT);  // second, so that a frozen one wakes to it
  }
  auto deadline = clock::now() + end_gracefully;
  for (const auto& p : living) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
    if (gone_within(p, std::max(left, 0ms))) continue;
    send_signal(p, SIGKILL);
    if (!gone_within(p, 10s)) return fail(tool_errc::not_in_time, "process " + std::to_string(p.pid) + " is still there 10 s after it was killed");
  }
  if (!purge) return {};
  std::error_code why;
  fs::remove_all(dir_, why);
  if (why) return fail(tool_errc::file_failed, "cannot remove " + dir_.string() + ": " + why.message());
  return {};
}

result<std::vector<node_status>> local_cluster::status() const {
  auto all = nodes();
  if (!all) return fail(all.error());
  std::vector<node_status> out;
  for (const auto& n : *all) out.push_back(n.status());
  return out;
}

}  // namespace holdfast::tools

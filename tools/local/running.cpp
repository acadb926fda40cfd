// The processes of a local cluster: how nodes are launched, waited for and ended, and the commands that let them in.
#include <signal.h>

#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/local/node_folder.hpp"
#include "tools/manifest/manifest.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto step = 100ms;  ///< between two looks at nodes that start
constexpr auto end_gracefully = 10s;

/// What a node of ours must not inherit: the manifest alone says how it runs.
environment_change without_settings() {
  environment_change changes;
  for (const auto& key : manifest_keys()) changes[environment_name(key)] = std::nullopt;
  return changes;
}

}  // namespace

// -- who is let in, and by whom -------------------------------------------------------------------------------------

fs::path local_cluster::operator_profile() const { return dir_ / "node-1" / "data" / "operator.toml"; }

result<address> local_cluster::serving_member() const {
  auto all = status();
  if (!all) return fail(all.error());
  auto found = std::ranges::find(*all, node_state::serving, &node_status::state);
  if (found == all->end()) return fail(tool_errc::none_serving, "no node of " + dir_.string() + " is serving");
  return found->listen;
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

// -- their processes ------------------------------------------------------------------------------------------------

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

outcome local_cluster::start_or_wake(const node& n) {
  if (auto p = n.process()) {
    if (state_of(*p) == process_state::stopped) say_("waking " + n.name);
    send_signal(*p, SIGCONT);
    return {};
  }
  say_("starting " + n.name);
  return launch(n, {}, {});
}

outcome local_cluster::end_all(const std::vector<node>& all) const {
  std::vector<process_name> living;
  for (const auto& n : all) {
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
  return {};
}

outcome local_cluster::await_serving(const std::vector<node>& awaited) {
  auto deadline = clock::now() + time_;
  for (const auto& n : awaited) {
    for (auto now = n.status(); now.state != node_state::serving; now = n.status()) {
      if (!now.trouble.empty()) return fail(tool_errc::cannot_serve, n.name + " will not serve: " + now.trouble);
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
  return fail(tool_errc::not_in_time,
              n.name + " is still " + std::string(to_string(n.status().state)) + " after " + std::to_string(time_.count()) + " s; " + n.last_words());
}

}  // namespace holdfast::tools

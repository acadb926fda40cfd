// A local cluster's folder and its nodes: what there is of them, and one more, one less.
#include "tools/local/cluster.hpp"

#include <signal.h>
#include <unistd.h>

#include <set>

#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/local/cluster_lock.hpp"
#include "tools/local/node_folder.hpp"
#include "tools/local/ports.hpp"
#include "tools/manifest/manifest.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t nodes_max = 64;

std::string manifest_text(const std::string& name, const address& listen, const address& dashboard, std::uint32_t ring_max) {
  return "# Written by `holdfast local`. Ports are kept over restarts.\nname = \"" + name + "\"\ndata = \"data\"\nlisten = \"" + to_string(listen) +
         "\"\ndashboard = \"" + to_string(dashboard) + "\"\n\n[limits]\nring-max = " + std::to_string(ring_max) + "\n";
}

tl::unexpected<error> cannot(const char* what, const fs::path& path, const std::error_code& why) {
  return fail(tool_errc::file_failed, std::string("cannot ") + what + " " + path.string() + ": " + why.message());
}

/// As it is where the folder that we are in is gone: no path leads from there.
fs::path whole(const fs::path& dir) {
  std::error_code why;
  auto path = fs::absolute(dir, why);
  return (why ? dir : path).lexically_normal();
}

}  // namespace

local_cluster::local_cluster(fs::path dir, fs::path program, std::chrono::seconds time, std::function<void(const std::string&)> say,
                             std::function<bool()> interrupted)
    : dir_(whole(dir)), program_(std::move(program)), time_(time), say_(std::move(say)), interrupted_(std::move(interrupted)) {}

// -- the folder -----------------------------------------------------------------------------------------------------

/// By which `down --purge` knows a folder of ours.
fs::path local_cluster::marker() const { return dir_ / ".holdfast-local"; }

result<bool> local_cluster::is_ours() const {
  if (dir_.empty()) return fail(tool_errc::usage, "--dir names no folder");
  std::error_code why;
  bool ours = fs::exists(marker(), why);
  if (why) return cannot("look into", dir_, why);
  return ours;
}

outcome local_cluster::must_be_ours() const {
  auto ours = is_ours();
  if (!ours) return fail(ours.error());
  if (!*ours) return fail(tool_errc::not_a_local_cluster, dir_.string() + " holds no local cluster");
  return {};
}

result<descriptor> local_cluster::keep_others_out() const {
  if (auto ours = must_be_ours(); !ours) return fail(ours.error());
  return lock_cluster(marker(), marker_file::must_exist);
}

result<std::vector<local_cluster::node>> local_cluster::nodes() const {
  if (auto ours = must_be_ours(); !ours) return fail(ours.error());
  std::vector<node> all;
  std::error_code why;
  for (fs::directory_iterator entry(dir_, why), end; !why && entry != end; entry.increment(why)) {
    node n{entry->path().filename().string(), entry->path(), {}, {}};
    std::error_code not_readable;  // which reading it says better
    if (!fs::exists(n.manifest(), not_readable) && !not_readable) continue;
    auto text = read_file(n.manifest(), manifest_bytes_max);
    if (!text) return fail(text.error());
    auto c = parse_manifest(*text, n.manifest().string());
    if (!c.complaints.empty()) return fail(tool_errc::bad_manifest, to_string(c.complaints.front()));
    n.listen = c.settings.listen;
    n.dashboard = c.settings.dashboard.value_or(address{});
    n.ring_max = c.settings.ring_max;
    all.push_back(std::move(n));
  }
  if (why) return cannot("look into", dir_, why);
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
  node n{name, dir_ / name, {"127.0.0.1", port}, {"127.0.0.1", dashboard_port}, ring_max};
  if (auto written = write_private_file(n.manifest(), manifest_text(name, n.listen, n.dashboard, ring_max)); !written) return fail(written.error());
  return n;
}

result<local_cluster::node> local_cluster::make_next_node(const std::vector<node>& all) const {
  if (all.empty() || all.size() >= nodes_max) return fail(tool_errc::usage, "a local cluster has 1 to 64 nodes");
  std::set<std::uint16_t> taken;
  for (const auto& n : all) taken.insert({n.listen.port, n.dashboard.port});
  auto ports = pick_free_ports(2, taken);
  if (!ports) return fail(ports.error());
  return make_node(all.back().number() + 1, all.front().ring_max, (*ports)[0], (*ports)[1]);
}

outcome local_cluster::remove(const fs::path& what) const {
  std::error_code why;
  fs::remove_all(what, why);
  if (why) return cannot("remove", what, why);
  return {};
}

result<std::vector<node_status>> local_cluster::status() const {
  auto all = nodes();
  if (!all) return fail(all.error());
  std::vector<node_status> out;
  for (const auto& n : *all) out.push_back(n.status());
  return out;
}

// -- its nodes ------------------------------------------------------------------------------------------------------

result<std::string> local_cluster::add() {
  auto lock = keep_others_out();
  if (!lock) return fail(lock.error());
  if (auto member = serving_member(); !member) return fail(member.error());
  auto all = nodes();
  if (!all) return fail(all.error());
  auto n = make_next_node(*all);
  if (!n) return fail(n.error());
  auto joined = join(*n);
  if (joined) joined = await_serving({*n});
  if (joined) return n->name;
  if (n->has_joined()) {
    say_(n->name + " is a member of the cluster by now, and stays: `holdfast local start " + n->name + " --dir " + dir_.string() + "`");
    return fail(joined.error());
  }
  say_("it failed; taking away what was made");
  auto undone = end_all({*n});
  if (undone) undone = remove(n->folder);
  if (!undone) say_(undone.error().message());
  return fail(joined.error());
}

outcome local_cluster::kill(const std::string& name, int signal) {
  auto lock = keep_others_out();
  if (!lock) return fail(lock.error());
  auto n = find(name);
  if (!n) return fail(n.error());
  auto p = n->process();
  if (!p || !send_signal(*p, signal)) return fail(tool_errc::not_running, name + " is not running");
  if (signal == SIGKILL && !gone_within(*p, 10s)) return fail(tool_errc::not_in_time, name + " is still there 10 s after it was killed");
  if (signal == SIGSTOP) {
    auto deadline = clock::now() + 10s;
    while (state_of(*p) == process_state::running && clock::now() < deadline) gone_within(*p, 1ms);
  }
  return {};
}

outcome local_cluster::start(const std::string& name) {
  auto lock = keep_others_out();
  if (!lock) return fail(lock.error());
  auto n = find(name);
  if (!n) return fail(n.error());
  if (auto begun = start_or_wake(*n); !begun) return begun;
  lock->reset();
  return await_serving({*n});
}

outcome local_cluster::down(bool purge) {
  auto lock = keep_others_out();
  if (!lock) return fail(lock.error());
  auto all = nodes();
  if (!all) return fail(all.error());
  if (auto ended = end_all(*all); !ended) return ended;
  return purge ? remove(dir_) : outcome{};
}

}  // namespace holdfast::tools

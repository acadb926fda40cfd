// How a local cluster begins, and how one that is there is taken up again.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "tools/errors/tool_error.hpp"
#include "tools/local/cluster_lock.hpp"
#include "tools/local/node_folder.hpp"
#include "tools/local/ports.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

result<founding_plan> plan_founding(const up_options& options) {
  founding_plan plan{options.nodes.value_or(4), 0, options.ring_max.value_or(7)};
  auto most = std::min(plan.nodes, plan.ring_max);
  plan.ring = options.ring.value_or(most >= 4 ? 4 : most >= 3 ? 3 : 1);
  if (plan.nodes < 1 || plan.nodes > 64) return fail(tool_errc::usage, "a local cluster has 1 to 64 nodes");
  if (plan.ring > plan.nodes) {
    return fail(tool_errc::usage, "a ring of " + std::to_string(plan.ring) + " needs as many nodes; there are " + std::to_string(plan.nodes));
  }
  if (plan.ring > plan.ring_max) {
    return fail(tool_errc::usage,
                "a ring of " + std::to_string(plan.ring) + " is larger than --ring-max " + std::to_string(plan.ring_max) + " allows");
  }
  return plan;
}

outcome local_cluster::up(const up_options& options) {
  auto ours = is_ours();
  if (!ours) return fail(ours.error());
  bool folder_is_new = false;
  if (!*ours) {
    if (auto plan = plan_founding(options); !plan) return fail(plan.error());
    auto made = make_folder();
    if (!made) return fail(made.error());
    folder_is_new = *made;
  }
  auto lock = lock_cluster(marker(), marker_file::is_made);
  if (!lock) return fail(lock.error());
  auto all = nodes();
  if (!all) return fail(all.error());
  if (all->empty()) return found_or_undo(options, folder_is_new);
  if (auto begun = resume(*all, options); !begun) return begun;
  lock->reset();
  return await_serving(*all);
}

// -- a new one ------------------------------------------------------------------------------------------------------

/// True if there was no folder before. One with anything in it is somebody else's.
result<bool> local_cluster::make_folder() const {
  std::error_code why;
  if (fs::exists(dir_, why)) {
    bool empty = fs::is_directory(dir_, why) && fs::is_empty(dir_, why);
    if (!why && !empty) return fail(tool_errc::not_a_local_cluster, dir_.string() + " is not an empty folder, and holds no local cluster");
    if (!why) return false;
  }
  if (!why) fs::create_directories(dir_.parent_path(), why);
  if (why) return fail(tool_errc::file_failed, "cannot make a cluster in " + dir_.string() + ": " + why.message());
  if (::mkdir(dir_.c_str(), 0700) == 0) return true;
  if (errno == EEXIST) return false;
  return fail(tool_errc::file_failed, "cannot make the folder " + dir_.string() + ": " + std::strerror(errno));
}

outcome local_cluster::found_or_undo(const up_options& options, bool folder_is_new) {
  auto plan = plan_founding(options);
  if (!plan) return fail(plan.error());
  auto founded = found(*plan);
  if (founded) return founded;
  say_("it failed; taking away what was made");
  if (auto undone = undo_founding(folder_is_new); !undone) say_(undone.error().message());
  return founded;
}

outcome local_cluster::found(const founding_plan& plan) {
  auto ports = pick_free_ports(2 * std::size_t{plan.nodes}, {});
  if (!ports) return fail(ports.error());
  std::vector<node> all;
  for (std::uint32_t i = 0; i < plan.nodes; ++i) {
    auto n = make_node(i + 1, plan.ring_max, (*ports)[2 * i], (*ports)[2 * i + 1]);
    if (!n) return fail(n.error());
    all.push_back(std::move(*n));
  }
  say_("node-1 founds a cluster with a ring of " + std::to_string(plan.ring));
  if (auto launched = launch(all[0], {"--found", "--ring", std::to_string(plan.ring)}, {}); !launched) return launched;
  auto deadline = clock::now() + time_;
  std::error_code ignored;  // it is not there yet
  while (!fs::exists(operator_profile(), ignored)) {
    if (auto waited = wait_a_step(all[0], deadline); !waited) return waited;
  }
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (auto joined = join(all[i]); !joined) return joined;
  }
  if (auto serving = await_serving(all); !serving) return serving;
  return make_client_profile();
}

/// A folder that was there before stays, empty as it was.
outcome local_cluster::undo_founding(bool folder_is_new) {
  auto all = nodes();
  if (!all) return fail(all.error());
  if (auto ended = end_all(*all); !ended) return ended;
  if (folder_is_new) return remove(dir_);
  for (const auto& n : *all) {
    if (auto removed = remove(n.folder); !removed) return removed;
  }
  if (auto removed = remove(client_profile()); !removed) return removed;
  return remove(marker());
}

// -- one that is there ----------------------------------------------------------------------------------------------

outcome local_cluster::resume(const std::vector<node>& all, const up_options& options) {
  auto here = "the cluster in " + dir_.string();
  if (options.nodes && *options.nodes != all.size()) {
    return fail(tool_errc::usage, here + " has " + std::to_string(all.size()) +
                                      " nodes; leave out --nodes, and make one more with `holdfast local add --dir " + dir_.string() + "`");
  }
  if (options.ring_max && *options.ring_max != all.front().ring_max) {
    return fail(tool_errc::usage, here + " was founded with --ring-max " + std::to_string(all.front().ring_max) +
                                      ", and keeps it; leave it out, or found another cluster in a new folder");
  }
  if (options.ring) say_("--ring is for a new cluster; " + here + " was founded before, and keeps its rings");
  for (const auto& n : all) {
    if (auto begun = start_or_wake(n); !begun) return begun;
  }
  return {};
}

}  // namespace holdfast::tools

// `holdfast local`: a cluster of real processes on this machine.
#include <signal.h>

#include <atomic>
#include <iostream>

#include "tools/commands/commands.hpp"
#include "tools/local/cluster.hpp"

namespace holdfast::tools {

namespace {

std::atomic<bool> interrupted = false;

/// Ctrl-C is heeded where a wait can be given up, so that a founding can be undone.
void heed_interrupts() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = true; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

local_cluster cluster_at(const local_options& at) {
  heed_interrupts();
  return {at.dir, own_program(), std::chrono::seconds(at.timeout_s), [](const std::string& line) { std::cerr << line << std::endl; },
          [] { return interrupted.load(); }};
}

int done(const outcome& o) { return o ? 0 : report(o.error()); }

}  // namespace

int run(const local_up_options& o) {
  auto cluster = cluster_at(o.at);
  auto up = cluster.up({o.nodes, o.ring, o.ring_max});
  if (!up) return report(up.error());
  auto nodes = cluster.status();
  if (!nodes) return report(nodes.error());
  std::cout << show(*nodes) << "\nkeep something: holdfast put FILE NAME --profile " << cluster.client_profile().string() << std::endl;
  return 0;
}

int run(const local_status_options& o) {
  auto nodes = cluster_at(o.at).status();
  if (!nodes) return report(nodes.error(), o.json);
  std::cout << (o.json ? show_json(*nodes) + "\n" : show(*nodes)) << std::flush;
  return 0;
}

int run(const local_add_options& o) {
  auto name = cluster_at(o.at).add();
  if (!name) return report(name.error());
  std::cout << *name << std::endl;
  return 0;
}

int run(const local_kill_options& o) { return done(cluster_at(o.at).kill(o.node, parse_signal(o.signal).value())); }

int run(const local_start_options& o) { return done(cluster_at(o.at).start(o.node)); }

int run(const local_down_options& o) { return done(cluster_at(o.at).down(o.purge)); }

}  // namespace holdfast::tools

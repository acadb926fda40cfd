// A node's life: open the data, come by an identity, start the links, then the roles under their supervisors; wait for a
// signal; end in the reverse order.
#include <csignal>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"
#include "actors/node/node_roles.hpp"
#include "actors/node/node_start.hpp"
#include "actors/node/open_files.hpp"

namespace holdfast::actors {

namespace {

using introspection::severity;
using namespace std::chrono_literals;

constexpr auto graceful_end = 10s;  ///< from the first SIGTERM; a second one ends the process at once

/// Signals are waited for by the main thread alone; every other thread is started with them blocked.
sigset_t block_signals() {
  sigset_t waited;
  sigemptyset(&waited);
  sigaddset(&waited, SIGTERM);
  sigaddset(&waited, SIGINT);
  pthread_sigmask(SIG_BLOCK, &waited, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return waited;
}

/// A signal within `patience`, or 0.
int wait_for_signal(const sigset_t& waited, std::chrono::milliseconds patience) {
  timespec limit{patience.count() / 1000, patience.count() % 1000 * 1'000'000};
  auto got = sigtimedwait(&waited, nullptr, &limit);
  return got > 0 ? got : 0;
}

link_config links_for(const node_services& s, const node_identity& identity) {
  link_config config;
  config.tls = identity.tls;
  config.self.cluster = identity.cluster;
  config.self.member = identity.node;
  config.self.boot = s.boot;
  if (!identity.node.is_zero()) config.self.admission = codec::encode(identity.admission);
  config.verify = [trust = s.trust](bytes_view admission, const digest& tls_key, wall_time now) {
    return trust->verify_peer(admission, tls_key, now);
  };
  return config;
}

result<void> listen(caf::actor_system& system, const node_services& s) {
  caf::scoped_actor self{system};
  outcome listening_now = fail(errc::unavailable, "the links did not start on " + s.config.listen);
  self->request(s.link.manager, 5s, listen_atom::value, s.config.listen)
      .receive([&](const listening& l) { listening_now = l.port ? outcome{} : outcome(fail(l.port.error())); }, [](const caf::error&) {});
  return listening_now;
}

constexpr int database_damaged = -1;  ///< no exit code: the node starts again, with what is good in its database

/// Reads the whole database once beside the node's work; ends early when the node does.
std::jthread check_database(std::shared_ptr<storage::database> database) {
  return std::jthread([database = std::move(database)](std::stop_token stop) {
    static_cast<void>(database->check([&] { return !stop.stop_requested(); }));  // what it finds, `damaged` tells
  });
}

/// Waits for a signal or a failure that ends the node. The exit code, or `database_damaged`.
int live(node_services& s, node_roles& roles, const sigset_t& signals) {
  for (;;) {
    if (s.configured.exchange(false)) roles.start_rings();
    if (s.disk_failed) {
      log::error("a write to the disk failed; nothing more is acknowledged and the node ends", {{"data", s.config.data}});
      return exit_disk_failed;
    }
    if (s.database->damaged()) {
      log::error("the database is damaged; the node starts again with what is good in it", {{"data", s.config.data}});
      return database_damaged;
    }
    if (s.roles_failed) {
      log::error("the node's roles cannot be kept alive; see the events above");
      return exit_roles_failed;
    }
    if (wait_for_signal(signals, 100ms)) return 0;
  }
}

/// From opening the data to closing it. The exit code, or `database_damaged`.
result<int> run_once(const node_config& config, const start_choice& choice, const sigset_t& signals, bool known_damaged) {
  auto s = std::make_shared<node_services>();
  s->config = config;
  s->started = wall_now();
  auto directory = storage::data_directory::open(storage::real_file_system(), config.data);
  if (!directory) return fail(directory.error());
  s->directory = std::make_unique<storage::data_directory>(std::move(*directory));
  s->boot = s->directory->boot();

  auto plan = plan_start(*s->directory, config, choice, *s->board);
  if (!plan) return fail(plan.error());
  if (auto ok = link::check(plan->identity.tls); !ok) return fail(ok.error());
  s->trust = std::make_shared<trust_store>(plan->identity.cluster, plan->identity.founding.has_value());
  if (!plan->token) {
    if (auto adopted = s->trust->adopt(plan->identity.chain); !adopted) return fail(adopted.error());
  }
  if (auto opened = open_stores(*s, known_damaged); !opened) return fail(opened.error());

  caf::actor_system_config system_config;
  configure_links(system_config);
  caf::actor_system system{system_config};
  system.await_actors_before_shutdown(false);
  s->link = start_links(system, links_for(*s, plan->identity));
  int exit_code = 0;
  auto lived = [&]() -> outcome {
    if (auto ok = listen(system, *s); !ok) return ok;
    if (auto entered = enter_cluster(system, *s, std::move(*plan), choice); !entered) return entered;
    log::info("node starts",
              {{"name", config.name}, {"node", s->self().brief()}, {"cluster", s->trust->cluster().brief()}, {"listen", config.listen}});
    if (auto identity = s->keeper->get(); identity->founding && identity->founding->ring_size > 1) {
      log::info("the cluster starts when " + std::to_string(identity->founding->ring_size) + " ring-capable nodes are here, this one included",
                {{"tokens", "holdfast invite node --profile " + s->directory->at("operator.toml")}});
    }
    node_roles roles{system, s};
    if (auto started = roles.start(); !started) return started;
    auto check = check_database(s->database);
    exit_code = live(*s, roles, signals);
    check.request_stop();
    log::info("node ends", {{"name", config.name}});
    // Whoever asks a second time means it.
    std::thread impatient([signals, &roles] {
      for (int waited_ms = 0; !roles.ended(); waited_ms += 100) {
        if (wait_for_signal(signals, 100ms) || waited_ms >= std::chrono::milliseconds(graceful_end).count()) _exit(1);
      }
    });
    roles.stop();
    impatient.join();
    return {};
  }();
  caf::anon_send(s->link.manager, close_atom::value);
  s->log->close();
  s->stores->close();
  s->compute->close();
  s->let_go();
  if (!lived) return fail(lived.error());
  return exit_code;
}

}  // namespace

result<int> run_node(const node_config& config, const start_choice& choice) {
  auto signals = block_signals();
  raise_open_files();
  auto ended = run_once(config, choice, signals, false);
  while (ended && *ended == database_damaged) ended = run_once(config, choice, signals, true);
  return ended;
}

}  // namespace holdfast::actors

#include "actors/node/windows.hpp"

#include <charconv>
#include <unistd.h>

#include "actors/node/node_metrics.hpp"
#include "actors/node/watching.hpp"

namespace holdfast::actors {

using introspection::life;

life state_of(const node_services& s) {
  if (s.revoked || !s.rings()) return life::starting;
  auto directory = s.trust->directory();
  if (!directory) return life::starting;
  auto listed = directory->nodes.find(s.self());
  if (listed == directory->nodes.end()) return life::starting;
  if (listed->second.roles != s.config.roles || listed->second.address != s.config.advertise) return life::starting;
  auto configuration = s.trust->configuration();
  auto rings = s.board->rings();
  if (configuration->root.seat_of(s.self()) && rings.size() < 2) return life::starting;
  for (const auto& ring : rings) {
    if (ring.state == life::mute || ring.state == life::dead) return life::mute;
    if (ring.state != life::serving) return ring.state;
  }
  return life::serving;
}

namespace {

/// What keeps the node from serving for as long as nobody does something about it.
std::string trouble_of(const std::weak_ptr<node_services>& services) {
  auto alive = services.lock();
  return alive && alive->revoked ? std::string(admission_revoked) : std::string();
}

}  // namespace

supervised_child plan_monitor(caf::actor_system& system, const services_ptr& s, const std::shared_ptr<view_window>& window) {
  supervised_child child;
  child.spec.id = "monitor";
  child.probe = "monitor";
  child.start = watching(s->link.port, [&system, s, window] {
    monitor_config config;
    config.self.id = s->self();
    config.self.name = s->config.name;
    config.self.address = s->config.advertise;
    config.self.dashboard = s->config.dashboard;
    config.self.version = s->config.version;
    config.self.boot_id = s->boot;
    config.self.pid = static_cast<std::uint64_t>(getpid());
    config.self.started = s->started;
    config.self.roles = s->config.roles;
    config.self.labels = s->config.labels;
    config.trust = s->trust;
    config.links = s->link.port;
    config.board = s->board;
    config.window = window;
    std::weak_ptr<node_services> weak = s;
    config.state = [weak] {
      auto alive = weak.lock();
      return alive ? state_of(*alive) : life::dead;
    };
    config.trouble = [weak] { return trouble_of(weak); };
    config.counters = [weak] {
      auto alive = weak.lock();
      return alive ? status_counters(*alive) : std::map<std::string, std::uint64_t>();
    };
    return caf::actor_cast<caf::actor>(spawn_monitor(system, std::move(config)));
  });
  return child;
}

result<std::unique_ptr<introspection::dashboard_server>> start_dashboard(const services_ptr& s, const std::shared_ptr<view_window>& window) {
  constexpr std::size_t key_bytes_max = 256;
  auto& address = s->config.dashboard;
  if (address.empty()) return std::unique_ptr<introspection::dashboard_server>();
  auto& files = s->directory->files();
  auto path = s->directory->at("dashboard.key");
  auto known = storage::read_file(files, path, key_bytes_max);
  introspection::dashboard_config config;
  config.key = known ? std::string(as_text(*known)) : introspection::fresh_dashboard_key();
  if (!known) {
    if (auto kept = storage::replace_file(files, s->directory->path(), "dashboard.key", as_bytes_view(config.key)); !kept) return fail(kept.error());
  }
  auto colon = address.rfind(':');
  config.address = address.substr(0, colon);
  config.hosts = {s->config.advertise.substr(0, s->config.advertise.rfind(':'))};
  if (config.address.starts_with('[')) config.address = config.address.substr(1, config.address.size() - 2);
  std::from_chars(address.data() + colon + 1, address.data() + address.size(), config.port);
  config.snapshot = [window] { return window->look(); };
  std::weak_ptr<node_services> weak = s;
  config.state = [weak] {
    auto alive = weak.lock();
    return alive ? state_of(*alive) : life::dead;
  };
  config.trouble = [weak] { return trouble_of(weak); };
  config.metrics = [weak] {
    auto alive = weak.lock();
    return alive ? metrics_page(*alive, state_of(*alive)) : std::string();
  };
  auto server = introspection::dashboard_server::start(std::move(config));
  if (server) window->set_sign_in((*server)->sign_in_url());
  return server;
}

}  // namespace holdfast::actors

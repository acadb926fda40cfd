// The real dashboard over a scripted cluster of seven: what the browser test looks at when no cluster runs.
//
// Prints the sign-in link on its first line. Commands on standard input, one a line: `kill NODE`, `freeze NODE`, `start NODE`, `quit`;
// each is answered by `ok`. The figures move by themselves. Time is the machine's; nothing else of it is read.
#include <chrono>
#include <cmath>
#include <atomic>
#include <condition_variable>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "introspection/dashboard/dashboard_server.hpp"
#include "introspection/metrics/exposition.hpp"

namespace holdfast::introspection {
namespace {

wall_time now() {
  return {std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

class scripted_cluster {
 public:
  static constexpr int size = 7;

  scripted_cluster() {
    for (int i = 0; i < size; ++i) {
      node_status s;
      s.id.raw[0] = static_cast<std::uint8_t>(0x11 * (i + 1));
      s.name = "node-" + std::to_string(i + 1);
      s.address = "127.0.0.1:" + std::to_string(7400 + i);
      s.version = "0.1.0";
      s.boot_id = 1;
      s.started = now() - std::chrono::minutes(47 + 3 * i);
      s.state = life::serving;
      s.doing = "serves";
      s.roles = {identity::role_kind::router, identity::role_kind::archive, identity::role_kind::secondary};
      nodes_.push_back({.book = status_book(s), .seen = life::serving, .since = now()});
      nodes_.back().status = s;
    }
    nodes_[0].book.happened(now() - std::chrono::minutes(47), severity::info, "founded", "object", "founded the cluster with a ring of four");
    nodes_[2].book.happened(now() - std::chrono::minutes(9), severity::warning, "actor-died", "secondary",
                            "secondary died (read of block 9f2c41aa: fragment root does not match) and was started again");
    nodes_[4].book.happened(now() - std::chrono::minutes(2), severity::info, "text", "<script>alert(1)</script>",
                            "published <img src=x onerror=alert(1)> & \"quotes\"");
    advance();
  }

  std::shared_ptr<const cluster_view> view() {
    std::lock_guard lock(mutex_);
    return view_;
  }

  bool set(const std::string& name, life state) {
    std::lock_guard lock(mutex_);
    for (auto& n : nodes_) {
      if (n.status.name != name) continue;
      n.seen = state;
      n.since = now();
      auto& witness = nodes_[name == "node-1" ? 1 : 0].book;
      if (state == life::serving) {
        witness.happened(now(), severity::info, "node-heard", name, name + " answers again and catches up");
        n.status.started = now();
      } else {
        witness.happened(now(), severity::warning, "node-silent", name, name + " does not answer any more");
      }
      short_ = state == life::serving ? 0 : 14;
      advance();
      return true;
    }
    return false;
  }

  void step() {
    std::lock_guard lock(mutex_);
    ++steps_;
    advance();
  }

 private:
  struct member {
    status_book book;
    status_mirror mirror = {};
    life seen;
    wall_time since;
    node_status status = {};
  };

  std::uint64_t wave(int phase, double low, double high) const {
    auto slow = 0.5 + 0.5 * std::sin(steps_ * 0.13 + phase * 1.7);
    auto quick = 0.85 + 0.15 * std::sin(steps_ * 0.71 + phase);
    return static_cast<std::uint64_t>(low + (high - low) * slow * quick);
  }

  void advance() {
    cluster_observation seen{.observer = nodes_[0].status.id, .now = now()};
    seen.cluster.raw.fill(0xc4);
    auto& rings = seen.configuration.emplace();
    rings.object.id.raw.fill(0x0b);
    rings.root.id.raw.fill(0x70);
    for (int i = 0; i < 4; ++i) {
      rings.object.seats.push_back({.node = nodes_[i].status.id});
      rings.root.seats.push_back({.node = nodes_[i].status.id});
    }
    for (int i = 0; i < size; ++i) {
      auto& n = nodes_[i];
      if (n.seen == life::serving) {
        live(i);
        n.mirror.apply(n.book.answer(n.mirror.next()));
      }
      seen.nodes.push_back({.id = n.status.id, .name = n.status.name, .address = n.status.address, .roles = n.status.roles, .seen = n.seen,
                            .since = n.seen == life::serving ? now() : n.since, .mirror = &n.mirror});
    }
    view_ = std::make_shared<const cluster_view>(build_view(seen));
  }

  void live(int i) {
    auto& n = nodes_[i];
    bool leader_gone = nodes_[0].seen != life::serving;
    n.status.memory_rss_bytes = (180 + 9 * i) * (1ull << 20) + wave(i, 0, 4e6);
    n.status.archive = archive_status{.extents = 1204u + static_cast<unsigned>(i),
                                      .bytes = (38ull << 30) + steps_ * 400'000,
                                      .capacity_bytes = 100ull << 30,
                                      .rebuilding = short_ ? 2u : 0u};
    n.status.secondary = secondary_status{.held_bytes = 61ull << 20, .budget_bytes = 64ull << 20, .blocks = 310, .records = 120, .heads = 12,
                                          .announced = 48, .hits = 900 + steps_ * 3, .misses = 340};
    n.status.rings.clear();
    if (i < 4) {
      for (auto* label : {"object", "root"}) {
        ring_status r{.label = label, .seat = static_cast<std::uint32_t>(i), .seats = 4, .state = life::serving, .view = leader_gone ? 4u : 3u,
                      .primary = nodes_[leader_gone ? 1 : 0].status.id};
        r.id.raw.fill(label[0] == 'o' ? 0x0b : 0x70);
        r.executed = r.certified = label[0] == 'o' ? 48'211 + steps_ * 31 : 1'204 + steps_ / 10;
        if (label[0] == 'o') {
          r.extents = 1210;
          r.extents_short = r.slots_missing = short_;
        }
        n.status.rings.push_back(r);
      }
    }
    n.book.node(n.status);
    add(i, "router", "router", "node", 40, 2'400, "locates by name; knows 7 nodes");
    add(i, "archive", "archive", "node", 20, 900, "verifies and keeps fragments");
    add(i, "secondary", "secondary", "node", 10, 1'500, "serves cached blocks: 61.2 MiB of 64");
    add(i, "supervisor/roles", "supervisor", "", 0, 3, "watches six roles, one-for-one");
    add(i, "store/archive", "store", "node", 30, 600, "writes extents; group commit of 4 ms");
    if (i < 4) {
      add(i, "inner-ring/object", "inner-ring", "supervisor/roles", 300, 2'900, "executes batches in view 3");
      add(i, "inner-ring/root", "inner-ring", "supervisor/roles", 1, 12, "executes batches in view 3");
      add(i, "responsible-party", "responsible-party", "supervisor/roles", 0, 4, "keeps the directory, version 9");
    }
    if (i == 0) add(i, "monitor", "monitor", "supervisor/roles", 6, 14, "hears seven nodes");
    for (int peer = 0; peer < size; ++peer) {
      if (peer == i) continue;
      bool up = nodes_[peer].seen == life::serving;
      auto* doing = up ? "speaks TLS, three connections" : "dials again in 2 s";
      add(i, "link/" + nodes_[peer].status.name, "link", "links", up ? 10 : 0, up ? 400 : 0, doing);
    }
  }

  void add(int i, const std::string& id, const std::string& role, const std::string& parent, double low, double high, const std::string& doing) {
    auto phase = static_cast<int>(std::hash<std::string>{}(id) % 17) + i;
    auto rate = wave(phase, low, high);
    handled_[std::to_string(i) + id] += rate;
    bool died = i == 2 && id == "secondary";
    auto& node = nodes_[i];
    node.book.actor({.id = id,
                     .role = role,
                     .parent = parent,
                     .state = life::serving,
                     .doing = doing,
                     .mailbox_depth = static_cast<std::uint32_t>(rate / 400),
                     .mailbox_high_water = static_cast<std::uint32_t>(high / 60),
                     .handled_total = handled_[std::to_string(i) + id],
                     .handled_per_s = static_cast<std::uint32_t>(rate),
                     .latency_p50_us = static_cast<std::uint32_t>(18 + phase * 5),
                     .latency_p99_us = static_cast<std::uint32_t>(140 + phase * 90),
                     .restarts = died ? 1u : 0u,
                     .last_death = died ? "read of block 9f2c41aa: fragment root does not match" : "",
                     .started = died ? node.status.started + std::chrono::minutes(38) : node.status.started});
  }

  std::mutex mutex_;
  std::vector<member> nodes_;
  std::map<std::string, std::uint64_t> handled_;
  std::uint64_t steps_ = 0, short_ = 0;
  std::shared_ptr<const cluster_view> view_;
};

int run() {
  scripted_cluster cluster;
  std::atomic<std::uint64_t> asked{0};
  dashboard_config config{.key = fresh_dashboard_key(),
                          .snapshot = [&] {
                            ++asked;
                            return cluster.view();
                          },
                          .state = [] { return life::serving; },
                          .metrics = [&] {
                            exposition page;
                            page.counter("holdfast_web_views_total", "Views given out.", asked);
                            return page.text();
                          }};
  auto server = dashboard_server::start(config);
  if (!server) {
    std::cerr << server.error().message() << '\n';
    return 1;
  }
  std::cout << (*server)->sign_in_url() << std::endl;

  std::mutex mutex;
  std::condition_variable wake;
  bool over = false;
  std::thread clock([&] {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, std::chrono::milliseconds(500), [&] { return over; })) cluster.step();
  });
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string verb, name;
    words >> verb >> name;
    if (verb == "quit") break;
    auto state = verb == "kill" ? life::dead : verb == "freeze" ? life::frozen : life::serving;
    std::cout << (cluster.set(name, state) ? "ok" : "no such node") << std::endl;
  }
  {
    std::lock_guard lock(mutex);
    over = true;
  }
  wake.notify_all();
  clock.join();
  return 0;
}

}  // namespace
}  // namespace holdfast::introspection

int main() { return holdfast::introspection::run(); }

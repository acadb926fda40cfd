#include "actors/monitor/monitor.hpp"

#include "actors/base/memory.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"
#include "introspection/status/monitor_messages.hpp"
#include "introspection/status/status_json.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/link/link_limits.hpp"
#include "protocols/membership/failure_detector.hpp"

namespace holdfast::actors {

namespace {

using namespace introspection;
using namespace std::chrono_literals;
using membership::verdict;

constexpr auto beat_interval = 500ms;
constexpr auto poll_interval = 100ms;      ///< as the failure detector wants it
constexpr auto report_patience = 3s;
constexpr std::size_t view_json_bytes_max = link::limits::message_bytes_max - 64;  ///< with what says that it is a view

/// A line for a person; nothing while all is well.
std::string what_it_waits_for(const node_status& node) {
  for (const auto& ring : node.rings) {
    if (!ring.doing.empty()) return ring.doing;
  }
  return node.state == life::starting ? "waits for the rings and for its place in the directory" : "";
}

struct monitor_state {
  monitor_state() = default;
  static inline const char* name = "monitor";

  struct watched {
    status_mirror mirror;
    life seen = life::starting;
    wall_time since, heard;
    std::uint32_t round_trip_us = 0;
    bool asked = false, linked = false;
  };
  std::map<node_id, watched> nodes;
  std::uint64_t events_copied = 0, views = 0;
};

class monitor_role final : public role_actor<monitor_actor, monitor_state> {
 public:
  monitor_role(caf::actor_config& base, probe_ptr probe, monitor_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)), book_(config_.self), detector_(membership::detector_config{}) {}

  behavior_type make_behavior() override {
    auto me = caf::actor_cast<caf::actor>(this);
    set_default_handler(caf::drop);  // watchers of links are told more than this role needs
    config_.links->subscribe(link::message_kind::monitor, me);
    config_.links->hear(me);
    send(this, monitor_beat_atom::value);
    send(this, monitor_poll_atom::value);
    return {
        [this](const inbound& m) { on_inbound(m); },
        [this](monitor_answer& a) { on_answer(a); },
        [this](const peer_up& e) { on_link(e.peer->id, e.peer->kind, true); },
        [this](const peer_down& e) {
          if (e.lane == link::traffic_class::foreground) on_link(e.peer->id, e.peer->kind, false);
        },
        [this](const peer_heard& e) { on_heard(e.peer, e.round_trip); },
        [this](monitor_beat_atom) { on_beat(); },
        [this](monitor_poll_atom) {
          send_later(this, poll_interval, monitor_poll_atom::value);
          for (auto& change : detector_.poll(steady_now())) on_change(change);
        },
    };
  }

 private:
  // -- who is alive -------------------------------------------------------------------------------------------------

  void on_link(const node_id& peer, identity::member_kind kind, bool up) {
    if (kind != identity::member_kind::node) return;
    auto node = state.nodes.find(peer);
    if (node == state.nodes.end()) return;
    node->second.linked = up;
    if (up) return on_heard(peer, duration(0));
    if (auto change = detector_.disconnected(peer, steady_now())) return on_change(*change);
    if (node->second.seen == life::frozen) turn(peer, node->second, life::dead);  // it was silent before its connection ended
  }

  void on_heard(const node_id& peer, duration round_trip) {
    auto node = state.nodes.find(peer);
    if (node == state.nodes.end()) return;
    node->second.heard = wall_now();
    node->second.linked = true;
    if (round_trip.count() > 0) node->second.round_trip_us = static_cast<std::uint32_t>(round_trip.count());
    if (node->second.seen == life::starting) turn(peer, node->second, life::serving);
    if (auto change = detector_.heard(peer, steady_now())) on_change(*change);
  }

  void on_change(const membership::failure_detector::change& change) {
    auto node = state.nodes.find(change.peer);
    if (node == state.nodes.end()) return;
    auto seen = change.now == verdict::alive     ? life::serving
                : change.now == verdict::suspect ? life::suspect
                : node->second.linked            ? life::frozen
                                                 : life::dead;
    turn(change.peer, node->second, seen);
  }

  void turn(const node_id& peer, monitor_state::watched& node, life seen) {
    if (node.seen == seen) return;
    auto before = node.seen;
    node.seen = seen;
    node.since = wall_now();
    auto name = config_.trust->name_of(peer);
    if (seen == life::dead || seen == life::frozen) {
      config_.board->note(severity::warning, "node-silent", name,
                          name + (seen == life::dead ? " is gone: its connections are closed" : " does not answer, though it is connected"));
    } else if (seen == life::serving && (before == life::dead || before == life::frozen)) {
      config_.board->note(severity::info, "node-returned", name, name + " answers again");
    }
  }

  // -- questions and reports ----------------------------------------------------------------------------------------

  void on_inbound(const inbound& m) {
    if (!m.wants_reply()) return;
    auto request = codec::decode<monitor_request>(m.body(), "monitor request");
    if (!request) return;
    monitor_reply reply = no_view{};
    write_book();  // whoever asks hears what is so now, not what was at the last beat
    if (auto* wanted = std::get_if<report_request>(&*request)) {
      reply = book_.answer(*wanted);
    } else if (std::holds_alternative<sign_in_request>(*request)) {
      if (auto url = config_.window->sign_in(); m.from->admitted && !url.empty()) reply = sign_in_reply{std::move(url)};
    } else if (show(); auto view = config_.window->look()) {
      if (auto text = view_text(*view, view_json_bytes_max); !text.empty()) reply = view_reply{std::move(text)};
    }
    static_cast<void>(config_.links->reply(m, make_payload(codec::encode(reply))));
  }

  void on_answer(monitor_answer& answer) {
    auto node = state.nodes.find(answer.from);
    if (node == state.nodes.end()) return;
    node->second.asked = false;
    if (!answer.report || !check(*answer.report, answer.from)) return;
    settle_times(*answer.report, wall_now());
    node->second.mirror.apply(std::move(*answer.report));
    on_heard(answer.from, duration(0));
  }

  void ask(const node_id& peer, monitor_state::watched& node) {
    if (node.asked || !config_.links->is_up(peer, link::traffic_class::foreground)) return;
    node.asked = true;
    outgoing m;
    m.to = peer;
    m.kind = link::message_kind::monitor;
    m.payload = make_payload(codec::encode(monitor_request(node.mirror.next())));
    config_.links->request(std::move(m), report_patience, [me = caf::actor_cast<caf::actor>(this), peer](result<inbound> answer) {
      monitor_answer a{peer, std::nullopt};
      if (answer) {
        auto reply = codec::decode<monitor_reply>(answer->body(), "report");
        if (reply && std::holds_alternative<report>(*reply)) a.report = std::get<report>(std::move(*reply));
      }
      caf::anon_send(me, std::move(a));
    });
  }

  // -- the beat -----------------------------------------------------------------------------------------------------

  void on_beat() {
    send_later(this, beat_interval, monitor_beat_atom::value);
    watch_directory();
    write_book();
    for (auto& [id, node] : state.nodes) ask(id, node);
    show();
    probe().say(life::serving, "watches " + std::to_string(state.nodes.size()) + " other nodes");
  }

  void watch_directory() {
    auto directory = config_.trust->directory();
    if (!directory) return;
    for (const auto& [id, entry] : directory->nodes) {
      if (id == config_.self.id || directory->revoked.contains(id) || state.nodes.contains(id)) continue;
      state.nodes[id].since = wall_now();
      detector_.watch(id, steady_now());
      state.nodes[id].linked = config_.links->is_up(id, link::traffic_class::foreground);
    }
    for (auto node = state.nodes.begin(); node != state.nodes.end();) {
      bool listed = directory->nodes.contains(node->first) && !directory->revoked.contains(node->first);
      if (!listed) detector_.forget(node->first);
      node = listed ? std::next(node) : state.nodes.erase(node);
    }
  }

  void write_book() {
    auto now = config_.self;
    now.state = config_.state();
    now.rings = config_.board->rings();
    now.doing = config_.trouble ? config_.trouble() : std::string();
    if (now.doing.empty()) now.doing = what_it_waits_for(now);
    now.archive = config_.board->archive();
    now.secondary = config_.board->secondary();
    now.memory_rss_bytes = resident_bytes();
    if (config_.counters) now.counters = config_.counters();
    for (const auto& [id, node] : state.nodes) now.peers[id] = {node.seen, node.round_trip_us, node.heard};
    book_.node(std::move(now));
    for (auto& [id, actor] : config_.board->actors()) book_.actor(actor);
    for (auto& e : config_.board->events(state.events_copied)) {
      book_.happened(e.time, e.weight, e.kind, e.subject, e.sentence);
      state.events_copied = e.sequence;
    }
  }

  void show() {
    cluster_observation seen;
    seen.cluster = config_.trust->cluster();
    seen.configuration = config_.trust->configuration();
    seen.observer = config_.self.id;
    seen.now = wall_now();
    own_.apply(book_.answer(own_.next()));
    seen.nodes.push_back(
        {config_.self.id, config_.self.name, config_.self.address, config_.self.roles, config_.state(), config_.self.started, &own_});
    auto directory = config_.trust->directory();
    for (const auto& [id, node] : state.nodes) {
      auto entry = directory->nodes.find(id);
      if (entry == directory->nodes.end()) continue;
      seen.nodes.push_back({id, entry->second.name, entry->second.address, entry->second.roles, node.seen, node.since, &node.mirror});
    }
    auto view = build_view(seen);
    view.sequence = ++state.views;
    config_.window->show(std::make_shared<const cluster_view>(std::move(view)));
  }

  monitor_config config_;
  status_book book_;
  status_mirror own_;
  membership::failure_detector detector_;
};

}  // namespace

monitor_actor spawn_monitor(caf::actor_system& system, monitor_config config) {
  auto probe = config.board->enroll("monitor", "monitor", "supervisor/windows");
  return system.spawn<monitor_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

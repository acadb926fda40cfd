#include "actors/router/router_role.hpp"

#include "actors/base/log.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"
#include "protocols/mesh/router.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;

constexpr auto root_patience = std::chrono::seconds(3);

struct router_role_state {
  router_role_state() = default;
  static inline const char* name = "router";

  std::unique_ptr<mesh::router> engine;
  std::uint64_t directory_version = 0;
  std::map<std::uint64_t, std::function<void(const result<std::vector<mesh::signed_pointer>>&)>> searches;  ///< what to do with the answer
  std::uint64_t last_search = 0;
  std::map<caf::actor_addr, std::set<mesh::guid>> publishers;  ///< what each said of itself
};

class router_role final : public role_actor<router_actor, router_role_state> {
 public:
  router_role(caf::actor_config& base, probe_ptr probe, router_role_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override {
    state.engine = std::make_unique<mesh::router>(mesh::router_config{config_.trust->cluster(), config_.self}, config_.key);
    probe().say(life::starting, "waits for the directory");
    send(this, mesh_tick_atom::value);
    set_down_handler([this](const caf::down_msg& down) { forget(down.source); });
    return {
        [this](const inbound& m) { on_inbound(m); },
        [this](const mesh_reply_in& in) { carry(state.engine->on_reply(read_clock(), in.request, in.reply)); },
        [this](mesh_tick_atom) {
          heed_directory();
          carry(state.engine->on_timer(read_clock()));
          send_later(this, mesh::router::tick, mesh_tick_atom::value);
        },
        [this](mesh_publish_atom, const mesh::guid& what) { return mesh_published{publish(what)}; },
        [this](mesh_withdraw_atom, const mesh::guid& what) {
          auto publisher = state.publishers.find(caf::actor_cast<caf::actor_addr>(current_sender()));
          if (publisher != state.publishers.end() && publisher->second.erase(what) > 0) withdraw(what);
        },
        [this](mesh_locate_atom, const mesh::guid& what) -> caf::result<mesh_located> {
          auto promise = make_response_promise<mesh_located>();
          locate(what, [promise](const result<std::vector<mesh::signed_pointer>>& found) mutable {
            promise.deliver(mesh_located{found ? result<std::vector<node_id>>(servers_of(*found)) : fail(found.error())});
          });
          return promise;
        },
        [this](mesh_route_atom, const mesh::guid& what) { return mesh_root{state.engine->route(what)}; },
    };
  }

 private:
  void heed_directory() {
    auto directory = config_.trust->directory();
    if (directory && directory->version > state.directory_version) {
      state.directory_version = directory->version;
      state.engine->on_directory(directory);
    }
    if (state.directory_version == 0) return;
    probe().say(life::serving, "publishes " + std::to_string(state.engine->published()) + " names, keeps " +
                                   std::to_string(state.engine->pointers_kept()) + " pointers as a root");
  }

  // -- what this node publishes ---------------------------------------------------------------------------------------

  outcome publish(const mesh::guid& what) {
    if (auto accepted = state.engine->publish(what); !accepted) return accepted;
    auto who = caf::actor_cast<caf::actor_addr>(current_sender());
    if (!state.publishers.contains(who)) monitor(who);
    state.publishers[who].insert(what);
    return {};
  }

  /// The node serves it no longer, unless another of its actors does.
  void withdraw(const mesh::guid& what) {
    for (const auto& [who, published] : state.publishers) {
      if (published.contains(what)) return;
    }
    carry(state.engine->unpublish(read_clock(), what));
  }

  /// A publisher has died, and with it what it served; its next life publishes for itself.
  void forget(const caf::actor_addr& publisher) {
    auto gone = state.publishers.extract(publisher);
    if (gone.empty()) return;
    for (const auto& what : gone.mapped()) withdraw(what);
  }

  // -- searching ------------------------------------------------------------------------------------------------------

  template <class Done>
  void locate(const mesh::guid& what, Done done) {
    auto search = ++state.last_search;
    state.searches.emplace(search, std::move(done));
    carry(state.engine->locate(read_clock(), search, what));
  }

  /// The engine has opened them.
  static std::vector<node_id> servers_of(const std::vector<mesh::signed_pointer>& pointers) {
    std::vector<node_id> servers;
    for (const auto& p : pointers) servers.push_back(p.peek()->server);
    return servers;
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  void on_inbound(inbound m) {
    if (!m.from->admitted || !m.wants_reply()) return;
    auto request = codec::decode<mesh::service_request>(m.body(), "mesh request");
    m.payload.reset();
    if (!request) return reply(m, refusal_of(request.error()));
    auto* wanted = std::get_if<mesh::locate_pointers>(&*request);
    if (!wanted) return reply(m, state.engine->on_request(read_clock(), m.from->id, *request));
    locate(wanted->what, [this, m](const result<std::vector<mesh::signed_pointer>>& found) {
      reply(m, found ? mesh::service_reply(mesh::known_pointers{*found}) : refusal_of(found.error()));
    });
  }

  static mesh::service_reply refusal_of(const error& e) { return mesh::refused{e.code(), e.message().substr(0, mesh::sentence_bytes_max)}; }

  /// Whoever asked and does not hear it hears from other roots, or asks again.
  void reply(const inbound& to, const mesh::service_reply& what) {
    static_cast<void>(config_.links->reply(to, make_payload(codec::encode(what))));
  }

  void carry(mesh::router_step step) {
    for (const auto& a : step.answers) {
      auto search = state.searches.extract(a.ticket);
      if (!search.empty()) search.mapped()(a.pointers);
    }
    for (const auto& s : step.sends) ask(s);
  }

  void ask(const mesh::router_step::send& s) {
    outgoing m{s.to, link::traffic_class::foreground, link::message_kind::mesh, make_payload(codec::encode(s.what))};
    auto self = caf::actor_cast<caf::actor>(this);
    config_.links->request(std::move(m), root_patience, [self, request = s.request](result<inbound> reply) {
      mesh_reply_in in{request, fail(errc::unavailable, "the root did not answer")};
      if (reply) in.reply = codec::decode<mesh::service_reply>(reply->body(), "mesh reply");
      caf::anon_send(self, std::move(in));
    });
  }

  router_role_config config_;
};

}  // namespace

router_actor spawn_router_role(caf::actor_system& system, router_role_config config) {
  auto probe = config.board->enroll("router", "router", "supervisor/data");
  return system.spawn<router_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

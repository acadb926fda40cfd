#include "actors/replica/replica_role.hpp"

#include "actors/base/log.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"
#include "protocols/replica/secondary_replica.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using link::traffic_class;

constexpr auto ring_patience = std::chrono::seconds(35);  // the asker gives up by itself before
constexpr auto router_patience = std::chrono::seconds(5);
constexpr auto beat = std::chrono::seconds(1);

struct replica_role_state {
  replica_role_state() = default;
  static inline const char* name = "secondary";

  std::unique_ptr<replica::secondary_replica> engine;
  std::map<std::uint64_t, inbound> readers;  ///< their questions, without their bodies
  std::uint64_t last_reader = 0;
  router_actor router;  ///< the one that was told what is announced
  bool ticking = false;
};

mesh::guid guid_of(const aguid& object) { return mesh::guid_of("object", object); }

std::string in_mebibytes(std::uint64_t bytes) {
  auto tenths = bytes * 10 / (1u << 20);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

class replica_role final : public role_actor<replica_actor, replica_role_state> {
 public:
  replica_role(caf::actor_config& base, probe_ptr probe, replica_role_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override {
    set_default_handler(caf::drop);  // watchers of links are told more than this role needs
    state.engine = std::make_unique<replica::secondary_replica>(replica::replica_config{
        config_.cluster, config_.ring, config_.budget_bytes, request_base_of(archive_asker::secondary)});
    send(this, replica_beat_atom::value);
    return {
        [this](const inbound& m) { m.kind == link::message_kind::archive ? on_archive(m) : on_reader(m); },
        [this](const peer_down& e) {
          if (e.lane == traffic_class::foreground) carry(state.engine->on_peer_lost(read_clock(), e.peer->id));
        },
        [this](const dial_failed& e) { carry(state.engine->on_peer_lost(read_clock(), e.peer)); },
        [this](replica_tick_atom) {
          state.ticking = false;
          carry(state.engine->on_timer(read_clock()));
        },
        [this](replica_beat_atom) {
          heed_router();
          publish_status();
          send_later(this, beat, replica_beat_atom::value);
        },
    };
  }

 private:
  // -- messages -------------------------------------------------------------------------------------------------------

  /// Members may read: what is held is sealed, and of no use without the owner's keys.
  void on_reader(inbound m) {
    if (!m.from->admitted || !m.wants_reply()) return;
    auto request = codec::decode<replica::service_request>(m.body(), "replica request");
    m.payload.reset();
    if (!request) {
      log::debug("replica request refused", {{"peer", m.from->name}, {"why", request.error().message()}});
      auto sentence = request.error().message().substr(0, replica::sentence_bytes_max);
      return reply(m, make_payload(codec::encode(replica::service_reply(replica::refusal{errc::malformed, std::move(sentence)}))));
    }
    auto from = m.from->id;
    auto reader = ++state.last_reader;
    state.readers.emplace(reader, std::move(m));
    carry(state.engine->on_request(read_clock(), reader, from, *request));
  }

  /// A reader that does not hear from here reads from the ring and the archive servers.
  void reply(const inbound& to, payload_ptr payload) {
    auto sent = config_.links->reply(to, std::move(payload));
    if (!sent) log::debug("replica answer not sent", {{"peer", to.from->name}, {"why", sent.error().message()}});
  }

  void on_archive(const inbound& m) {
    auto message = open_archive_message(m.body());
    auto* answer = message ? std::get_if<archive::service_reply>(&*message) : nullptr;
    if (answer) carry(state.engine->on_archive(read_clock(), m.from->id, *answer));
  }

  // -- effects --------------------------------------------------------------------------------------------------------

  void carry(replica::replica_step step) {
    for (const auto& a : step.answers) {
      auto reader = state.readers.extract(a.reader);
      if (!reader.empty()) reply(reader.mapped(), a.reply);
    }
    for (const auto& question : step.questions) ask_ring(question);
    for (const auto& request : step.requests) ask_archive(request);
    for (const auto& object : step.announce) announce(object);
    for (const auto& object : step.withdraw) {
      if (state.router) send(state.router, mesh_withdraw_atom::value, guid_of(object));
    }
    if (!state.engine->busy() || std::exchange(state.ticking, true)) return;
    send_later(this, replica::secondary_replica::tick, replica_tick_atom::value);
  }

  void ask_archive(const archive::outgoing_request& r) {
    auto payload = seal(r.request);
    if (r.to == config_.self) return send(config_.archive, archive_message_from(config_.self, std::move(payload)));
    auto sent = config_.links->send({r.to, traffic_class::foreground, link::message_kind::archive, make_payload(std::move(payload))});
    // Not now, from this one: as if its link had broken, others are asked.
    if (!sent) send(this, dial_failed{r.to, "", link::refusal_reason::none, sent.error().message()});
  }

  void ask_ring(const replica::replica_step::ring_question& q) {
    auto number = q.number;
    if (auto* where = std::get_if<ring::place>(&q.what)) {
      ring_reading reading{*where, ring::ring_client::freshness::certified};
      receive(number, request(config_.ring_asker, ring_patience, ring_read_atom::value, std::move(reading)));
    } else if (auto* record = std::get_if<vguid>(&q.what)) {
      receive(number, request(config_.ring_asker, ring_patience, ring_fetch_atom::value, ring::service_body(ring::records_request{{*record}})));
    } else {
      ring::service_body inlined = ring::inline_request{std::get<bguid>(q.what)};
      receive(number, request(config_.ring_asker, ring_patience, ring_fetch_atom::value, std::move(inlined)));
    }
  }

  template <class Pending>
  void receive(std::uint64_t number, Pending pending) {
    pending.then([this, number](const ring_outcome& answer) { carry(state.engine->on_ring(read_clock(), number, answer.what)); },
                 [this, number](const caf::error&) {
                   carry(state.engine->on_ring(read_clock(), number, fail(errc::unavailable, "the object ring cannot be asked now")));
                 });
  }

  // -- the mesh -------------------------------------------------------------------------------------------------------

  void announce(const aguid& object) {
    if (!state.router) return;
    request(state.router, router_patience, mesh_publish_atom::value, guid_of(object))
        .then(
            [](const mesh_published& done) {
              if (!done.accepted) log::warning("not announced", {{"why", done.accepted.error().message()}});
            },
            [](const caf::error&) {});  // a router that died: the next is told everything
  }

  /// A router begins with nothing: what is announced is told to each anew.
  void heed_router() {
    auto router = config_.router();
    if (router == state.router) return;
    state.router = std::move(router);
    for (const auto& object : state.engine->announced()) announce(object);
  }

  void publish_status() {
    const auto& c = state.engine->counts();
    introspection::secondary_status s{state.engine->held_bytes(), state.engine->budget_bytes(), c.blocks, c.records, c.heads};
    s.announced = state.engine->announced_count();
    s.hits = c.hits;
    s.misses = c.misses;
    s.refusals = c.refusals;
    config_.board->publish(s);
    probe().say(life::serving, "holds " + in_mebibytes(s.held_bytes) + " of " + in_mebibytes(s.budget_bytes) + " MiB: " + std::to_string(s.blocks) +
                                   " blocks, " + std::to_string(s.heads) + " heads; " + std::to_string(s.hits) + " hits, " +
                                   std::to_string(s.misses) + " misses; announces " + std::to_string(s.announced) + " objects");
  }

  replica_role_config config_;
};

}  // namespace

replica_actor spawn_replica_role(caf::actor_system& system, replica_role_config config) {
  auto probe = config.board->enroll("secondary", "secondary", "supervisor/data");
  return system.spawn<replica_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

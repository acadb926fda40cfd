#include "actors/ring/ring_member.hpp"

#include "actors/base/log.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"
#include "actors/ring/ring_report.hpp"
#include "actors/ring/ring_wire.hpp"
#include "protocols/ring/ticket_desk.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;
using seat_index = agreement::seat_index;

constexpr std::size_t reads_waiting_max = 1024;  ///< for the store: more would take the room of what is to be kept
constexpr auto publish_interval = std::chrono::milliseconds(200);  ///< for progress; a change of view or life is told at once

struct ring_member_state {
  ring_member_state() = default;
  static inline const char* name = "ring_member";

  /// Whoever waits for an answer: a peer's request, or a local one.
  using asker = std::variant<inbound, caf::typed_response_promise<ring_answer>>;

  std::unique_ptr<ring::ring_engine> engine;
  ring::ticket_desk<asker> tickets{ring::tickets_max / 4, ring::ticket_age_max};
  std::array<std::uint64_t, 7> timer_generation{};
  std::uint64_t published_certified = 0;
  std::optional<std::pair<std::uint64_t, life>> published;  ///< view and life
  instant published_at;
  bool publishing = false;
  wall_time without_primary_since;  ///< zero while it has one
};

class ring_member final : public role_actor<ring_member_actor, ring_member_state> {
 public:
  ring_member(caf::actor_config& base, probe_ptr probe, ring_member_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override {
    probe().say(life::starting, "reads its log");
    set_default_handler(caf::drop);  // watchers of links are told more than this role needs
    auto self = caf::actor_cast<caf::actor>(this);
    config_.log->open(config_.log_directory, config_.ran_before, [self](result<log_writer::opened> found) {
      ring_recovered message{fail(errc::unavailable, ""), {}};
      if (found) {
        message = {std::move(found->log), std::move(found->note)};
      } else {
        message.log = fail(found.error());
      }
      caf::anon_send(self, std::move(message));
    });
    return {
        [this](const inbound& m) { on_inbound(m); },
        [this](const peer_up& e) { on_peer(e.peer->id, e.lane, true); },
        [this](const peer_down& e) { on_peer(e.peer->id, e.lane, false); },
        [this](const ring_recovered& m) { on_recovered(m); },
        [this](const ring_stored& m) { on_stored(m); },
        [this](const ring_loaded& m) {
          if (state.engine) carry(state.engine->on_loaded(read_clock(), m.ticket, m.first, m.bodies));
        },
        [this](ring_timer_atom, std::uint8_t id, std::uint64_t generation) {
          if (state.engine && generation == state.timer_generation[id]) carry(state.engine->on_timer(read_clock(), static_cast<ring::timer_id>(id)));
        },
        [this](ring_publish_atom) {
          state.publishing = false;
          publish();
        },
        [this](ring_ask_atom, const ring::service_body& body) -> caf::result<ring_answer> {
          auto promise = make_response_promise<ring_answer>();
          on_request(promise, body);
          return promise;
        },
    };
  }

 private:
  // -- starting -----------------------------------------------------------------------------------------------------

  void on_recovered(const ring_recovered& found) {
    if (!found.log) {
      config_.on_disk_failure(found.log.error());
      quit(caf::make_error(caf::sec::runtime_error, found.log.error().message()));
      return;
    }
    if (!found.note.empty()) config_.board->note(severity::warning, "log-recovered", config_.label, found.note);
    agreement::config replica{config_.cluster, config_.ring, config_.seat, config_.key, {}};
    state.engine = std::make_unique<ring::ring_engine>(std::move(replica), config_.make_machine());
    carry(state.engine->start(read_clock(), *found.log));
    for (seat_index seat = 0; seat < config_.ring.size(); ++seat) {
      if (seat != config_.seat && config_.links->is_up(config_.ring.seats[seat].node, link::traffic_class::agreement)) {
        carry(state.engine->on_peer_connected(read_clock(), seat));
      }
    }
  }

  // -- inputs -------------------------------------------------------------------------------------------------------

  void on_peer(const node_id& peer, link::traffic_class lane, bool up) {
    auto seat = config_.ring.seat_of(peer);
    if (!state.engine || !seat || *seat == config_.seat || lane != link::traffic_class::agreement) return;
    carry(up ? state.engine->on_peer_connected(read_clock(), *seat) : state.engine->on_peer_lost(read_clock(), *seat));
  }

  void on_inbound(const inbound& m) {
    if (m.kind == link::message_kind::agreement) {
      auto seat = config_.ring.seat_of(m.from->id);
      auto message = open_member_message(m.body());
      if (!seat || !message) {
        log::warning("ring message refused",
                     {{"ring", config_.label}, {"peer", m.from->name}, {"why", seat ? message.error().message() : "no member"}});
        return;
      }
      if (state.engine) carry(state.engine->on_member(read_clock(), *seat, std::move(*message)));
      return;
    }
    if (!m.wants_reply()) return;
    auto request = codec::decode<ring::service_request>(m.body(), "ring request");
    if (!request) return answer(m, failure(request.error()));
    if (std::holds_alternative<ring::page_request>(request->body) && !m.from->is_node()) {
      return answer(m, failure(error(errc::denied, "only nodes are told what a ring's state lists")));
    }
    if (auto* submission = std::get_if<ring::submit_request>(&request->body); submission && config_.may_submit) {
      if (auto allowed = config_.may_submit(*m.from, submission->operation); !allowed) return answer(m, failure(allowed.error()));
    }
    on_request(m, std::move(request->body));
  }

  void on_request(ring_member_state::asker who, ring::service_body body) {
    if (!state.engine) {
      answer(std::move(who), failure(error(errc::unavailable, "this ring member is still reading its log")));
    } else if (auto* records = std::get_if<ring::records_request>(&body)) {
      read_records(std::move(who), std::move(records->names), state.engine->absence(records->at_least));
    } else if (auto* content = std::get_if<ring::inline_request>(&body)) {
      read_inline(std::move(who), content->block, state.engine->absence(content->at_least));
    } else {
      auto* remote = std::get_if<inbound>(&who);
      auto ticket = state.tickets.take(steady_now(), remote ? remote->from->id : config_.ring.seats[config_.seat].node, who);
      if (!ticket) return answer(std::move(who), failure(error(errc::over_limit, "you have too many requests waiting here; try again")));
      carry(state.engine->on_request(read_clock(), *ticket, std::move(body)));
    }
  }

  void on_stored(const ring_stored& m) {
    if (!m.ticket) {
      state.engine.reset();  // its next vote would be one that it may not remember
      config_.board->note(severity::error, "log-failed", config_.label, m.ticket.error().message());
      config_.on_disk_failure(m.ticket.error());
      return;
    }
    if (state.engine) carry(state.engine->on_stored(read_clock(), *m.ticket));
  }

  // -- what the store answers -----------------------------------------------------------------------------------------

  void read_records(ring_member_state::asker who, std::vector<vguid> names, ring::failure_reply absence) {
    auto reply = replier(std::move(who));
    read(reply, [blocks = config_.blocks, names = std::move(names), absence = std::move(absence), reply] {
      ring::records_reply found;
      for (const auto& name : names) {
        auto record = blocks->versions.get(name.view());
        if (!record) return reply(absence);
        found.records.push_back(std::move(*record));
      }
      reply(found);
    });
  }

  void read_inline(ring_member_state::asker who, const bguid& block, ring::failure_reply absence) {
    auto reply = replier(std::move(who));
    read(reply, [blocks = config_.blocks, block, absence = std::move(absence), reply] {
      auto found = blocks->blocks.get(block.view());
      // The name is checked here too: a damaged block is as good as none, and the asker turns to another member.
      if (found && archive::block_name(*found) == block) {
        reply(ring::inline_reply{std::move(*found)});
      } else {
        reply(absence);
      }
    });
  }

  /// Behind all that was to be kept before it.
  void read(const std::function<void(ring::service_reply)>& reply, work_pool::work work) {
    if (config_.stores->post(0, std::move(work), reads_waiting_max)) return;
    reply(failure(error(errc::unavailable, "this ring member has too many reads waiting; try again")));
  }

  std::function<void(ring::service_reply)> replier(ring_member_state::asker who) {
    return [links = config_.links, who = std::make_shared<ring_member_state::asker>(std::move(who))](ring::service_reply reply) {
      deliver(*links, *who, std::move(reply));
    };
  }

  static ring::service_reply failure(const error& e) { return ring::failure_reply{e.code(), e.message()}; }

  static void deliver(link_port& links, ring_member_state::asker& who, ring::service_reply reply) {
    if (auto* remote = std::get_if<inbound>(&who)) {
      static_cast<void>(links.reply(*remote, make_payload(codec::encode(reply))));  // the asker asks again if its link is gone
    } else {
      std::get<caf::typed_response_promise<ring_answer>>(who).deliver(ring_answer{std::move(reply)});
    }
  }
  void answer(ring_member_state::asker who, ring::service_reply reply) { deliver(*config_.links, who, std::move(reply)); }

  // -- effects ------------------------------------------------------------------------------------------------------

  void carry(ring::step step) {
    for (auto& send : step.sends) transmit(send);
    if (!step.persists.empty()) persist(std::move(step.persists));
    for (auto& load : step.loads) read_log(load);
    for (auto& timer : step.timers) arm(timer);
    keep(step);
    for (auto& reply : step.answers) {
      if (auto who = state.tickets.give(reply.ticket)) answer(std::move(*who), std::move(reply.what));
    }
    for (auto& event : step.events) report_event(*config_.board, here(), *state.engine, event);
    publish();
  }

  void transmit(const ring::outgoing& send) {
    auto payload = make_payload(seal_member_message(config_.ring.id, send.what));
    for (seat_index seat = 0; seat < config_.ring.size(); ++seat) {
      if (seat == config_.seat || (send.to && *send.to != seat)) continue;
      // A message that cannot be sent is a lost message: the engines' statuses and timers mend it.
      static_cast<void>(config_.links->send({config_.ring.seats[seat].node, link::traffic_class::agreement, link::message_kind::agreement, payload}));
    }
  }

  void persist(std::vector<agreement::persist> records) {
    auto self = caf::actor_cast<caf::actor>(this);
    config_.log->append(config_.log_directory, std::move(records),
                        [self](result<store_ticket> ticket) { caf::anon_send(self, ring_stored{std::move(ticket)}); });
  }

  void read_log(const agreement::load& load) {
    auto self = caf::actor_cast<caf::actor>(this);
    config_.log->load(config_.log_directory, load, [self, load](std::vector<agreement::batch_ptr> bodies) {
      caf::anon_send(self, ring_loaded{load.ticket, load.first, std::move(bodies)});
    });
  }

  void arm(const ring::timer& timer) {
    auto id = static_cast<std::uint8_t>(timer.id);
    auto generation = ++state.timer_generation[id];
    if (!timer.after) return;
    if (*timer.after == duration::zero()) {
      send(this, ring_timer_atom::value, id, generation);  // behind what is in the mailbox
    } else {
      send_later(this, *timer.after, ring_timer_atom::value, id, generation);
    }
  }

  void keep(ring::step& step) {
    if (step.blocks.empty() && step.records.empty()) return;
    struct content {
      decltype(step.blocks) blocks;
      decltype(step.records) records;
    };
    auto kept = std::make_shared<const content>(content{std::move(step.blocks), std::move(step.records)});
    // What cannot be kept is in the log still, and is kept when that is read again; but until then it could not be read from here.
    auto failed = [board = config_.board, label = config_.label, disk_failed = config_.on_disk_failure](const error& why) {
      board->note(severity::error, "store-failed", label, why.message());
      disk_failed(why);
    };
    auto work = [blocks = config_.blocks, kept, failed] {
      auto put = [&](storage::checked_table& into, const auto& all) {
        std::vector<std::pair<bytes_view, bytes_view>> entries;
        for (const auto& one : all) entries.emplace_back(one.name.view(), one.data);
        if (auto done = into.put_all(entries); !done) failed(done.error());
      };
      put(blocks->blocks, kept->blocks);
      put(blocks->versions, kept->records);
    };
    if (!config_.stores->post(0, std::move(work))) failed(error(errc::over_limit, "the disk does not keep up with what the ring orders"));
  }

  ring_place here() const { return {config_.ring, config_.label, config_.seat}; }

  void publish() {
    if (!state.engine) return;
    auto certified = state.engine->proven() ? state.engine->proven()->root.sequence : 0;
    if (std::exchange(state.published_certified, certified) < certified && config_.on_proven) config_.on_proven(*state.engine);
    auto now = steady_now();
    const auto& replica = state.engine->replica();
    if (!replica.changing_view()) state.without_primary_since = {};
    else if (state.without_primary_since == wall_time{}) state.without_primary_since = wall_now();
    std::pair said(replica.view(), standing_of(replica));
    if (said == state.published && now - state.published_at < publish_interval) {
      if (!std::exchange(state.publishing, true)) send_later(this, publish_interval, ring_publish_atom::value);
      return;
    }
    state.published = said;
    state.published_at = now;
    auto report = report_of(*state.engine, here());
    report.without_primary_since = state.without_primary_since;
    probe().say(report.state, "executes batch " + std::to_string(report.executed) + " in view " + std::to_string(report.view));
    config_.board->publish(config_.label, std::move(report));
  }

  ring_member_config config_;
};

}  // namespace

ring_member_actor spawn_ring_member(caf::actor_system& system, ring_member_config config) {
  auto probe = config.board->enroll("inner-ring/" + config.label, "inner-ring", "supervisor/rings");
  return system.spawn<ring_member>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

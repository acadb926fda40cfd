#include "actors/archive/archive_role.hpp"

#include "actors/archive/archive_answers.hpp"
#include "actors/archive/archive_repair.hpp"
#include "actors/archive/archive_wire.hpp"
#include "actors/base/log.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;
using link::traffic_class;

constexpr auto ring_patience = std::chrono::seconds(35);  // the asker gives up by itself before

struct archive_role_state {
  archive_role_state() = default;
  static inline const char* name = "archive";

  std::unique_ptr<archive_store> store;
  std::unique_ptr<archive::archive_server> engine;  ///< once the store has said what it holds
  std::unique_ptr<archive_repair> repair;
  std::unique_ptr<archive_answers> answers;
  std::set<extent_id> asked;  ///< whose record is being asked for
  usage_answer usage;
  bool filling = false;  ///< the filler's timer runs
};

class archive_role final : public role_actor<archive_actor, archive_role_state> {
 public:
  archive_role(caf::actor_config& base, probe_ptr probe, archive_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override {
    set_default_handler(caf::drop);  // watchers of links are told more than this role needs
    probe().say(life::starting, "looks through its store");
    auto self = caf::actor_cast<caf::actor>(this);
    // A weak handle: the store's thread must not keep an actor alive whose store it is.
    state.store = std::make_unique<archive_store>(config_.extents, config_.database, config_.stores,
                                                  [weak = caf::actor_cast<caf::weak_actor_ptr>(self)](store_answer answer) {
                                                    if (auto alive = caf::actor_cast<caf::actor>(weak)) caf::anon_send(alive, std::move(answer));
                                                  });
    state.answers = std::make_unique<archive_answers>(
        config_.self, [links = config_.links](outgoing m) { return links->send(std::move(m)); },
        [this](const archive::service_reply& reply) { send(config_.gate, archive_message_from(config_.self, seal(reply))); });
    state.repair = std::make_unique<archive_repair>(repair_config{config_.self, config_.ring, archive::server_limits{}.receipt_life}, lend());
    state.store->recover();
    state.store->measure(config_.capacity_bytes);
    return {
        [this](const inbound& m) { on_inbound(m); },
        [](const peer_up&) {},  // who is reachable is looked at with every sweep
        [this](const peer_down& e) {
          if (state.answers->lost(e.peer->end(), e.lane) && state.engine) state.engine->on_peer_lost(read_clock(), e.peer->end());
          if (e.lane == traffic_class::background) state.repair->on_peer_lost(read_clock(), e.peer->id);
        },
        [this](store_answer& answer) {
          std::visit([this](auto& a) { on_answer(a); }, answer);
          keep_filling();
        },
        [this](archive_tick_atom) {
          carry(state.engine->on_timer(read_clock()));
          state.store->measure(config_.capacity_bytes);
          send_later(this, archive::archive_server::tick, archive_tick_atom::value);
        },
        [this](archive_sweep_atom) {
          sweep();
          send_later(this, archive_repair::sweep_interval, archive_sweep_atom::value);
        },
        [this](archive_fill_atom) {
          state.filling = false;
          state.repair->on_timer(read_clock());
          keep_filling();
        },
    };
  }

 private:
  // -- starting -----------------------------------------------------------------------------------------------------

  void on_answer(const recovery_answer& found) {
    if (!found.read) {
      config_.board->note(severity::error, "store-failed", "archive", found.read.error().message());
      quit(caf::make_error(caf::sec::runtime_error, found.read.error().message()));
      return;
    }
    if (found.lost > 0) {
      config_.board->note(severity::warning, "extents-lost", "archive",
                          "the fragments of " + std::to_string(found.lost) + " extents are gone from this disk; they are rebuilt from other servers");
    }
    archive::server_config server{config_.trust->cluster(), config_.self, 1, {}};
    state.engine = std::make_unique<archive::archive_server>(std::move(server), config_.key, found.uncommitted, read_clock());
    heed_directory();
    for (const auto& [extent, ordinals] : found.damaged) {
      for (auto ordinal : ordinals) state.repair->found_damaged(extent, ordinal);
    }
    log::info("archive server serves", {{"uncommitted", found.uncommitted.size()}, {"lost", found.lost}});
    send_later(this, archive::archive_server::tick, archive_tick_atom::value);
    send(this, archive_sweep_atom::value);
  }

  /// Limits and this server's own role epoch are the directory's.
  std::uint64_t heed_directory() {
    auto directory = config_.trust->directory();
    if (!directory) return 1;
    auto limits = state.engine->limits();
    limits.client_uncommitted_bytes_max = std::min(directory->rules.client_uncommitted_bytes_max, config_.uncommitted_bytes_max);
    state.engine->set_limits(limits);
    auto own = directory->nodes.find(config_.self);
    auto epoch = own == directory->nodes.end() ? 1 : own->second.role_epoch;
    state.engine->set_role_epoch(epoch);
    return epoch;
  }

  void sweep() {
    auto epoch = heed_directory();
    auto directory = config_.trust->directory();
    if (!directory) return;
    surroundings around{directory, {config_.self}, epoch};
    for (const auto* server : directory->archive_servers()) {
      for (auto lane : {traffic_class::background, traffic_class::foreground, traffic_class::agreement}) {
        if (config_.links->is_up(server->node, lane)) around.reachable.insert(server->node);
      }
    }
    state.repair->sweep(read_clock(), std::move(around));
    keep_filling();
  }

  void keep_filling() {
    if (state.filling || !state.repair->filling()) return;
    state.filling = true;
    send_later(this, archive::filler::tick, archive_fill_atom::value);
  }

  // -- messages -----------------------------------------------------------------------------------------------------

  void on_inbound(const inbound& m) {
    auto message = open_archive_message(m.body());
    if (!message) {
      log::warning("archive message refused", {{"peer", m.from->name}, {"why", message.error().message()}});
    } else if (auto* request = std::get_if<archive::service_request>(&*message)) {
      on_request(m, std::move(*request));
    } else {
      state.repair->on_reply(read_clock(), m.from->id, std::get<archive::service_reply>(*message));
      keep_filling();
    }
  }

  void on_request(const inbound& m, archive::service_request request) {
    if (!m.from->admitted) return;
    auto from = m.from->end();
    state.answers->asked(from, m.lane);
    auto* opening = std::get_if<archive::open_extent>(&request.body);
    if (!state.engine || (opening && state.repair->filling(archive::id_of(opening->origin)))) {
      auto why = state.engine ? "this server is filling in that very extent; try again" : "this server is still starting; try again";
      return state.answers->send({{from, {request.id, archive::refusal{errc::unavailable, why}}}});
    }
    carry(state.engine->on_request(read_clock(), from, std::move(request)));
  }

  // -- the store's answers --------------------------------------------------------------------------------------------

  void on_answer(const stored_answer& a) {
    if (!state.repair->on_stored(read_clock(), a.ticket, a.stored)) carry(state.engine->on_stored(read_clock(), a.ticket, a.stored));
  }
  void on_answer(fragment_answer& a) { carry(state.engine->on_fragment(read_clock(), a.ticket, std::move(a.found))); }
  void on_answer(extent_answer& a) { carry(state.engine->on_extent(read_clock(), a.ticket, std::move(a.found))); }
  void on_answer(const inventory_answer& a) { carry(state.engine->on_inventory(read_clock(), a.ticket, a.found)); }
  void on_answer(const headers_answer& a) { state.repair->on_headers(read_clock(), a); }
  void on_answer(const usage_answer& a) {
    state.usage = a;
    if (!state.engine) return;
    state.engine->set_usage(a.bytes, a.capacity_bytes);
    publish();
  }

  // -- effects ------------------------------------------------------------------------------------------------------

  void carry(archive::server_step step) {
    for (auto& effect : step.effects) state.store->carry_out(std::move(effect));
    state.answers->send(step.replies);
    for (const auto& extent : step.commitment_queries) ask_commitment(extent);
    for (const auto& offer : step.offers) submit(offer);
    for (const auto& event : step.events) tell(event);
  }

  void tell(const archive::server_event& e) {
    using kind = archive::server_event::kind;
    auto extent = e.extent.brief();
    switch (e.what) {
      case kind::fragment_damaged:
        state.repair->found_damaged(e.extent, e.ordinal);
        config_.board->note(severity::warning, "fragment-damaged", extent,
                            "a fragment on this disk is damaged and will be rebuilt (block " + std::to_string(e.ordinal) + " of extent " + extent +
                                "): " + e.sentence);
        break;
      case kind::extent_missed: state.repair->missed(e.extent); break;
      case kind::fragment_refused:
        config_.board->note(severity::warning, "fragment-refused", extent,
                            config_.trust->name_of(e.peer) + " sent for extent " + extent + ": " + e.sentence);
        break;
      case kind::store_failed:
        config_.board->note(severity::error, "store-failed", "archive", "this server takes no more extents, its disk failed: " + e.sentence);
        break;
      case kind::extent_dropped:
        state.repair->forget(e.extent);
        config_.board->note(severity::info, "extent-dropped", extent, "dropped extent " + extent + ": " + e.sentence);
        break;
      case kind::extent_sealed:
      case kind::extent_committed: log::debug("extent", {{"extent", extent}, {"what", to_string(e.what)}}); break;
    }
  }

  void publish() {
    introspection::archive_status s;
    s.extents = state.usage.extents;
    s.bytes = state.usage.bytes;
    s.capacity_bytes = state.usage.capacity_bytes;
    s.rebuilding = state.repair->rebuilding();
    s.damaged = state.repair->damaged();
    config_.board->publish(s);
    auto doing = "keeps fragments of " + std::to_string(s.extents) + " extents";
    if (s.rebuilding > 0) doing += "; rebuilds " + std::to_string(s.rebuilding) + " more";
    probe().say(life::serving, doing);
  }

  // -- the ring -------------------------------------------------------------------------------------------------------

  /// What the ring says of an extent. The asker has verified the proof; the root's time is in what was signed.
  template <class Pending, class Done>
  void receive_commitment(Pending pending, Done done) {
    pending.then(
        [done](const ring_outcome& answer) mutable {
          if (!answer.what) return done(fail(answer.what.error()));
          auto* reply = std::get_if<ring::entry_reply>(&*answer.what);
          if (!reply) return done(fail(errc::malformed, "the ring answered something else than was asked"));
          auto root = codec::decode<ring::state_root>(reply->entry.root.body, "state root");
          if (!root) return done(fail(root.error()));
          archive::commitment said{std::nullopt, root->time};
          if (reply->entry.value) {
            auto record = codec::decode<archive::coding_record>(*reply->entry.value, "coding record");
            if (!record) return done(fail(record.error()));
            said.record = std::move(*record);
          }
          done(std::move(said));
        },
        [done](const caf::error&) mutable { done(fail(errc::unavailable, "the object ring cannot be asked now")); });
  }

  using commitment_handler = std::function<void(result<archive::commitment>)>;

  void read_record(const extent_id& extent, commitment_handler done) {
    ring_reading question{place_of(ring::submap::extents, extent), ring::ring_client::freshness::certified};
    receive_commitment(request(config_.ring_asker, ring_patience, ring_read_atom::value, std::move(question)), std::move(done));
  }

  void ask_commitment(const extent_id& extent) {
    if (!state.asked.insert(extent).second) return;
    read_record(extent, [this, extent](const result<archive::commitment>& said) {
      state.asked.erase(extent);
      if (said) carry(state.engine->on_commitment(read_clock(), extent, *said));
    });
  }

  void submit(const archive::fill_offer& offer) {
    auto fill = ring::submission_of(ring::object_operation(ring::fill_slot{offer.receipt}));
    receive_commitment(request(config_.ring_asker, ring_patience, ring_submit_atom::value, std::move(fill)),
                       [this, extent = offer.extent](const result<archive::commitment>& said) {
                         if (said) return carry(state.engine->on_commitment(read_clock(), extent, *said));
                         log::info("fill not taken", {{"extent", extent.brief()}, {"why", said.error().message()}});
                       });
  }

  // -- filling in -----------------------------------------------------------------------------------------------------

  repair_ports lend() {
    repair_ports ports;
    ports.page = [this](ring::page_request page, std::function<void(result<ring::page_reply>)> done) { read_page(page, std::move(done)); };
    ports.record = [this](const extent_id& extent, commitment_handler done) { read_record(extent, std::move(done)); };
    ports.look_up = [this](std::uint64_t question, std::vector<extent_id> extents) { state.store->look_up(question, std::move(extents)); };
    ports.send = [this](const archive::outgoing_request& r) {
      // A request that cannot be sent is an unanswered one: the filler's timers turn to another server.
      static_cast<void>(config_.links->send({r.to, traffic_class::background, link::message_kind::archive, make_payload(seal(r.request))}));
    };
    ports.keep = [this](archive::store_effect effect) { state.store->carry_out(std::move(effect)); };
    ports.being_written = [this](const extent_id& extent) {
      auto& table = state.engine->uncommitted().extents();
      auto known = table.find(extent);
      return known != table.end() && known->second.open();
    };
    ports.tell = [this](const archive::commitment& said) {
      carry(state.engine->on_commitment(read_clock(), said.record->extent, said));
    };
    ports.adopt = [this](const archive::extent_header& header, const std::optional<archive::commitment>& said) {
      state.engine->adopt(read_clock(), header);
      if (said) return carry(state.engine->on_commitment(read_clock(), header.extent, *said));
      ask_commitment(header.extent);
    };
    ports.note = [this](severity weight, std::string kind, std::string subject, std::string sentence) {
      config_.board->note(weight, std::move(kind), std::move(subject), std::move(sentence));
    };
    return ports;
  }

  void read_page(const ring::page_request& page, std::function<void(result<ring::page_reply>)> done) {
    request(config_.ring_asker, ring_patience, ring_fetch_atom::value, ring::service_body(page))
        .then(
            [this, done](const ring_outcome& answer) {
              if (!answer.what) return done(fail(answer.what.error()));
              auto* found = std::get_if<ring::page_reply>(&*answer.what);
              done(found ? result<ring::page_reply>(*found) : fail(errc::malformed, "the ring answered something else than a page"));
            },
            [done](const caf::error&) { done(fail(errc::unavailable, "the object ring cannot be asked now")); });
  }

  archive_config config_;
};

}  // namespace

archive_actor spawn_archive_role(caf::actor_system& system, archive_config config) {
  auto probe = config.board->enroll("archive", "archive", "supervisor/data");
  return system.spawn<archive_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

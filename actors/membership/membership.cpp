#include "actors/membership/membership.hpp"

#include "actors/base/log.hpp"
#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;
using namespace std::chrono_literals;

constexpr auto tick_interval = 250ms;
constexpr auto ring_patience = 35s;            ///< beyond the ring client's own deadline
constexpr std::size_t called_back_max = 1024;
constexpr std::size_t statements_at_once = 64;  ///< strangers' and operators' requests under way at the root ring

struct membership_state {
  membership_state() = default;
  static inline const char* name = "membership";

  std::optional<membership::founding_engine> founding;
  std::optional<rings_ready> rings;
  bool handing_on = false;            ///< a directory is on its way to the object ring
  std::uint64_t handed_on = 0, seen_version = 0, seen_at = 0;
  bool configured = false, adopting = false, admission_asked = false, advertising = false, directory_asked = false, renewing = false;
  std::set<node_id> consenting;       ///< asked and not answered
  std::size_t under_way = 0;
  std::set<std::pair<digest, std::string>> called_back;  ///< newcomers' keys and addresses at which they answered
  std::uint64_t kept_directory = 0, ticks = 0;
  std::map<node_id, std::string> offered;  ///< addresses of members while founding
};

class membership_role final : public role_actor<membership_actor, membership_state> {
 public:
  membership_role(caf::actor_config& base, probe_ptr probe, membership_config config)
      : role_actor(base, std::move(probe)), config_(std::move(config)) {}

  behavior_type make_behavior() override {
    auto& identity = config_.keeper->get();
    state.offered = identity.members;
    if (identity.founding) {
      state.offered[identity.node] = config_.advert.address;
      state.founding.emplace(identity.chain.genesis, seat_of(identity), crypto::signing_key::from_seed(identity.identity_seed), *identity.founding);
    }
    config_.link.port->subscribe(link::message_kind::membership, caf::actor_cast<caf::actor>(this));
    identify();  // a node that has just joined opened its links as a stranger
    send(this, membership_tick_atom::value);
    return {
        [this](const inbound& m) { on_inbound(m); },
        [this](membership_tick_atom) { on_tick(); },
    };
  }

 private:
  const node_identity& identity() const { return config_.keeper->get(); }

  // -- requests of others -------------------------------------------------------------------------------------------

  void reply(const inbound& to, membership::reply what) {
    static_cast<void>(config_.link.port->reply(to, make_payload(codec::encode(what))));  // the asker asks again
  }
  void refuse(const inbound& to, const error& why) { reply(to, membership::refusal{why.code(), why.message()}); }

  void on_inbound(const inbound& m) {
    if (!m.wants_reply()) return;
    auto request = codec::decode<membership::request>(m.body(), "membership request");
    if (!request) return refuse(m, request.error());
    std::visit([&](auto& what) { on_request(m, what); }, *request);
  }

  void on_request(const inbound& m, const membership::chain_request&) {
    reply(m, membership::chain_reply{config_.trust->verified() ? config_.trust->chain() : identity().chain, state.offered});
  }

  void on_request(const inbound& m, const membership::directory_request& request) {
    membership::directory_reply answer;
    if (config_.trust->directory_version() > request.known_version) answer.directory = config_.trust->directory_proof();
    reply(m, std::move(answer));
  }

  void on_request(const inbound& m, const membership::admission_request& request) {
    if (!state.rings) return wait_for_rings(m);
    auto where = ring::admission_place(request.member);
    ask_ring(m, ring_reading{where, ring::ring_client::freshness::certified}, [this, m, member = request.member](ring::entry_reply found) {
      if (!found.entry.value) return refuse(m, error(errc::not_found, "the root ring knows no such member"));
      reply(m, membership::admission_reply{ring::ring_admission{member, std::move(found.entry)}});
    });
  }

  void on_request(const inbound& m, const membership::statement_request& request) {
    if (state.founding && !state.rings) {
      auto operation = codec::decode<ring::root_operation>(request.operation, "statement");
      if (!operation) return refuse(m, operation.error());
      auto* invite = std::get_if<ring::invite>(&*operation);
      if (!invite) return refuse(m, error(errc::unavailable, "the cluster is still being founded; only invitations are taken until then"));
      auto invited = state.founding->invite(*invite, wall_now());
      if (invited) invited = save_founding();
      if (!invited) return refuse(m, invited.error());
      return reply(m, membership::accepted{});
    }
    submit(m, request.operation, [this, m](ring::entry_reply done) { reply(m, membership::statement_reply{done.where, std::move(done.entry)}); });
  }

  void on_request(const inbound& m, const membership::join_request& request) {
    if (request.dial_back.empty() || state.called_back.contains({m.from->tls_key, request.dial_back})) return admit(m, request);
    // A node that cannot be called back would be a member in name alone: better said now, with the port.
    auto unreachable = [this, m, request] {
      refuse(m, error(errc::denied, "this cluster cannot reach the new node at " + request.dial_back +
                                        "; open that port, or set `advertise` in its manifest to an address others can dial"));
    };
    this->request(config_.link.manager, 5s, connect_atom::value, request.dial_back, link::traffic_class::foreground)
        .then(
            [this, m, request, unreachable](const connected& answer) {
              if (!answer.peer) return unreachable();
              auto join = request.join.by_token.peek();
              if (!join || (*answer.peer)->tls_key != join->tls_key) {
                return refuse(m, error(errc::denied,
                                       "another program answers at " + request.dial_back + "; set `advertise` to where this node can be reached"));
              }
              // Calling again would replace the very link over which an earlier try is answered.
              if (state.called_back.size() >= called_back_max) state.called_back.clear();
              state.called_back.insert({m.from->tls_key, request.dial_back});
              admit(m, request);
            },
            [unreachable](const caf::error&) { unreachable(); });
  }

  void admit(const inbound& m, const membership::join_request& request) {
    // The founder's invitations are on their way to the root ring: a token is good again when they are there.
    if (state.founding && state.rings) return send_later(this, tick_interval, m);
    if (state.founding && !state.rings) {
      system_random random;
      auto admission = state.founding->admit(request.join, wall_now(), random);
      if (!admission) return refuse(m, admission.error());
      if (auto saved = save_founding(); !saved) return refuse(m, saved.error());
      config_.board->note(severity::info, "joined", admission->name, admission->name + " has joined the cluster that is being founded");
      return reply(m, membership::join_reply{config_.trust->chain(), ring::provisional_admission{state.founding->sign(*admission)}});
    }
    submit(m, codec::encode(ring::root_operation(ring::join{request.join})), [this, m](ring::entry_reply done) {
      auto admission = codec::decode<identity::admission>(*done.entry.value, "admission");
      if (!admission) return refuse(m, admission.error());
      config_.board->note(severity::info, "joined", admission->name, admission->name + " has joined the cluster");
      reply(m, membership::join_reply{config_.trust->chain(), ring::ring_admission{admission->id, std::move(done.entry)}});
    });
  }

  /// A node that has just started, or whose founding is just complete, has its rings in a moment: the request is looked at then.
  void wait_for_rings(const inbound& m) {
    if (!config_.trust->configuration()) return refuse(m, error(errc::unavailable, "the cluster is still being founded; try again later"));
    send_later(this, tick_interval, m);
  }

  template <class Done>
  void submit(const inbound& m, bytes operation, Done done) {
    ask_ring(m, ring_submission{std::move(operation), std::nullopt}, std::move(done));
  }

  template <class Question, class Done>
  void ask_ring(const inbound& m, Question question, Done done) {
    if (!state.rings) return wait_for_rings(m);
    if (state.under_way >= statements_at_once) return refuse(m, error(errc::over_limit, "too many requests for the root ring at once; try again"));
    ++state.under_way;
    ask_root(std::move(question), [this, m, done](result<ring::entry_reply> answer) {
      --state.under_way;
      if (answer) {
        done(std::move(*answer));
      } else {
        refuse(m, answer.error());
      }
    });
  }

  template <class Done>
  void ask_root(ring_submission what, Done done) {
    receive_entry(request(state.rings->root, ring_patience, ring_submit_atom::value, std::move(what)), std::move(done));
  }
  template <class Done>
  void ask_root(ring_reading what, Done done) {
    receive_entry(request(state.rings->root, ring_patience, ring_read_atom::value, std::move(what)), std::move(done));
  }

  template <class Pending, class Done>
  void receive_entry(Pending pending, Done done) {
    pending.then(
        [done](const ring_outcome& answer) mutable {
          if (!answer.what) return done(fail(answer.what.error()));
          auto* entry = std::get_if<ring::entry_reply>(&*answer.what);
          done(entry ? result<ring::entry_reply>(*entry) : fail(errc::malformed, "a ring member answered something else than was asked"));
        },
        [done](const caf::error&) mutable { done(fail(errc::unavailable, "the root ring cannot be asked now")); });
  }

  // -- founding -----------------------------------------------------------------------------------------------------

  outcome save_founding() {
    return config_.keeper->change([&](node_identity& i) { i.founding = state.founding->record(); });
  }

  void on_request(const inbound& m, const membership::seat_offer& offer) {
    if (!m.from->admitted || !state.founding) return refuse(m, error(errc::denied, "seats are offered to the founder, by admitted nodes"));
    auto taken = state.founding->offer(m.from->id, offer.member);
    if (!taken) return refuse(m, taken.error());
    state.offered[m.from->id] = offer.address.substr(0, 256);
    reply(m, membership::accepted{});
  }

  void on_request(const inbound& m, const membership::configuration_proposal& proposal) {
    auto chain = config_.trust->verified();
    if (!chain || chain->current || !m.from->admitted) return refuse(m, error(errc::denied, "there is nothing to be founded here"));
    auto entry = codec::decode<identity::configuration_entry>(proposal.body, "configuration entry");
    if (!entry) return refuse(m, entry.error());
    auto own = seat_of(identity());
    auto root_seat = entry->root.seat_of(identity().node);
    auto object_seat = entry->object.seat_of(identity().node);
    if (entry->cluster != identity().cluster || !root_seat || !object_seat || entry->root.seats[*root_seat].key != own.root_key ||
        entry->object.seats[*object_seat].key != own.object_key) {
      return refuse(m, error(errc::malformed, "the proposed configuration does not seat this node with its keys"));
    }
    reply(m, membership::consent_reply{consent(proposal.body)});
  }

  identity::configuration_consent consent(bytes_view body) {
    return identity::consent(identity().node, body, crypto::signing_key::from_seed(identity().root_seat_seed),
                             crypto::signing_key::from_seed(identity().object_seat_seed));
  }

  void found() {
    auto& engine = *state.founding;
    if (!engine.proposal()) {
      probe().say(life::starting, "founding: " + std::to_string(engine.seats()) + " of " + std::to_string(engine.record().ring_size) +
                                      " ring-capable nodes are here");
      return;
    }
    auto body = engine.proposal_body();
    if (auto own = engine.consent(consent(body)); own && *own) return founded();
    for (const auto& seat : engine.proposal()->root.seats) {
      if (seat.node == identity().node || state.consenting.contains(seat.node)) continue;
      state.consenting.insert(seat.node);
      ask_peer(seat.node, membership::configuration_proposal{body}, [this, node = seat.node](result<membership::reply> answer) {
        state.consenting.erase(node);
        if (!answer || !state.founding || state.configured) return;
        if (auto* consented = std::get_if<membership::consent_reply>(&*answer)) {
          if (auto complete = state.founding->consent(consented->consent); complete && *complete) founded();
        }
      });
    }
  }

  void founded() {
    if (auto ok = adopt_chain(*state.founding->complete()); !ok) config_.board->note(severity::error, "founding", config_.name, ok.error().message());
  }

  outcome adopt_chain(const identity::trust_chain& chain) {
    auto adopted = config_.trust->adopt(chain);
    if (!adopted) return fail(adopted.error());
    return config_.keeper->change([&](node_identity& i) {
      i.chain = chain;
      for (const auto& [node, address] : state.offered) {
        if (node != i.node) i.members[node] = address;
      }
    });
  }

  void hand_over() {
    if (state.adopting) return;
    state.adopting = true;
    auto operation = codec::encode(ring::root_operation(state.founding->adoption()));
    ask_root(ring_submission{std::move(operation), std::nullopt}, [this](result<ring::entry_reply> done) {
      state.adopting = false;
      if (!done && !done.error().is(errc::already_exists)) return;
      hand_over_invitations(state.founding->record().invitations, 0);
    });
  }

  /// One after the other; the hand-over is complete with the last one.
  void hand_over_invitations(const std::vector<ring::invite>& invitations, std::size_t next) {
    if (next < invitations.size()) {
      state.adopting = true;
      ask_root(ring_submission{codec::encode(ring::root_operation(invitations[next])), std::nullopt},
               [this, invitations, next](result<ring::entry_reply> done) {
                 bool again = !done && (done.error().is(errc::unavailable) || done.error().is(errc::outcome_unknown));
                 if (!again) return hand_over_invitations(invitations, next + 1);
                 state.adopting = false;  // the next tick begins anew; what is there already is refused as such
               });
      return;
    }
    state.founding.reset();
    auto saved = config_.keeper->change([](node_identity& i) { i.founding.reset(); });
    if (!saved) config_.board->note(severity::error, "identity-not-saved", config_.name, saved.error().message());
    config_.board->note(severity::info, "founded", config_.name, "genesis is complete: the root ring admits from now on");
  }

  // -- what goes on by itself ---------------------------------------------------------------------------------------

  void on_tick() {
    send_later(this, tick_interval, membership_tick_atom::value);
    ++state.ticks;
    auto configuration = config_.trust->configuration();
    if (!configuration) {
      if (state.founding) {
        found();
      } else {
        await_founding();
      }
      return;
    }
    if (!state.configured) {
      state.configured = true;
      dial_members();
      config_.on_configured();
    }
    if (!state.rings) state.rings = config_.rings();
    if (!state.rings) return;
    if (state.founding) return hand_over();
    refresh_admission();
    refresh_directory(*configuration);
    hand_on_directory(*configuration);
    advertise();
    probe().say(life::serving, "directory version " + std::to_string(config_.trust->directory_version()));
  }

  void await_founding() {
    probe().say(life::starting, "waits for the cluster's founding to be complete");
    // Who of the members known the founder is, nobody needs to be told: the others refuse a seat.
    for (const auto& [node, address] : identity().members) await_founding(node, address);
  }

  void await_founding(const node_id& member, const std::string& address) {
    config_.link.port->know(member, {address});
    ask_peer(member, membership::chain_request{}, [this](result<membership::reply> answer) {
      auto* chain = answer ? std::get_if<membership::chain_reply>(&*answer) : nullptr;
      if (!chain || chain->chain.entries.empty() || config_.trust->configuration()) return;
      for (const auto& [node, address] : chain->addresses) state.offered[node] = address;
      if (auto ok = adopt_chain(chain->chain); !ok) log::warning("chain refused", {{"why", ok.error().message()}});
    });
    if (config_.advert.roles.contains(identity::role_kind::inner_ring)) {
      ask_peer(member, membership::seat_offer{seat_of(identity()), config_.advert.address}, [](result<membership::reply>) {});
    }
  }

  /// Shows the admission that the ring proves in place of the founder's word, and renews it at two thirds of its time.
  void refresh_admission() {
    auto* proven = std::get_if<ring::ring_admission>(&identity().admission);
    if (!proven && !state.admission_asked) {
      state.admission_asked = true;
      ask_root(ring_reading{ring::admission_place(identity().node), ring::ring_client::freshness::certified},
               [this](result<ring::entry_reply> found) {
                 state.admission_asked = false;
                 if (found && found->entry.value) wear(ring::ring_admission{identity().node, std::move(found->entry)});
               });
      return;
    }
    if (!proven || state.renewing || state.ticks % 240 != 0) return;
    auto admission = codec::decode<identity::admission>(*proven->entry.value, "admission");
    if (!admission) return;
    auto due = admission->issued + (admission->expires - admission->issued) * 2 / 3;
    if (wall_now() < due) return;
    state.renewing = true;
    auto key = crypto::signing_key::from_seed(identity().identity_seed);
    ring::renew renewal{crypto::signed_statement<ring::renewal>::make({identity().cluster, identity().node, admission->expires}, key)};
    ask_root(ring_submission{codec::encode(ring::root_operation(renewal)), ring::admission_place(identity().node)},
             [this](result<ring::entry_reply> done) {
               state.renewing = false;
               if (done) wear(ring::ring_admission{identity().node, std::move(done->entry)});
             });
  }

  void wear(ring::ring_admission admission) {
    auto saved = config_.keeper->change([&](node_identity& i) { i.admission = admission; });
    if (!saved) config_.board->note(severity::error, "identity-not-saved", config_.name, saved.error().message());
    identify();
  }

  void identify() {
    auto self = config_.self;
    self.member = identity().node;
    self.admission = codec::encode(identity().admission);
    self.directory_version = config_.trust->directory_version();
    send(config_.link.manager, identify_atom::value, std::move(self));
  }

  void refresh_directory(const identity::configuration_entry& configuration) {
    if (config_.trust->directory_version() > state.kept_directory) {
      state.kept_directory = config_.trust->directory_version();
      dial_members();
      send(config_.link.manager, recheck_atom::value);
    }
    if (state.directory_asked || state.ticks % 2 != 0) return;
    // Members of the root ring see their own state; the others ask one of them in turn.
    if (configuration.root.seat_of(identity().node)) return;
    state.directory_asked = true;
    auto& seat = configuration.root.seats[state.ticks / 2 % configuration.root.size()];
    ask_peer(seat.node, membership::directory_request{config_.trust->directory_version()}, [this](result<membership::reply> answer) {
      state.directory_asked = false;
      auto* directory = answer ? std::get_if<membership::directory_reply>(&*answer) : nullptr;
      if (!directory || !directory->directory) return;
      if (auto adopted = config_.trust->adopt(*directory->directory); !adopted)
        log::warning("directory refused", {{"why", adopted.error().message()}});
    });
  }

  /// The object ring places fragments by the root ring's directory: its primary hands each version on, and if none comes through,
  /// any member does.
  void hand_on_directory(const identity::configuration_entry& configuration) {
    constexpr std::uint64_t patience_ticks = 8;
    auto version = config_.trust->directory_version();
    auto proof = config_.trust->directory_proof();
    if (!configuration.object.seat_of(identity().node) || !proof || version <= state.handed_on || state.handing_on) return;
    if (version > state.seen_version) {
      state.seen_version = version;
      state.seen_at = state.ticks;
    }
    bool primary = false;
    for (const auto& ring : config_.board->rings()) primary = primary || (ring.id == configuration.object.id && ring.primary == identity().node);
    if (!primary && state.ticks - state.seen_at < patience_ticks) return;
    state.handing_on = true;
    auto operation = codec::encode(ring::object_operation(ring::adopt_directory{*proof}));
    receive_entry(request(state.rings->object, ring_patience, ring_submit_atom::value, ring_submission{std::move(operation), std::nullopt}),
                  [this, version](result<ring::entry_reply> done) {
                    state.handing_on = false;
                    // Refused as stale: somebody else was first, or a newer one is there.
                    if (done || done.error().is(errc::stale) || done.error().is(errc::already_exists)) state.handed_on = version;
                  });
  }

  /// Keeps links to everybody the directory lists, or before there is one to the founding members.
  void dial_members() {
    std::map<node_id, std::string> known = identity().members;
    for (const auto& [node, address] : state.offered) known[node] = address;
    if (auto directory = config_.trust->directory()) {
      for (const auto& [node, entry] : directory->nodes) {
        if (!entry.address.empty() && !directory->revoked.contains(node)) known[node] = entry.address;
      }
      for (const auto& [node, since] : directory->revoked) {
        known.erase(node);
        send(config_.link.manager, release_atom::value, node);
      }
    }
    known.erase(identity().node);
    for (const auto& [node, address] : known) send(config_.link.manager, keep_atom::value, node, std::vector<std::string>{address});
    state.offered = known;
    state.offered[identity().node] = config_.advert.address;
    if (known != identity().members) {
      if (auto saved = config_.keeper->change([&](node_identity& i) { i.members = known; }); !saved) {
        config_.board->note(severity::error, "identity-not-saved", config_.name, saved.error().message());
      }
    }
  }

  void advertise() {
    auto directory = config_.trust->directory();
    if (!directory || state.advertising) return;
    auto listed = directory->nodes.find(identity().node);
    auto& advert = config_.advert;
    if (listed != directory->nodes.end() && listed->second.address == advert.address && listed->second.roles == advert.roles &&
        listed->second.labels == advert.labels && listed->second.archive_capacity_bytes == advert.archive_capacity_bytes) {
      return;
    }
    state.advertising = true;
    advert.cluster = identity().cluster;
    advert.node = identity().node;
    advert.counter = static_cast<std::uint64_t>(wall_now().ms);
    auto key = crypto::signing_key::from_seed(identity().identity_seed);
    ring::advertise operation{crypto::signed_statement<identity::advertisement>::make(advert, key)};
    ask_root(ring_submission{codec::encode(ring::root_operation(operation)), std::nullopt}, [this](result<ring::entry_reply> done) {
      state.advertising = false;
      if (!done) log::warning("advertisement refused", {{"why", done.error().message()}});
    });
  }

  template <class Done>
  void ask_peer(const node_id& peer, membership::request question, Done done) {
    outgoing m;
    m.to = peer;
    m.kind = link::message_kind::membership;
    m.payload = make_payload(codec::encode(question));
    request(config_.link.manager, 6s, ask_atom::value, std::move(m), duration(5s))
        .then(
            [done](const actors::response& answer) mutable {
              if (!answer.value) return done(fail(answer.value.error()));
              done(codec::decode<membership::reply>(answer.value->body(), "membership reply"));
            },
            [done](const caf::error&) mutable { done(fail(errc::unavailable, "the peer cannot be asked now")); });
  }

  membership_config config_;
};

}  // namespace

membership_actor spawn_membership(caf::actor_system& system, membership_config config) {
  auto probe = config.board->enroll("responsible-party", "responsible-party", "supervisor/membership");
  return system.spawn<membership_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

#include "actors/link/link_manager.hpp"

#include <algorithm>
#include <thread>

#include <caf/io/middleman.hpp>

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"
#include "actors/base/send_later.hpp"
#include "actors/link/session.hpp"

namespace holdfast::actors {

namespace limits = link::limits;
using link::refusal_reason;
using link::traffic_class;

namespace {

constexpr auto manager_beat = std::chrono::milliseconds(50);     ///< deadlines of requests and retries are kept to within this
constexpr auto close_timeout = std::chrono::seconds(1);
constexpr auto settled_after = std::chrono::seconds(10);         ///< a session that lived so long resets its lane's backoff

link_manager_broker::behavior_type manager(link_manager_state::pointer self, link_config config, link_port_ptr port) {
  auto& s = self->state;
  s.start(self, std::move(config), std::move(port));
  return {
      [&s](listen_atom, const std::string& address) { return listening{s.listen(address)}; },
      [&s](connect_atom, const std::string& address, traffic_class lane) {
        link_manager_state::dial d{std::nullopt, lane, {address}};
        d.promise = s.self->make_response_promise<connected>();
        auto promise = d.promise;
        s.begin(std::move(d));
        return promise;
      },
      [&s](keep_atom, const node_id& peer, std::vector<std::string> addresses) { s.keep(peer, std::move(addresses)); },
      [&s](release_atom, const node_id& peer) { s.kept.erase(peer); },
      [&s](identify_atom, const link::local_identity& identity) { s.identify(identity); },
      [&s](recheck_atom) {
        for (const auto& [serial, e] : s.sessions_by_serial) caf::anon_send(e.handle, recheck_atom::value);
      },
      [&s](ask_atom, const outgoing& m, duration timeout) { return s.ask(m, timeout); },
      [&s](sessions_atom) { return s.sessions(); },
      [&s](close_atom) { s.close(); },
      [&s](dial_atom, const node_id& peer, traffic_class lane) { s.dial_lane(peer, lane); },
      [&s](const session_started& m) { s.on_started(m); },
      [&s](const session_ended& m) { s.on_ended(m); },
      [&s](const session_gone& m) { s.on_gone(m); },
      [&s](const session_idle& m) { s.on_idle(m); },
      [&s](const resolved& m) { s.on_resolved(m); },
      [&s](answered_atom, std::uint64_t number, const response& r) {
        auto asked = s.asks.extract(number);
        if (!asked.empty()) asked.mapped().deliver(r);
      },
      [&s](beat_atom) { s.on_beat(); },
      [&s](const caf::io::new_connection_msg& m) { s.accept(m.handle); },
      [](const caf::io::acceptor_closed_msg&) {},
      [](const caf::io::new_data_msg&) {},           // connections belong to sessions
      [](const caf::io::connection_closed_msg&) {},
  };
}

}  // namespace

links start_links(caf::actor_system& system, link_config config) {
  auto port = std::make_shared<link_port>(config.budget_bytes);
  port->identify(config.self);
  auto handle = system.middleman().spawn_broker(manager, std::move(config), port);
  port->set_manager(caf::actor_cast<caf::actor>(handle));  // here: a message may be sent before the manager has started
  return {handle, port};
}

void configure_links(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{std::clamp(std::thread::hardware_concurrency(), 1u, 4u)});
  config.set("scheduler.max-throughput", std::size_t{100});
  config.set("middleman.workers", std::size_t{0});
  config.set("middleman.max-consecutive-reads", std::size_t{4});  // so that a paused connection stops soon, and no peer starves others
}

void link_manager_state::start(pointer me, link_config c, link_port_ptr p) {
  self = me;
  config = std::move(c);
  port = std::move(p);
  tls = std::make_shared<link::tls_context>(config.tls, random);
  crypto::wipe(config.tls.private_key);
  send_later(self, manager_beat, beat_atom::value);
}

void link_manager_state::tell(const entry& e, refusal_reason reason, const char* text) {
  caf::anon_send(e.handle, end_atom::value, reason, std::string(text));
}

std::uint64_t link_manager_state::spawn_session(entry e, link::handshake_rules rules, caf::io::scribe_ptr accepted, int socket) {
  auto serial = next_serial++;
  session_setup setup{serial,        port,     caf::actor_cast<caf::actor>(self), tls,
                      rules,         config.verify,                               e.remote,
                      config.handshake_timeout, config.stall_timeout, config.idle_timeout, config.budget_bytes, std::move(accepted), socket};
  ++connections_by_host[e.host];
  e.handle = self->system().middleman().spawn_broker(session, std::move(setup));
  sessions_by_serial.emplace(serial, std::move(e));
  return serial;
}

void link_manager_state::on_started(const session_started& m) {
  auto it = sessions_by_serial.find(m.serial);
  if (it == sessions_by_serial.end()) return;
  auto& e = it->second;
  if (e.half_open()) --half_open;
  if (!e.up) e.since = steady_now();
  bool renewed = std::exchange(e.up, true);
  e.peer = m.peer;
  e.lane = m.lane;
  if (!m.peer->expired.empty()) {
    refusals.note(steady_now(), e.host, refusal_reason::expired, m.peer->expired, false);
  } else if (m.peer->admitted) {  // a crowd of strangers that comes and goes must not fill the log
    log::info(renewed ? "peer shows another admission" : "link up",
              {{"peer", m.peer->id.brief()}, {"name", m.peer->name}, {"class", to_string(m.lane)}, {"address", e.remote}});
  }
  if (e.stranger()) limit_strangers(e);
  // A node that started anew, or a process that dialled the same class again, no longer has the connection before.
  for (const auto& [serial, other] : sessions_by_serial) {
    if (serial == m.serial || !other.up || other.peer->end() != m.peer->end()) continue;
    bool restarted = other.peer->boot != m.peer->boot;
    if (restarted || (other.lane == m.lane && other.dialled == e.dialled)) tell(other, refusal_reason::replaced, "a newer connection took over");
  }
  if (auto d = dials.extract(e.dial); !d.empty() && d.mapped().promise.pending()) d.mapped().promise.deliver(connected{m.peer});
}

void link_manager_state::on_ended(const session_ended& m) {
  auto found = sessions_by_serial.extract(m.serial);
  if (found.empty()) return;
  auto& e = found.mapped();
  leaving.emplace(m.serial, e.host);
  if (e.half_open()) --half_open;
  auto now = steady_now();
  bool quiet = m.reason == refusal_reason::unreachable || close_by;
  bool orderly = m.reason == refusal_reason::replaced || m.reason == refusal_reason::idle || m.reason == refusal_reason::going_away ||
                 (m.reason == refusal_reason::connection_lost && m.was_up);
  if (e.up && orderly) {
    if (e.peer->admitted) {
      log::info("link down", {{"peer", e.peer->id.brief()}, {"name", e.peer->name}, {"class", to_string(e.lane)}, {"why", to_string(m.reason)}});
    }
  } else if (!quiet) {
    refusals.note(now, e.host, m.reason, m.text, m.by_peer);
  }
  if (close_by) {
    if (sessions_by_serial.empty()) self->quit();
    return;
  }
  if (!e.up && e.dialled) {
    if (auto d = dials.find(e.dial); d != dials.end()) {
      note_failure(d->second, {m.reason, m.text}, m.by_peer && link::is_about_identity(m.reason));
    }
    try_next(e.dial);
  } else if (e.up) {
    if (now - e.since > settled_after) retries.erase({e.peer->id, e.lane});
    bool keeping = kept.contains(e.peer->id) && e.lane != traffic_class::background;
    if (m.lane_waiting || (keeping && !port->is_up(e.peer->id, e.lane))) retry_later(e.peer->id, e.lane, true);
  }
}

void link_manager_state::on_gone(const session_gone& m) {
  auto gone = leaving.extract(m.serial);
  if (gone.empty()) return;
  if (auto host = connections_by_host.find(gone.mapped()); --host->second == 0) connections_by_host.erase(host);
}

void link_manager_state::on_idle(const session_idle& m) {
  auto it = sessions_by_serial.find(m.serial);
  if (it == sessions_by_serial.end() || !it->second.up || kept.contains(it->second.peer->id)) return;
  tell(it->second, refusal_reason::idle, "no message for a minute");
}

void link_manager_state::on_beat() {
  auto now = steady_now();
  port->pending_.expire(now);
  refusals.settle(now);
  if (close_by && now > *close_by) return self->quit();
  send_later(self, manager_beat, beat_atom::value);
  if (now - sessions_beat_at >= limits::heartbeat_interval) {  // together: one timer and one wake-up for all connections
    sessions_beat_at = now;
    for (const auto& [serial, e] : sessions_by_serial) {
      // On this very thread: sessions are woken without a detour through the multiplexer's pipe.
      if (e.up) e.handle->enqueue(nullptr, caf::make_message_id(), caf::make_message(beat_atom::value), self->context());
    }
  }
  std::vector<lane_key> due;
  for (auto& [key, r] : retries) {
    if (r.due && *r.due <= now) due.push_back(key);
  }
  for (const auto& key : due) {
    auto& r = retries[key];
    r.due.reset();
    bool wanted = std::exchange(r.wanted, false) || (kept.contains(key.first) && key.second != traffic_class::background);
    if (wanted) {
      dial_lane(key.first, key.second);  // until it is up, messages are refused: nobody is to wait for what has failed already
    } else {
      port->outbox_.may_dial(key.first, key.second);
    }
  }
}

void link_manager_state::identify(link::local_identity identity) {
  port->identify(std::move(identity));
  for (const auto& [serial, e] : sessions_by_serial) caf::anon_send(e.handle, wake_atom::value);
}

caf::typed_response_promise<response> link_manager_state::ask(outgoing m, duration timeout) {
  auto promise = self->make_response_promise<response>();
  auto number = next_ask++;
  asks.emplace(number, promise);
  auto me = caf::actor_cast<caf::actor>(self);
  port->request(std::move(m), timeout, [me, number](result<inbound> r) { caf::anon_send(me, answered_atom::value, number, response{std::move(r)}); });
  return promise;
}

caf::typed_response_promise<std::vector<session_status>> link_manager_state::sessions() {
  struct gathering {
    std::vector<session_status> all;
    std::size_t missing = 0;
  };
  auto promise = self->make_response_promise<std::vector<session_status>>();
  auto g = std::make_shared<gathering>();
  for (const auto& [serial, e] : sessions_by_serial) g->missing += e.up ? 1 : 0;
  if (g->missing == 0) promise.deliver(g->all);
  for (const auto& [serial, e] : sessions_by_serial) {
    if (!e.up) continue;
    auto finish = [g, promise]() mutable {
      if (--g->missing == 0) promise.deliver(std::move(g->all));
    };
    self->request(e.handle, std::chrono::seconds(1), sessions_atom::value)
        .then([g, finish](const session_status& s) mutable { g->all.push_back(s); finish(); },
              [finish](const caf::error&) mutable { finish(); });
  }
  return promise;
}

void link_manager_state::close() {
  if (close_by) return;
  close_by = steady_now() + close_timeout;
  for (auto l : listeners) self->close(l);
  for (const auto& [serial, e] : sessions_by_serial) tell(e, refusal_reason::going_away, "the process is ending");
  port->pending_.fail_all();
  port->set_manager({});
  for (auto& [number, promise] : asks) promise.deliver(response{fail(errc::unavailable, "the links are closing")});
  asks.clear();
  if (sessions_by_serial.empty()) self->quit();
}

}  // namespace holdfast::actors

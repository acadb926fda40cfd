// How the manager gets and keeps sessions: attempts over a peer's addresses, backoff between them, names resolved elsewhere.
#include <algorithm>

#include <caf/event_based_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/link/link_manager.hpp"

namespace holdfast::actors {

namespace limits = link::limits;
using link::refusal_reason;
using link::traffic_class;

namespace {

std::string turned_away_by(const std::string& address, const link::refusal& why) {
  if (why.reason == refusal_reason::revoked) return "it was revoked, says the node at " + address;
  if (why.reason == refusal_reason::wrong_cluster) return "it is for another cluster than the node at " + address + " is of";
  return "the node at " + address + " does not accept what it shows (" + why.text + ")";
}

}  // namespace

void link_manager_state::keep(const node_id& peer, std::vector<std::string> addresses) {
  if (close_by || kept.size() >= limits::known_peers_max) return;
  kept.insert(peer);
  port->know(peer, std::move(addresses));
  for (auto lane : {traffic_class::agreement, traffic_class::foreground}) {
    auto r = retries.find({peer, lane});
    bool waiting = r != retries.end() && r->second.due;
    if (!waiting) dial_lane(peer, lane);
  }
}

void link_manager_state::dial_lane(const node_id& peer, traffic_class lane) {
  bool dialling = std::any_of(dials.begin(), dials.end(), [&](const auto& d) { return d.second.peer == peer && d.second.lane == lane; });
  if (close_by || dialling || !port->outbox_.begin_dial(peer, lane)) return;
  begin({peer, lane, port->outbox_.addresses(peer)});
}

void link_manager_state::begin(dial d) {
  auto number = next_dial++;
  dials.emplace(number, std::move(d));
  try_next(number);
}

void link_manager_state::try_next(std::uint64_t number) {
  auto it = dials.find(number);
  if (it == dials.end()) return;
  auto& d = it->second;
  if (d.next >= d.addresses.size()) return give_up(number);
  d.address = d.addresses[d.next++];
  try_address(number, d.address);
}

void link_manager_state::try_address(std::uint64_t number, const std::string& address) {
  auto& d = dials.at(number);
  auto where = parse_address(address);
  if (!where) {
    note_failure(d, {refusal_reason::unreachable, where.error().message()});
    return try_next(number);
  }
  if (!is_numeric(*where)) {
    unresolved.push_back(number);
    return resolve_waiting();
  }
  auto socket = begin_connect(*where);
  if (!socket) {
    note_failure(d, {refusal_reason::unreachable, socket.error().message()});
    port->counters_.count(refusal_reason::unreachable);
    return try_next(number);
  }
  ++port->counters_.dialled;
  entry e;
  e.host = where->host;
  e.remote = address;
  e.dialled = true;
  e.dial = number;
  spawn_session(std::move(e), {d.lane, true, d.peer, config.strangers_welcome}, nullptr, *socket);
}

/// A thread each, for a resolver may take half a minute; so few of them at once, and some left for peers whatever newcomers claim to be called.
void link_manager_state::resolve_waiting() {
  auto me = caf::actor_cast<caf::actor>(self);
  for (auto it = unresolved.begin(); it != unresolved.end() && resolving < limits::resolvers_max;) {
    const auto& d = dials.at(*it);
    bool known = d.peer.has_value();
    if (!known && resolving_unknown >= limits::resolvers_for_unknown_max) {
      ++it;
      continue;
    }
    ++resolving;
    resolving_unknown += known ? 0 : 1;
    self->system().spawn<caf::detached>([me, known, number = *it, where = *parse_address(d.address)](caf::event_based_actor*) {
      caf::anon_send(me, resolved{number, known, resolve(where)});
    });
    it = unresolved.erase(it);
  }
}

void link_manager_state::on_resolved(const resolved& m) {
  --resolving;
  resolving_unknown -= m.peer_known ? 0 : 1;
  auto& d = dials.at(m.dial);
  if (m.addresses.empty()) note_failure(d, {refusal_reason::unreachable, "'" + d.address + "' is not known to the resolver"});
  d.addresses.insert(d.addresses.begin() + static_cast<std::ptrdiff_t>(d.next), m.addresses.begin(), m.addresses.end());
  try_next(m.dial);
  resolve_waiting();
}

void link_manager_state::note_failure(dial& d, link::refusal why, bool turned_away) {
  d.last = std::move(why);
  d.turned_away = turned_away;
}

void link_manager_state::give_up(std::uint64_t number) {
  auto d = std::move(dials.extract(number).mapped());
  auto why = "cannot reach " + (d.address.empty() ? (d.peer ? d.peer->brief() : std::string("anybody")) : d.address) + ": " +
             std::string(to_string(d.last.reason)) + " (" + d.last.text + ")";
  if (d.peer) {
    port->fail_unsent(port->outbox_.dial_failed(*d.peer, d.lane), why);
    bool revoked = d.turned_away && d.last.reason == refusal_reason::revoked;
    retry_later(*d.peer, d.lane, false, revoked ? limits::revoked_backoff_max : limits::backoff_max);
  }
  if (d.promise.pending()) {
    d.promise.deliver(connected{d.turned_away ? fail(errc::denied, turned_away_by(d.address, d.last)) : fail(errc::unavailable, why)});
  }
  port->announce(dial_failed{d.peer.value_or(node_id{}), d.address, d.last.reason, d.last.text});
}

void link_manager_state::retry_later(const node_id& peer, traffic_class lane, bool wanted, duration longest) {
  auto& r = retries[{peer, lane}];
  r.wanted = r.wanted || wanted;
  if (!r.due) r.due = steady_now() + r.pace.next(random, longest);
}

}  // namespace holdfast::actors

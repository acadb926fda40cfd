// Whom the manager takes: sockets that listen, bounds on what comes in, and who gives way when they are reached.
//
// Nobody who has shown an admission gives way. Of the others the longest there goes first, so that a newcomer is heard whatever
// floods; and an address with a crowd gives way to itself, so that its flood costs others nothing.
#include <algorithm>

#include "actors/base/clock.hpp"
#include "actors/link/link_manager.hpp"

namespace holdfast::actors {

namespace limits = link::limits;
using link::refusal_reason;

result<std::uint16_t> link_manager_state::listen(const std::string& address) {
  auto where = parse_address(address);
  if (!where) return fail(where.error());
  auto opened = open_listener(*where);
  if (!opened) return fail(opened.error());
  listeners.push_back(self->add_doorman(opened->socket));
  return opened->port;
}

/// Of those who may go one is told to, for the sake of a connection from `host`. False if there is none.
bool link_manager_state::make_way(const std::string& host, const char* text, const std::function<bool(const entry&)>& may_go) {
  entry *longest = nullptr, *longest_of_host = nullptr;
  std::size_t crowd = 0;
  for (auto& [serial, e] : sessions_by_serial) {
    if (e.told_to_go || !may_go(e)) continue;
    if (!longest) longest = &e;
    if (e.host != host) continue;
    if (!longest_of_host) longest_of_host = &e;
    ++crowd;
  }
  auto* going = crowd > limits::crowd_of_one_address ? longest_of_host : longest;
  if (!going) return false;
  going->told_to_go = true;
  tell(*going, refusal_reason::too_many_connections, text);
  return true;
}

bool link_manager_state::make_room_for(const std::string& host) {
  if (auto of_host = connections_by_host.find(host); of_host != connections_by_host.end() && of_host->second >= config.connections_per_address_max) {
    return false;
  }
  if (half_open >= config.half_open_max) {
    make_way(host, "too many connections that have not said who they are", [](const entry& e) { return e.half_open(); });
    if (half_open >= config.half_open_max + limits::leaving_grace) return false;
  }
  auto sockets = sessions_by_serial.size() + leaving.size();
  if (sockets < config.connections_max) return true;
  bool way = make_way(host, "too many connections; members come first", [](const entry& e) { return e.half_open() || e.stranger(); });
  return way && sockets < config.connections_max + limits::leaving_grace;
}

void link_manager_state::limit_strangers(const entry& newest) {
  auto stays = [](const auto& s) { return !s.second.told_to_go && s.second.stranger(); };
  auto there = std::count_if(sessions_by_serial.begin(), sessions_by_serial.end(), stays);
  if (static_cast<std::size_t>(there) <= config.strangers_max) return;
  make_way(newest.host, "too many strangers; come again if you were not answered", [&](const entry& e) { return e.stranger() && &e != &newest; });
}

void link_manager_state::accept(caf::io::connection_handle connection) {
  auto host = self->remote_addr(connection);
  auto remote = print_address(host, self->remote_port(connection));
  auto scribe = self->take(connection);  // let go, it closes
  ++port->counters_.accepted;
  if (close_by || !make_room_for(host)) {
    port->counters_.count(refusal_reason::too_many_connections);
    refusals.note(steady_now(), host, refusal_reason::too_many_connections, "there are too many connections", false);
    return;
  }
  entry e;
  e.host = host;
  e.remote = remote;
  ++half_open;
  spawn_session(std::move(e), {link::traffic_class::foreground, false, std::nullopt, config.strangers_welcome}, std::move(scribe), -1);
}

}  // namespace holdfast::actors

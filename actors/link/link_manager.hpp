// The manager's state: its sessions, whom it dials and keeps, and the bounds on connections. On the multiplexer's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>

#include <caf/io/typed_broker.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/link/address.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/link/link_internal.hpp"
#include "actors/link/refusal_log.hpp"
#include "protocols/link/backoff.hpp"
#include "protocols/link/tls_channel.hpp"

namespace holdfast::actors {

using link_manager_broker = link_manager_actor::extend<
    caf::reacts_to<dial_atom, node_id, link::traffic_class>,
    caf::reacts_to<session_started>, caf::reacts_to<session_ended>, caf::reacts_to<session_gone>, caf::reacts_to<session_idle>,
    caf::reacts_to<resolved>,
    caf::reacts_to<answered_atom, std::uint64_t, response>, caf::reacts_to<beat_atom>,
    caf::reacts_to<caf::io::new_connection_msg>, caf::reacts_to<caf::io::acceptor_closed_msg>,
    caf::reacts_to<caf::io::new_data_msg>, caf::reacts_to<caf::io::connection_closed_msg>>;

struct link_manager_state {
  using pointer = link_manager_broker::stateful_broker_pointer<link_manager_state>;
  using lane_key = std::pair<node_id, link::traffic_class>;

  static inline const char* name = "links";
  link_manager_state() = default;

  /// An attempt to get one session; goes through its addresses in order.
  struct dial {
    std::optional<node_id> peer;                ///< whom it must reach
    link::traffic_class lane;
    std::vector<std::string> addresses;
    std::size_t next = 0;
    caf::typed_response_promise<connected> promise;  ///< of `connect`
    std::string address;                        ///< being tried
    link::refusal last{link::refusal_reason::unreachable, "there is no address to dial"};
    bool turned_away = false;                   ///< `last` is the peer's word on who this process is
  };

  struct entry {
    caf::actor handle;
    std::string host;          ///< remote, without port
    std::string remote;
    bool dialled = false, up = false;
    bool told_to_go = false;   ///< it gave way to others and is about to end
    std::uint64_t dial = 0;    ///< the attempt it belongs to
    peer_ptr peer;
    link::traffic_class lane = link::traffic_class::foreground;
    instant since{};           ///< up

    bool half_open() const { return !dialled && !up; }
    bool stranger() const { return up && !peer->admitted; }
  };

  struct retry {
    link::backoff pace;
    std::optional<instant> due;
    bool wanted = false;       ///< messages wait, or the peer is kept: dial when due
  };

  void start(pointer self, link_config c, link_port_ptr p);
  result<std::uint16_t> listen(const std::string& address);
  void accept(caf::io::connection_handle connection);
  void keep(const node_id& peer, std::vector<std::string> addresses);
  void dial_lane(const node_id& peer, link::traffic_class lane);
  void begin(dial d);
  void resolve_waiting();
  void on_resolved(const resolved& m);
  static void note_failure(dial& d, link::refusal why, bool turned_away = false);
  void try_next(std::uint64_t number);
  void try_address(std::uint64_t number, const std::string& address);
  void give_up(std::uint64_t number);
  void on_started(const session_started& m);
  void on_ended(const session_ended& m);
  void on_gone(const session_gone& m);
  void on_idle(const session_idle& m);
  void retry_later(const node_id& peer, link::traffic_class lane, bool wanted, duration longest = link::limits::backoff_max);
  void on_beat();
  void identify(link::local_identity identity);
  void close();
  caf::typed_response_promise<std::vector<session_status>> sessions();
  caf::typed_response_promise<response> ask(outgoing m, duration timeout);

  std::uint64_t spawn_session(entry e, link::handshake_rules rules, caf::io::scribe_ptr accepted, int socket);
  static void tell(const entry& e, link::refusal_reason reason, const char* text);
  bool make_room_for(const std::string& host);
  bool make_way(const std::string& host, const char* text, const std::function<bool(const entry&)>& may_go);
  void limit_strangers(const entry& newest);

  pointer self = nullptr;
  link_config config;
  link_port_ptr port;
  std::shared_ptr<link::tls_context> tls;
  system_random random;
  refusal_log refusals;
  std::uint64_t next_serial = 1, next_dial = 1, next_ask = 1;
  std::map<std::uint64_t, entry> sessions_by_serial;
  std::map<std::uint64_t, std::string> leaving;             ///< ended, their sockets not yet closed: serial and host
  std::map<std::string, std::size_t> connections_by_host;   ///< sockets, those of sessions that have ended included
  std::size_t half_open = 0;  ///< accepted, not up
  instant sessions_beat_at{};
  std::map<std::uint64_t, dial> dials;
  std::deque<std::uint64_t> unresolved;                     ///< dials that wait for a resolver
  std::size_t resolving = 0, resolving_unknown = 0;         ///< names being looked up; those of whoever answers there
  std::set<node_id> kept;
  std::map<lane_key, retry> retries;
  std::map<std::uint64_t, caf::typed_response_promise<response>> asks;
  std::vector<caf::io::accept_handle> listeners;
  std::optional<instant> close_by;  ///< closing: ends then at the latest
};

}  // namespace holdfast::actors

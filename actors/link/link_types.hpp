// What local actors exchange with the links: messages out, messages in, and who is connected.
#pragma once

#include <memory>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>

#include "protocols/link/hello.hpp"
#include "protocols/link/link_limits.hpp"
#include "protocols/link/message_kind.hpp"
#include "protocols/link/tls_identity.hpp"

namespace holdfast::actors {

/// An immutable message body, shared and never copied between actors. The body of a received message counts against its
/// sender's credit until the last reference goes: whoever keeps data for longer than it works on it makes a copy.
using payload_ptr = std::shared_ptr<const bytes>;
inline payload_ptr make_payload(bytes data) { return std::make_shared<const bytes>(std::move(data)); }

using peer_ptr = std::shared_ptr<const link::peer_info>;

/// A message to a peer: a node by its id, whoever else there is on a link by the `end()` of its `peer_info`.
struct outgoing {
  link::endpoint to;
  link::traffic_class lane = link::traffic_class::foreground;
  link::message_kind kind = link::message_kind::membership;
  payload_ptr payload;
  std::uint64_t correlation = 0;  ///< 0: one-way; requests get theirs from `link_port::request`
  bool reply = false;
};

/// A message from a peer, as its handler (see `link_port::subscribe`) or the requester gets it.
struct inbound {
  peer_ptr from;
  link::traffic_class lane = link::traffic_class::foreground;
  link::message_kind kind = link::message_kind::membership;
  payload_ptr payload;
  std::uint64_t correlation = 0;
  bool reply = false;

  bool wants_reply() const { return correlation != 0 && !reply; }
  bytes_view body() const { return *payload; }
};

/// The answer to a request: the peer's reply, or `unavailable` (never sent), `outcome_unknown` (sent; no reply came),
/// `over_limit` (a queue is full: try later).
struct response {
  result<inbound> value;
};

struct listening {
  result<std::uint16_t> port;
};
struct connected {
  result<peer_ptr> peer;
};

/// To watchers: the first session of a class with this peer is up; the last one has gone.
struct peer_up {
  peer_ptr peer;
  link::traffic_class lane;
};
struct peer_down {
  peer_ptr peer;
  link::traffic_class lane;
  link::refusal_reason reason;
};

/// To whoever hears: the peer answered a heartbeat (every 250 ms on foreground): food for the failure detector.
struct peer_heard {
  node_id peer;
  link::traffic_class lane;
  duration round_trip;
};

/// To watchers: a dialled address did not become a session.
struct dial_failed {
  node_id peer;  ///< zero where only an address was dialled
  std::string address;
  link::refusal_reason reason;
  std::string text;
};

/// A session as `holdfast status` shows it.
struct session_status {
  peer_ptr peer;
  link::traffic_class lane;
  bool dialled = false;
  std::uint64_t sent_bytes = 0, received_bytes = 0;          ///< payload and frame headers
  std::uint64_t sent_messages = 0, received_messages = 0;
  std::uint64_t held_bytes = 0;                              ///< received and not consumed
  duration round_trip{0};
};

struct link_config {
  link::tls_identity tls;
  link::local_identity self;
  link::peer_verifier verify;
  bool strangers_welcome = true;                  ///< nodes: yes, membership answers them; clients never listen
  duration handshake_timeout = link::limits::handshake_timeout;
  duration stall_timeout = link::limits::stall_timeout;
  duration idle_timeout = link::limits::idle_timeout;
  std::uint64_t budget_bytes = link::limits::budget_bytes;
  std::size_t connections_max = link::limits::connections_max;
  std::size_t connections_per_address_max = link::limits::connections_per_address_max;
  std::size_t half_open_max = link::limits::half_open_max;
  std::size_t strangers_max = link::limits::strangers_max;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::outgoing)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::inbound)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::listening)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::peer_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::peer_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::peer_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::dial_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::session_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<holdfast::actors::session_status>)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::node_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::duration)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link::local_identity)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link::traffic_class)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link::refusal_reason)

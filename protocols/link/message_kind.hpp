// The closed set of what travels on a link: a frame's first byte says whose codec reads the rest.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::link {

/// A connection's class: one TCP connection for each between two peers, so that bulk never delays a vote.
enum class traffic_class : std::uint8_t { agreement, foreground, background };
constexpr bool known(traffic_class c) { return c <= traffic_class::background; }
std::string_view to_string(traffic_class c);

enum class message_kind : std::uint8_t {
  hello,        ///< link::hello: first frame either way
  heartbeat,    ///< link::heartbeat
  credit,       ///< link::credit: bytes the sender may send on
  agreement,    ///< ring id ‖ agreement::message, node to node
  ring,         ///< ring::service_request / service_reply: updates, reads, root ring's business
  archive,      ///< archive::service_request / service_reply: fragments
  mesh,         ///< mesh::service_request / service_reply: publish, locate
  membership,   ///< membership::request / reply: join, trust chain, directory, founding
  monitor,      ///< monitor::report: status and events
  replica,      ///< replica::service_request / service_reply: reads from a secondary replica
};
constexpr bool known(message_kind k) { return k <= message_kind::replica; }
std::string_view to_string(message_kind k);
/// The link's own words: one short frame each, which may come between the frames of a message.
constexpr bool is_control(message_kind k) { return k <= message_kind::credit; }

}  // namespace holdfast::link

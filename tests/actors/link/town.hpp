// A node with a friend, for peers that mean no good to be let loose on.
#pragma once

#include "tests/actors/link/cluster.hpp"
#include "tests/actors/link/raw_peer.hpp"

namespace holdfast::actors::testing {

/// A node that serves, and a friend who notices if it no longer does.
struct town {
  process node, guest;
  std::uint16_t port;

  explicit town(std::function<void(link_config&)> adjust = [](link_config&) {})
      : node(options{.id = 1, .adjust = std::move(adjust)}), guest(options{.id = 2}) {
    port = node.listen();
    node.echo(link::message_kind::ring);
    guest.port().know(node_named(1), {node.address()});
  }
  bool serves() {
    return guest.ask({node_named(1), link::traffic_class::foreground, link::message_kind::ring, make_payload({1, 2, 3})}).has_value();
  }
  bool refuses(link::refusal_reason r, std::uint64_t times = 1) {
    return eventually([&] { return node.closed(r) >= times; });
  }
};

}  // namespace holdfast::actors::testing

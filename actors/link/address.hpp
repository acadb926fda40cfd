// Addresses as people write them (HOST:PORT, [ADDR]:PORT), and sockets that never block.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocols/base/error.hpp"

namespace holdfast::actors {

struct host_port {
  std::string host;
  std::uint16_t port = 0;
};

/// `malformed` if it is not HOST:PORT or [ADDR]:PORT with a port of 0 to 65535.
result<host_port> parse_address(std::string_view text);
std::string print_address(const std::string& host, std::uint16_t port);

/// True if the host is a number already, so that no resolver is needed.
bool is_numeric(const host_port& address);

/// Numeric addresses of a host, the first few in the resolver's order. Blocks: call it on a thread of its own.
std::vector<std::string> resolve(const host_port& address);

/// Begins to connect to a numeric address; answers a non-blocking socket that may still be connecting. `unavailable` at once if
/// the system refuses.
result<int> begin_connect(const host_port& address);

struct listening_socket {
  int socket = -1;
  std::uint16_t port = 0;
};
/// Listens on a numeric address (0.0.0.0 and [::] included). `unavailable` with the system's reason.
result<listening_socket> open_listener(const host_port& address);

}  // namespace holdfast::actors

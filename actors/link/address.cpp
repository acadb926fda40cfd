#include "actors/link/address.hpp"

#include <charconv>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/link/link_limits.hpp"
#include "protocols/link/listen_error.hpp"

namespace holdfast::actors {

namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

address_list look_up(const host_port& address, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found) != 0) found = nullptr;
  return {found, &::freeaddrinfo};
}

/// Closes what is not handed on.
struct socket_guard {
  int socket;
  ~socket_guard() {
    if (socket >= 0) ::close(socket);
  }
  int release() { return std::exchange(socket, -1); }
};

tl::unexpected<error> system_error(const std::string& what) { return fail(errc::unavailable, what + ": " + std::strerror(errno)); }

tl::unexpected<error> cannot_listen(const std::string& where, const std::string& why) {
  return fail(link::listen_errc::cannot_listen, "cannot listen on " + where + ": " + why);
}

}  // namespace

result<host_port> parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  auto wrong = [&] { return fail(errc::malformed, "'" + std::string(text) + "' is not HOST:PORT or [ADDRESS]:PORT"); };
  if (colon == std::string_view::npos || colon == 0) return wrong();
  auto host = text.substr(0, colon), port = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return wrong();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();  // an IPv6 address needs its brackets
  }
  host_port out{std::string(host), 0};
  auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failure != std::errc{} || end != port.data() + port.size() || port.empty()) return wrong();
  return out;
}

std::string print_address(const std::string& host, std::uint16_t port) {
  bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool is_numeric(const host_port& address) { return look_up(address, AI_NUMERICHOST) != nullptr; }

std::vector<std::string> resolve(const host_port& address) {
  std::vector<std::string> out;
  auto found = look_up(address, AI_ADDRCONFIG);
  for (auto* a = found.get(); a && out.size() < link::limits::addresses_per_name_max; a = a->ai_next) {
    char host[NI_MAXHOST];
    if (::getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    out.push_back(print_address(host, address.port));
  }
  return out;
}

result<int> begin_connect(const host_port& address) {
  auto found = look_up(address, AI_NUMERICHOST);
  if (!found) return fail(errc::malformed, "'" + address.host + "' is not a numeric address");
  socket_guard s{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (s.socket < 0) return system_error("a socket cannot be opened");
  if (::connect(s.socket, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) return system_error("cannot connect");
  return s.release();
}

result<listening_socket> open_listener(const host_port& address) {
  auto where = print_address(address.host, address.port);
  auto found = look_up(address, AI_PASSIVE);
  if (!found) return cannot_listen(where, "the address is unknown");
  socket_guard s{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (s.socket < 0) return cannot_listen(where, std::strerror(errno));
  int on = 1;
  ::setsockopt(s.socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(s.socket, found->ai_addr, found->ai_addrlen) != 0) return cannot_listen(where, std::strerror(errno));
  if (::listen(s.socket, 256) != 0) return cannot_listen(where, std::strerror(errno));
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  char port[NI_MAXSERV];
  if (::getsockname(s.socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, nullptr, 0, port, sizeof port, NI_NUMERICSERV) != 0) {
    return cannot_listen(where, std::strerror(errno));
  }
  return listening_socket{s.release(), static_cast<std::uint16_t>(std::stoul(port))};
}

}  // namespace holdfast::actors

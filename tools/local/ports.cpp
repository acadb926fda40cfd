#include "tools/local/ports.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "protocols/base/random.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/files/descriptor.hpp"

namespace holdfast::tools {

namespace {

// Below the range that the kernel gives to outgoing connections: a node that is down must find its port free again.
constexpr std::uint16_t first_port = 15'000, last_port = 31'999;

bool bind_to(const descriptor& fd, std::uint16_t port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
}

}  // namespace

result<std::vector<std::uint16_t>> pick_free_ports(std::size_t count, const std::set<std::uint16_t>& taken) {
  constexpr std::uint16_t all = last_port - first_port + 1;
  system_random random;
  auto start = random.below(all);
  std::vector<descriptor> held;
  std::vector<std::uint16_t> ports;
  for (std::uint16_t i = 0; i < all && ports.size() < count; ++i) {
    auto port = static_cast<std::uint16_t>(first_port + (start + i) % all);
    descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (taken.contains(port) || !bind_to(fd, port)) continue;
    held.push_back(std::move(fd));
    ports.push_back(port);
  }
  if (ports.size() < count) return fail(tool_errc::process_failed, "there are not " + std::to_string(count) + " free ports on 127.0.0.1");
  return ports;
}

}  // namespace holdfast::tools

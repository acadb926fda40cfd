#include "tools/local/http_get.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "tools/files/descriptor.hpp"

namespace holdfast::tools {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t answer_bytes_max = 64u << 10;

bool ready(int fd, short what, clock::time_point deadline) {
  pollfd waiting{fd, what, 0};
  while (true) {
    auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    int n = ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

descriptor dial(const address& where, clock::time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found) != 0) return {};
  descriptor fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int refused = fd ? ::connect(fd.get(), found->ai_addr, found->ai_addrlen) : -1;
  ::freeaddrinfo(found);
  if (!fd || (refused != 0 && (errno != EINPROGRESS || !ready(fd.get(), POLLOUT, deadline)))) return {};
  int why = 0;
  socklen_t size = sizeof why;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &why, &size) != 0 || why != 0) return {};
  return fd;
}

}  // namespace

std::optional<http_answer> http_get(const address& where, const std::string& path, std::chrono::milliseconds time) {
  auto deadline = clock::now() + time;
  auto fd = dial(where, deadline);
  auto request = "GET " + path + " HTTP/1.0\r\nHost: " + to_string(where) + "\r\nConnection: close\r\n\r\n";
  if (!fd || ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < answer_bytes_max && ready(fd.get(), POLLIN, deadline)) {
    auto n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) return std::nullopt;
    if (n == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  auto body = text.find("\r\n\r\n");
  auto blank = text.find(' ');
  if (!text.starts_with("HTTP/1.") || body == std::string::npos || blank + 4 > body) return std::nullopt;
  http_answer answer;
  std::from_chars(text.data() + blank + 1, text.data() + blank + 4, answer.status);
  answer.body = text.substr(body + 4);
  return answer;
}

}  // namespace holdfast::tools

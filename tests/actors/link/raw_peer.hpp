// A peer that keeps to no rule: a blocking socket, with or without TLS and hello, that writes whatever a test wants.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/link/frame_codec.hpp"
#include "protocols/link/hello.hpp"
#include "protocols/link/tls_channel.hpp"

namespace holdfast::actors::testing {

class raw_peer {
 public:
  /// `host` is the last number of its own address, 127.0.0.`host`.
  explicit raw_peer(std::uint16_t port, std::uint8_t host = 1) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl(0x7f00'0000u + host);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&from), sizeof from);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~raw_peer() { ::close(socket_); }
  raw_peer(const raw_peer&) = delete;
  raw_peer& operator=(const raw_peer&) = delete;

  bool connected() const { return connected_; }
  bool write(bytes_view data) {
    while (!data.empty()) {
      auto n = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      data = data.subspan(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// True once the other side has closed; what it sends before goes through TLS if there is one.
  bool closed_within(std::chrono::milliseconds limit) {
    auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
      if (!read_some(50)) return true;
    }
    return false;
  }

  /// TLS with a key of its own and a hello: as a stranger, or with the admission `{id, 0, key}` of the tests.
  bool greet(std::uint8_t id, std::uint8_t cluster, link::traffic_class lane) {
    auto identity = link::make_tls_identity(random_);
    link::hello h;
    h.cluster.raw[0] = cluster;
    h.lane = lane;
    h.boot = random_.next_u64();
    if (id != 0) {
      h.member.raw[0] = id;
      h.admission = {id, 0};
      append(h.admission, link::tls_key_of(identity.certificate)->view());
    }
    return greet(identity, h);
  }

  /// TLS with this key, then this hello and a welcome, whatever the other side says.
  bool greet(const link::tls_identity& identity, const link::hello& h) {
    identity_ = identity;
    tls_ = std::make_unique<link::tls_channel>(
        std::make_shared<link::tls_context>(identity_, random_), link::tls_side::client, [this](bytes_view d) { write(d); },
        [this](bytes_view d) { append(received, d); });
    if (!tls_->start()) return false;
    while (!tls_->is_active()) {
      if (!read_some(5000)) return false;
    }
    send(link::message_kind::hello, codec::encode(link::greeting(h)));
    send(link::message_kind::hello, codec::encode(link::greeting(link::welcome{})));
    return true;
  }

  /// Waits until the other side has said `count` greetings or closed; answers those it said.
  std::vector<link::greeting> greetings(std::size_t count, std::chrono::milliseconds limit) {
    auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
      std::vector<link::greeting> said;
      link::frame_reader frames(link::traffic_class::foreground);
      std::ignore = frames.feed(received, [&](link::message m) {
        auto greeting = codec::decode<link::greeting>(m.payload, "greeting");
        if (greeting) said.push_back(std::move(*greeting));
        return outcome();
      });
      if (said.size() >= count || std::chrono::steady_clock::now() > end || !read_some(50)) return said;
    }
  }

  /// Waits until `count` messages of a kind have come, or the other side has closed.
  std::vector<bytes> messages(link::message_kind kind, std::size_t count, std::chrono::milliseconds limit) {
    auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
      std::vector<bytes> come;
      link::frame_reader frames(link::traffic_class::foreground);
      frames.open_up(link::traffic_class::foreground);
      std::ignore = frames.feed(received, [&](link::message m) {
        if (m.kind == kind) come.push_back(std::move(m.payload));
        return outcome();
      });
      if (come.size() >= count || std::chrono::steady_clock::now() > end || !read_some(50)) return come;
    }
  }

  bool send(link::message_kind kind, bytes_view payload, std::uint64_t correlation = 0) {
    bytes wire;
    link::frame_writer w(link::traffic_class::foreground, kind, false, correlation, payload);
    while (!w.done()) w.append_next(wire);
    return send_plain(wire);
  }
  bool send_plain(bytes_view data) { return tls_->send(data).has_value(); }

  bytes received;  ///< plaintext

 private:
  bool read_some(int timeout_ms) {
    pollfd p{socket_, POLLIN, 0};
    if (::poll(&p, 1, timeout_ms) == 0) return true;
    std::uint8_t buffer[16384];
    auto n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    if (tls_) std::ignore = tls_->received({buffer, static_cast<std::size_t>(n)});
    return true;
  }

  int socket_;
  bool connected_ = false;
  system_random random_;
  link::tls_identity identity_;
  std::unique_ptr<link::tls_channel> tls_;
};

}  // namespace holdfast::actors::testing

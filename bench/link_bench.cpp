// What a link costs beside a plain socket on the same loopback, in the same run: round trips of 64 bytes, requests a second
// with many under way, and bulk. Two actor systems in one process stand for two nodes; TLS and all checks are as in a node.
//
//   link_bench [MEGABYTES]
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <thread>

#include <caf/all.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actors/base/log.hpp"
#include "actors/link/link_iface.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::actors;
using clock_type = std::chrono::steady_clock;
using link::message_kind;
using link::traffic_class;

constexpr int round_trips = 5000;
constexpr int requests = 100'000, requests_under_way = 64;

double seconds_since(clock_type::time_point start) { return std::chrono::duration<double>(clock_type::now() - start).count(); }

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "link_bench: %s\n", why.c_str());
  std::exit(1);
}

struct latencies {
  std::vector<double> us;
  double at(double share) {
    std::sort(us.begin(), us.end());
    return us[std::min(us.size() - 1, static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

/// Counts up to a number that somebody waits for.
class counter {
 public:
  void add(std::uint64_t n) {
    std::lock_guard lock(mutex_);
    count_ += n;
    changed_.notify_all();
  }
  void wait_for(std::uint64_t n) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= n; })) give_up("nothing arrived for a minute");
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t count_ = 0;
};

// --- the floor: two threads, two blocking sockets ---

std::pair<int, int> connected_sockets() {
  int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener, 1) != 0) give_up("cannot listen on loopback");
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
  int a = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::connect(a, reinterpret_cast<sockaddr*>(&at), size) != 0) give_up("cannot connect on loopback");
  int b = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  int on = 1;
  for (int s : {a, b}) ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {a, b};
}

bool transfer_all(int s, std::uint8_t* data, std::size_t size, bool reading) {
  while (size > 0) {
    auto n = reading ? ::recv(s, data, size, 0) : ::send(s, data, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

void measure_floor(std::uint64_t bulk_bytes) {
  auto [a, b] = connected_sockets();
  std::thread other([b = b, bulk_bytes] {
    bytes buffer(256u << 10);
    for (int i = 0; i < round_trips; ++i) {
      if (!transfer_all(b, buffer.data(), 64, true) || !transfer_all(b, buffer.data(), 64, false)) return;
    }
    for (std::uint64_t got = 0; got < bulk_bytes; got += buffer.size()) transfer_all(b, buffer.data(), buffer.size(), true);
    transfer_all(b, buffer.data(), 1, false);
  });
  bytes buffer(256u << 10);
  latencies l;
  for (int i = 0; i < round_trips; ++i) {
    auto start = clock_type::now();
    transfer_all(a, buffer.data(), 64, false);
    transfer_all(a, buffer.data(), 64, true);
    l.us.push_back(seconds_since(start) * 1e6);
  }
  auto start = clock_type::now();
  for (std::uint64_t sent = 0; sent < bulk_bytes; sent += buffer.size()) transfer_all(a, buffer.data(), buffer.size(), false);
  transfer_all(a, buffer.data(), 1, true);
  auto taken = seconds_since(start);
  other.join();
  ::close(a);
  ::close(b);
  std::printf("plain socket     64 B round trip  p50 %6.1f us  p99 %6.1f us\n", l.at(0.5), l.at(0.99));
  std::printf("plain socket     bulk             %7.0f MB/s\n", static_cast<double>(bulk_bytes) / 1e6 / taken);
}

// --- the links ---

struct node {
  explicit node(std::uint8_t n) {
    system_random random;
    link_config c;
    c.tls = link::make_tls_identity(random);
    id.raw[0] = n;
    c.self = {{}, id, {n}, n, 0, 0};
    c.verify = [](bytes_view admission, const digest&, wall_time) -> result<link::peer_info> {
      link::peer_info p;
      p.id.raw[0] = admission[0];
      return p;
    };
    configure_links(config);
    system = std::make_unique<caf::actor_system>(config);
    l = start_links(*system, std::move(c));
  }
  ~node() {
    caf::anon_send(l.manager, close_atom::value);
    for (auto& a : actors) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    actors.clear();
    l = {};
  }
  void handle(message_kind kind, std::function<void(const inbound&)> f) {
    actors.push_back(system->spawn([f](caf::event_based_actor*) -> caf::behavior { return {[f](const inbound& m) { f(m); }}; }));
    l.port->subscribe(kind, actors.back());
  }

  node_id id;
  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> system;
  links l;
  std::vector<caf::actor> actors;
};

void measure_round_trips(node& from, node& to, traffic_class lane) {
  latencies l;
  auto body = make_payload(bytes(64));
  for (int i = 0; i < round_trips; ++i) {
    counter done;
    auto start = clock_type::now();
    from.l.port->request({to.id, lane, message_kind::ring, body}, std::chrono::seconds(20), [&](result<inbound> r) {
      if (!r) give_up(r.error().message());
      done.add(1);
    });
    done.wait_for(1);
    l.us.push_back(seconds_since(start) * 1e6);
  }
  std::printf("link %-11s 64 B round trip  p50 %6.1f us  p99 %6.1f us\n", std::string(to_string(lane)).c_str(), l.at(0.5), l.at(0.99));
}

void measure_requests(node& from, node& to) {
  auto body = make_payload(bytes(64));
  counter done;
  auto start = clock_type::now();
  for (int i = 0; i < requests; ++i) {
    if (i >= requests_under_way) done.wait_for(static_cast<std::uint64_t>(i - requests_under_way + 1));
    from.l.port->request({to.id, traffic_class::agreement, message_kind::ring, body}, std::chrono::seconds(20), [&](result<inbound> r) {
      if (!r) give_up(r.error().message());
      done.add(1);
    });
  }
  done.wait_for(requests);
  std::printf("link agreement   64 B requests    %7.0f /s with %d under way\n", requests / seconds_since(start), requests_under_way);
}

void measure_bulk(node& from, node& to, traffic_class lane, std::size_t size, std::uint64_t bulk_bytes) {
  counter arrived;
  to.handle(message_kind::archive, [&](const inbound& m) { arrived.add(m.payload->size()); });
  auto body = make_payload(bytes(size));
  auto start = clock_type::now();
  std::uint64_t sent = 0;
  for (; sent < bulk_bytes; sent += size) {
    while (!from.l.port->send({to.id, lane, message_kind::archive, body})) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  arrived.wait_for(sent);
  auto megabytes = static_cast<double>(sent) / 1e6;
  std::printf("link %-11s %4zu KiB bulk    %7.0f MB/s\n", std::string(to_string(lane)).c_str(), size >> 10, megabytes / seconds_since(start));
}

}  // namespace

int main(int argc, char** argv) {
  log::configure({.least = log::level::warning});
  auto bulk_bytes = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 256) << 20;
  measure_floor(bulk_bytes);
  node a(1), b(2);
  caf::scoped_actor self(*b.system);
  std::uint16_t port = 0;
  self->request(b.l.manager, std::chrono::seconds(20), listen_atom::value, std::string("127.0.0.1:0"))
      .receive([&](const listening& l) { port = l.port.value_or(0); }, [](const caf::error&) {});
  if (port == 0) give_up("cannot listen on loopback");
  b.handle(message_kind::ring, [p = b.l.port](const inbound& m) { std::ignore = p->reply(m, m.payload); });
  a.l.port->know(b.id, {"127.0.0.1:" + std::to_string(port)});
  for (auto lane : {traffic_class::agreement, traffic_class::foreground}) measure_round_trips(a, b, lane);
  measure_requests(a, b);
  for (std::size_t kib : {4, 64, 256, 1024}) measure_bulk(a, b, traffic_class::background, kib << 10, bulk_bytes);
  return 0;
}

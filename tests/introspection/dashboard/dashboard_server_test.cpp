// The server over real loopback sockets: limits, slow and hostile clients, streams.
#include "introspection/dashboard/dashboard_server.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>
#include <mutex>

#include "introspection/status/status_json.hpp"
#include "protocols/link/listen_error.hpp"

namespace holdfast::introspection {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;

struct fixture {
  std::mutex mutex;
  std::shared_ptr<const cluster_view> view;
  std::string key = fresh_dashboard_key();
  std::unique_ptr<dashboard_server> server;
  std::int64_t time_ms = 1000;

  explicit fixture(dashboard_limits limits = {}) {
    limits.update_interval_ms = milliseconds(5);
    publish("node-1");
    dashboard_config config{.key = key, .snapshot = [this] {
      std::lock_guard lock(mutex);
      return view;
    }, .limits = limits};
    server = *dashboard_server::start(config);
  }

  void publish(const std::string& name) {
    node_observation node{.name = name, .seen = life::starting};
    auto next = std::make_shared<const cluster_view>(build_view({.now = {time_ms += 1000}, .nodes = {node}}));
    std::lock_guard lock(mutex);
    view = next;
  }
};

struct client {
  asio::io_context loop;
  tcp::socket socket{loop};

  explicit client(const fixture& f) { socket.connect({asio::ip::make_address("127.0.0.1"), f.server->port()}); }
  void send(const std::string& text) { asio::write(socket, asio::buffer(text)); }

  /// Reads until the server closes; what was written before a reset counts.
  std::string rest() {
    std::string all;
    boost::system::error_code ec;
    asio::read(socket, asio::dynamic_buffer(all), ec);
    return all;
  }
  std::string until(const std::string& end) {
    boost::system::error_code ec;
    auto n = asio::read_until(socket, asio::dynamic_buffer(held), end, ec);
    auto text = held.substr(0, n);
    held.erase(0, n);
    return text;
  }
  std::string held;
};

std::string get(const fixture& f, const std::string& target, const std::string& more = "Connection: close\r\n") {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + f.key + "\r\n" + more + "\r\n";
}

BOOST_AUTO_TEST_CASE(serves_with_strict_headers) {
  fixture f;
  client c(f);
  c.send(get(f, "/api/v1/overview"));
  auto answer = c.rest();
  BOOST_TEST(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  for (auto* header : {"X-Content-Type-Options: nosniff", "frame-ancestors 'none'", "script-src 'self'", "Cache-Control: no-store"}) {
    BOOST_TEST(answer.find(header) != answer.npos);
  }
  BOOST_TEST(answer.find("node-1") != answer.npos);
}

BOOST_AUTO_TEST_CASE(several_requests_share_a_connection) {
  fixture f;
  client c(f);
  c.send(get(f, "/health", "") + get(f, "/health/live", ""));
  BOOST_TEST(c.until("\"state\":\"serving\"}\n").starts_with("HTTP/1.1 200"));
  BOOST_TEST(c.until("{\"live\":true}\n").starts_with("HTTP/1.1 200"));
  c.send("HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  auto head = c.rest();
  BOOST_TEST(head.starts_with("HTTP/1.1 200"));
  BOOST_TEST(head.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(malformed_and_oversized_requests_are_refused) {
  fixture f;
  auto status = [&](const std::string& request) {
    client c(f);
    boost::system::error_code ignored;
    asio::write(c.socket, asio::buffer(request), ignored);
    return c.rest().substr(0, 12);
  };
  BOOST_TEST(status("GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n") == "HTTP/1.1 400");
  BOOST_TEST(status("GET / HTTP/1.1\r\nConnection: close\r\n\r\n") == "HTTP/1.1 421");
  BOOST_TEST(status("\x16\x03\x01 not http\r\n\r\n") == "HTTP/1.1 400");
  BOOST_TEST(status(get(f, "/", "X: " + std::string(20'000, 'x') + "\r\n")) == "HTTP/1.1 431");
  BOOST_TEST(status(get(f, "/", "Content-Length: 5\r\n") + "hello") == "HTTP/1.1 413");
  BOOST_TEST(status(get(f, "/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n") == "HTTP/1.1 413");
  BOOST_TEST(status(get(f, "/", "Content-Length: 5\r\nContent-Length: 6\r\n") + "hello") == "HTTP/1.1 400");
  BOOST_TEST(status("POST /api/v1/overview HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") == "HTTP/1.1 405");
}

BOOST_AUTO_TEST_CASE(a_header_that_trickles_in_is_cut_off) {
  dashboard_limits limits;
  limits.request_timeout_ms = milliseconds(200);
  fixture f(limits);
  client c(f);
  c.send("GET / HTTP/1.1\r\n");
  boost::system::error_code ec;
  for (int i = 0; i < 1000 && !ec; ++i) {  // a client that would go on for ten seconds
    asio::write(c.socket, asio::buffer("X: y\r\n", 6), ec);
    asio::steady_timer pause(c.loop, milliseconds(10));
    pause.wait();
  }
  BOOST_TEST(bool(ec));
}

BOOST_AUTO_TEST_CASE(a_stream_starts_whole_and_then_tells_changes) {
  fixture f;
  client c(f);
  c.send(get(f, "/api/v1/stream"));
  auto header = c.until("\r\n\r\n");
  BOOST_TEST(header.find("text/event-stream") != header.npos);
  BOOST_TEST(header.find("nosniff") != header.npos);
  BOOST_TEST(c.until("\n\n").find("retry:") != std::string::npos);
  auto first = c.until("\n\n");
  BOOST_REQUIRE(first.starts_with("event: snapshot\ndata: "));
  auto whole = json::parse(first.substr(22));
  BOOST_TEST(whole["nodes"][0]["name"] == "node-1");
  BOOST_TEST(whole.contains("history"));
  f.publish("node-2");
  auto second = c.until("\n\n");
  BOOST_REQUIRE(second.starts_with("event: delta\ndata: "));
  BOOST_TEST(json::parse(second.substr(19))["overview"]["nodes"][0]["name"] == "node-2");
}

BOOST_AUTO_TEST_CASE(streams_are_counted_and_freed) {
  dashboard_limits limits;
  limits.streams_max = 2;
  fixture f(limits);
  {
    client a(f), b(f), c(f);
    a.send(get(f, "/api/v1/stream"));
    b.send(get(f, "/api/v1/stream"));
    a.until("event: snapshot");
    b.until("event: snapshot");
    c.send(get(f, "/api/v1/stream"));
    BOOST_TEST(c.rest().starts_with("HTTP/1.1 503"));
  }
  bool again = false;  // the server notices a closed page without writing to it
  for (int i = 0; i < 1000 && !again; ++i) {
    client d(f);
    d.send(get(f, "/api/v1/stream"));
    again = d.until("\r\n").starts_with("HTTP/1.1 200");
  }
  BOOST_TEST(again);
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_reading_is_dropped) {
  dashboard_limits limits;
  limits.stream_backlog_bytes_max = 1 << 20;
  fixture f(limits);
  client slow(f);
  slow.send(get(f, "/api/v1/stream"));
  slow.until("event: snapshot");
  client quick(f);
  quick.send(get(f, "/api/v1/stream"));
  quick.until("event: snapshot");
  quick.until("\n\n");
  std::string large(20'000, 'x');
  std::size_t sent = 0;
  while (sent < 40'000'000) {  // more than the sockets' buffers hold
    f.publish(large);
    auto delta = quick.until("\n\n");
    BOOST_REQUIRE(!delta.empty());
    sent += delta.size();
  }
  BOOST_TEST(slow.rest().size() < sent);  // it ends: the server has closed it
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_takes_the_place_of_the_one_that_has_waited_longest) {
  dashboard_limits limits;
  limits.connections_max = 2;
  fixture f(limits);
  client a(f), b(f);
  for (auto* page : {&a, &b, &a}) {
    page->send(get(f, "/health", ""));
    page->until("\"state\":\"serving\"}\n");
  }
  client c(f);
  c.send(get(f, "/health", ""));
  BOOST_TEST(c.until("\r\n") == "HTTP/1.1 200 OK\r\n");
  BOOST_TEST(b.rest().empty());
  a.send(get(f, "/health"));
  BOOST_TEST(a.rest().find("HTTP/1.1 200 OK") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(streams_give_way_to_nobody) {
  dashboard_limits limits;
  limits.connections_max = 2;
  fixture f(limits);
  client a(f), b(f);
  for (auto* page : {&a, &b}) {
    page->send(get(f, "/api/v1/stream"));
    page->until("event: snapshot");
  }
  client c(f);
  BOOST_TEST(c.rest().empty());
}

BOOST_AUTO_TEST_CASE(bad_configurations_and_taken_ports_are_told) {
  fixture f;
  dashboard_config config{.port = f.server->port(), .key = f.key, .snapshot = [] { return nullptr; }};
  auto taken = dashboard_server::start(config);
  BOOST_REQUIRE(!taken);
  BOOST_TEST(taken.error().is(link::listen_errc::cannot_listen));
  config.address = "localhost";
  BOOST_TEST(dashboard_server::start(config).error().is(errc::malformed));
  config.address = "127.0.0.1";
  config.key = "short";
  BOOST_TEST(dashboard_server::start(config).error().is(errc::malformed));
  BOOST_TEST(f.server->sign_in_url() == f.server->url() + "/?key=" + f.key);
}

}  // namespace
}  // namespace holdfast::introspection

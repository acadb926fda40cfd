// The dashboard: one thread that serves the pages, their JSON, metrics and health over HTTP/1.1. Read-only: GET and HEAD alone.
//
// What keeps it safe: it answers to addresses and to Host names it knows (a page elsewhere that points its own name at this address
// gets nothing), shows nothing without the cookie that the sign-in link sets, limits headers, time, connections and streams, and
// sends the strictest headers that the pages work with. It reads the cluster through a function that must be safe to call from
// its thread, and shares no other state with the rest of the node.
#pragma once

#include <functional>
#include <memory>

#include "introspection/status/cluster_view.hpp"
#include "protocols/base/error.hpp"

namespace holdfast::introspection {

/// The newest view; never null once the node runs, null before. Called from the dashboard's thread at most a few times a second.
using snapshot_source = std::function<std::shared_ptr<const cluster_view>()>;

struct dashboard_limits {
  std::uint32_t header_bytes_max = 16u << 10;
  std::uint32_t connections_max = 256;  ///< one more takes the place of whoever has waited longest
  std::uint32_t streams_max = 64;       ///< of the connections, event streams; more get 503
  std::uint32_t stream_backlog_bytes_max = 4u << 20;  ///< a stream that is further behind is dropped; its page reconnects
  std::chrono::milliseconds request_timeout_ms{5'000};  ///< for a request's header to arrive in full
  std::chrono::milliseconds idle_timeout_ms{60'000};    ///< between requests of one connection
  std::chrono::milliseconds write_timeout_ms{10'000};   ///< for a response, or one event, to be taken
  std::chrono::milliseconds update_interval_ms{500};    ///< between two events of a stream
};

struct dashboard_config {
  std::string address = "127.0.0.1";  ///< numeric
  std::uint16_t port = 0;             ///< 0: a free one
  std::vector<std::string> hosts;     ///< names it answers to besides "localhost" and numeric addresses, without port
  std::string key;                    ///< the sign-in link's secret: at least 32 letters and digits
  snapshot_source snapshot;
  std::function<life()> state;           ///< of this node, for /health/ready: ready while it serves
  std::function<std::string()> trouble;  ///< why it will not serve before somebody does something, for /health/ready; empty as a rule
  std::function<std::string()> metrics;  ///< /metrics, Prometheus text
  dashboard_limits limits;
};

class dashboard_server {
 public:
  /// Binds and starts its thread. `cannot_listen` if the address cannot be bound (the sentence says why), malformed for a bad
  /// configuration.
  static result<std::unique_ptr<dashboard_server>> start(dashboard_config config);

  /// Closes every connection and joins the thread.
  ~dashboard_server();
  dashboard_server(const dashboard_server&) = delete;
  dashboard_server& operator=(const dashboard_server&) = delete;

  std::uint16_t port() const;

  /// "http://127.0.0.1:8080", without a trailing slash. For a wildcard address the first of `hosts` is given, or loopback.
  std::string url() const;

  /// The address that signs a browser in. Holds the key: for the operator's terminal, never for a log.
  std::string sign_in_url() const;

 private:
  class server;
  explicit dashboard_server(std::unique_ptr<server> s);
  std::unique_ptr<server> server_;
};

/// A key for `dashboard_config::key`: 52 letters and digits, 256 bits from the system's generator.
std::string fresh_dashboard_key();

}  // namespace holdfast::introspection

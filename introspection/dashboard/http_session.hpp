// One connection of the dashboard: requests one after another, each within its deadline; or, after a request for it, an event
// stream until either side ends it. Lives on the dashboard's one thread; keeps itself alive while an operation is pending.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <deque>
#include <functional>
#include <memory>

#include "introspection/dashboard/event_feed.hpp"
#include "introspection/dashboard/responder.hpp"

namespace holdfast::introspection {

class http_session : public std::enable_shared_from_this<http_session> {
 public:
  /// What a session needs of its server.
  struct context {
    const dashboard_limits& limits;
    const class responder& pages;
    std::function<bool(const std::shared_ptr<http_session>&)> open_stream;  ///< false: as many as there may be are open
    std::function<void(http_session*)> ended;
  };

  http_session(boost::asio::ip::tcp::socket socket, const context& server);
  ~http_session();

  void run();

  /// Queues a message on an open stream; drops the connection if it is too far behind.
  void push(const stream_message& message);

  /// Whether the stream has been given its snapshot.
  bool started() const { return started_; }

  /// Since when nothing has been answered; nothing for an event stream, and once it is closed.
  std::optional<std::chrono::steady_clock::time_point> quiet_since() const;

  void close();

 private:
  using empty_parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  void await_request(std::chrono::milliseconds patience);
  void read_request();
  void on_request(boost::system::error_code ec);
  void refuse(unsigned status);
  void respond(page_response response, bool head_only, bool keep_alive);
  void open_stream();
  void watch_for_end();
  void write_next();

  const context& server_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<empty_parser> parser_;
  page_response response_;  // its body must outlive the write
  std::deque<stream_message> queue_;
  std::size_t queued_bytes_ = 0;
  std::chrono::steady_clock::time_point answered_ = std::chrono::steady_clock::now();
  bool streaming_ = false, started_ = false;
  std::array<char, 256> ignored_{};
};

}  // namespace holdfast::introspection

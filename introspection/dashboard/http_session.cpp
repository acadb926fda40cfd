#include "introspection/dashboard/http_session.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>

namespace holdfast::introspection {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

page_request read_fields(const http::request<http::empty_body>& r) {
  auto field = [&](http::field name) { return std::string(r[name]); };
  return {std::string(r.method_string()), std::string(r.target()),           field(http::field::host), field(http::field::cookie),
          field(http::field::authorization), field(http::field::if_none_match)};
}

/// The status that tells a client what was wrong with its bytes; 0 if it is gone and nobody would read it.
unsigned status_for(error_code ec) {
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow) return 431;
  if (ec == http::error::body_limit || ec == http::error::unexpected_body) return 413;
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) return 0;
  return ec.category() == error_code(http::error::bad_method).category() ? 400 : 0;
}

template <class Body>
void put_fields(http::response<Body>& out, const page_response& from) {
  for (const auto& [name, value] : security_headers()) out.set(name, value);
  for (const auto& [name, value] : from.headers) out.set(name, value);
}

}  // namespace

http_session::http_session(boost::asio::ip::tcp::socket socket, const context& server)
    : server_(server), stream_(std::move(socket)), buffer_(server.limits.header_bytes_max + 4096) {}

http_session::~http_session() { server_.ended(this); }

void http_session::run() {
  error_code ignored;
  stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
  await_request(server_.limits.request_timeout_ms);
}

void http_session::await_request(std::chrono::milliseconds patience) {
  if (buffer_.size() > 0) return read_request();  // the next request came along with the last one
  stream_.expires_after(patience);
  stream_.async_read_some(buffer_.prepare(1024), [self = shared_from_this()](error_code ec, std::size_t n) {
    if (ec) return self->close();
    self->buffer_.commit(n);
    self->read_request();
  });
}

void http_session::read_request() {
  parser_.emplace();
  parser_->header_limit(server_.limits.header_bytes_max);
  stream_.expires_after(server_.limits.request_timeout_ms);
  http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code ec, std::size_t) { self->on_request(ec); });
}

void http_session::on_request(error_code ec) {
  if (ec) {
    auto status = status_for(ec);
    return status ? refuse(status) : close();
  }
  const auto& request = parser_->get();
  if (request.version() != 11 && request.version() != 10) return refuse(505);
  if (request.count(http::field::host) > 1) return refuse(400);
  page_response response;
  try {
    response = server_.pages.answer(read_fields(request));
  } catch (const std::exception&) {
    return refuse(500);
  }
  bool head_only = request.method() == http::verb::head;
  if (!response.stream || head_only) return respond(std::move(response), head_only, request.keep_alive());
  if (server_.open_stream(shared_from_this())) return open_stream();
  respond({.status = 503, .headers = {{"Retry-After", "5"}}, .body = "As many pages are open as there may be.\n"}, false, false);
}

void http_session::refuse(unsigned status) { respond({.status = status}, false, false); }

void http_session::respond(page_response response, bool head_only, bool keep_alive) {
  response_ = std::move(response);
  auto content = response_.content();
  stream_.expires_after(server_.limits.write_timeout_ms);
  auto send = [&](auto message) {
    message->result(response_.status);
    put_fields(*message, response_);
    if (response_.status != 304) message->content_length(content.size());
    message->keep_alive(keep_alive);
    http::async_write(stream_, *message, [self = shared_from_this(), message, keep_alive](error_code ec, std::size_t) {
      if (ec || !keep_alive) return self->close();
      self->answered_ = std::chrono::steady_clock::now();
      self->await_request(self->server_.limits.idle_timeout_ms);
    });
  };
  if (head_only || content.empty()) {
    send(std::make_shared<http::response<http::empty_body>>());
  } else {
    auto message = std::make_shared<http::response<http::span_body<const char>>>();
    message->body() = {content.data(), content.size()};
    send(std::move(message));
  }
}

void http_session::open_stream() {
  std::string header = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n";
  for (const auto& [name, value] : security_headers()) header += name + ": " + value + "\r\n";
  streaming_ = true;
  queue_.push_front(std::make_shared<const std::string>(header + "\r\nretry: 1000\n\n"));
  queued_bytes_ += queue_.front()->size();
  stream_.expires_never();
  watch_for_end();
  write_next();
}

void http_session::push(const stream_message& message) {
  if (!message || !stream_.socket().is_open()) return;
  started_ = true;
  if (queued_bytes_ + message->size() > server_.limits.stream_backlog_bytes_max && queued_bytes_ > 0) return close();
  queue_.push_back(message);
  queued_bytes_ += message->size();
  if (streaming_ && queue_.size() == 1) write_next();
}

void http_session::watch_for_end() {
  stream_.async_read_some(boost::asio::buffer(ignored_), [self = shared_from_this()](error_code ec, std::size_t) {
    if (ec) return self->close();
    self->watch_for_end();
  });
}

void http_session::write_next() {
  stream_.expires_after(server_.limits.write_timeout_ms);  // of this write alone: the pending read keeps having none
  boost::asio::async_write(stream_, boost::asio::buffer(*queue_.front()), [self = shared_from_this()](error_code ec, std::size_t) {
    if (ec) return self->close();
    self->queued_bytes_ -= self->queue_.front()->size();
    self->queue_.pop_front();
    if (!self->queue_.empty()) self->write_next();
  });
}

std::optional<std::chrono::steady_clock::time_point> http_session::quiet_since() const {
  return streaming_ || !stream_.socket().is_open() ? std::nullopt : std::optional(answered_);
}

void http_session::close() {
  error_code ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

}  // namespace holdfast::introspection

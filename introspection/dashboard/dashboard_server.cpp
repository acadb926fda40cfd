#include "introspection/dashboard/dashboard_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <thread>

#include "introspection/dashboard/http_session.hpp"
#include "protocols/base/random.hpp"
#include "protocols/link/listen_error.hpp"

namespace holdfast::introspection {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto still_here_interval = std::chrono::seconds(10);
constexpr auto accept_pause = std::chrono::milliseconds(100);  // when the process has no descriptor left

bool plain_key(const std::string& key) {
  auto plain = [](unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return key.size() >= 32 && key.size() <= 128 && std::all_of(key.begin(), key.end(), plain);
}

}  // namespace

class dashboard_server::server {
 public:
  explicit server(dashboard_config config) : config_(std::move(config)), acceptor_(loop_), tick_(loop_), pause_(loop_) {}

  ~server() {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }

  outcome start() {
    error_code ec;
    auto address = asio::ip::make_address(config_.address, ec);
    if (ec) return fail(errc::malformed, "the dashboard's address \"" + config_.address + "\" is not a numeric address");
    tcp::endpoint endpoint(address, config_.port);
    auto try_next = [&](auto step) {
      if (!ec) step();
    };
    acceptor_.open(endpoint.protocol(), ec);
    try_next([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), ec); });
    try_next([&] { acceptor_.bind(endpoint, ec); });
    try_next([&] { acceptor_.listen(asio::socket_base::max_listen_connections, ec); });
    if (ec) {
      return fail(link::listen_errc::cannot_listen,
                  "the dashboard cannot listen on " + config_.address + " port " + std::to_string(config_.port) + ": " + ec.message());
    }
    bound_ = acceptor_.local_endpoint();
    pages_.emplace(config_, bound_.port());
    context_.emplace(http_session::context{config_.limits, *pages_, [this](const auto& session) { return open_stream(session); },
                                           [this](auto* session) { ended(session); }});
    accept();
    update();
    run_thread();
    return {};
  }

  const dashboard_config& config() const { return config_; }
  const tcp::endpoint& bound() const { return bound_; }

 private:
  void run_thread() {
    sigset_t every, before;  // signals are for the process's main thread
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    thread_ = std::thread([this] { loop_.run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void accept() {
    acceptor_.async_accept([this](error_code ec, tcp::socket socket) {
      if (ec == asio::error::operation_aborted) return;
      if (ec) {
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](error_code stopped) {
          if (!stopped) accept();
        });
        return;
      }
      if (make_room()) {
        auto session = std::make_shared<http_session>(std::move(socket), *context_);
        sessions_.insert(session.get());
        session->run();
      }
      accept();
    });
  }

  /// Whoever opens many connections and says nothing on them takes the place of none who does. What is closed here ends in a moment.
  bool make_room() {
    if (sessions_.size() < config_.limits.connections_max) return true;
    http_session* quietest = nullptr;
    for (auto* session : sessions_) {
      if (session->quiet_since() && (!quietest || *session->quiet_since() < *quietest->quiet_since())) quietest = session;
    }
    if (quietest) quietest->close();
    return quietest != nullptr;
  }

  bool open_stream(const std::shared_ptr<http_session>& session) {
    if (streams_.size() >= config_.limits.streams_max) return false;
    streams_.insert({session.get(), session});
    session->push(feed_.opening());
    return true;
  }

  void ended(http_session* session) {
    sessions_.erase(session);
    streams_.erase(session);
  }

  void update() {
    auto message = feed_.advance(config_.snapshot(), !streams_.empty());
    auto now = std::chrono::steady_clock::now();
    if (message) {
      spoken_ = now;
    } else if (now - spoken_ > still_here_interval) {
      message = make_stream_message("alive", "{}");
      spoken_ = now;
    }
    for (const auto& [session, weak] : std::map(streams_)) {  // a push may end a session
      auto open = weak.lock();
      if (open && message) open->push(open->started() ? message : feed_.opening());
    }
    tick_.expires_after(config_.limits.update_interval_ms);
    tick_.async_wait([this](error_code stopped) {
      if (!stopped) update();
    });
  }

  dashboard_config config_;
  tcp::endpoint bound_;
  std::optional<responder> pages_;
  event_feed feed_;
  std::map<http_session*, std::weak_ptr<http_session>> streams_;
  std::set<http_session*> sessions_;
  std::chrono::steady_clock::time_point spoken_ = std::chrono::steady_clock::now();
  std::optional<http_session::context> context_;
  asio::io_context loop_{1};  // after what its handlers use: pending ones are destroyed with it
  tcp::acceptor acceptor_;
  asio::steady_timer tick_, pause_;
  std::thread thread_;
};

result<std::unique_ptr<dashboard_server>> dashboard_server::start(dashboard_config config) {
  if (!plain_key(config.key)) return fail(errc::malformed, "the dashboard's key must have 32 to 128 letters and digits");
  if (!config.snapshot) return fail(errc::malformed, "the dashboard has no cluster to show");
  auto s = std::make_unique<server>(std::move(config));
  if (auto ok = s->start(); !ok) return fail(ok.error());
  return std::unique_ptr<dashboard_server>(new dashboard_server(std::move(s)));
}

dashboard_server::dashboard_server(std::unique_ptr<server> s) : server_(std::move(s)) {}
dashboard_server::~dashboard_server() = default;

std::uint16_t dashboard_server::port() const { return server_->bound().port(); }

std::string dashboard_server::url() const {
  auto address = server_->bound().address();
  const auto& hosts = server_->config().hosts;
  std::string text = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  if (address.is_unspecified()) text = hosts.empty() ? "127.0.0.1" : hosts.front();
  return "http://" + text + ":" + std::to_string(port());
}

std::string dashboard_server::sign_in_url() const { return url() + "/?key=" + server_->config().key; }

std::string fresh_dashboard_key() {
  system_random random;
  return to_base32(random.array<32>());
}

}  // namespace holdfast::introspection

// Processes in one process for the tests of links: an actor system with its links, admissions that are three numbers, and
// mailboxes that tests wait on with a deadline.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>

#include <caf/all.hpp>

#include "actors/link/link_iface.hpp"

namespace holdfast::actors::testing {

inline node_id node_named(std::uint8_t n) {
  node_id id;
  id.raw[0] = n;
  return id;
}

/// Members from here on are clients, whose processes are told apart.
constexpr std::uint8_t first_client = 100;

inline cluster_id cluster_named(std::uint8_t n) {
  cluster_id id;
  id.raw[0] = n;
  return id;
}

/// Waits for a condition on state that other threads change; every wait of these tests has this one deadline.
class signal {
 public:
  void change(const std::function<void()>& f) {
    {
      std::lock_guard lock(mutex_);
      f();
    }
    changed_.notify_all();
  }
  bool wait(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, condition);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Whose admissions are no longer good, shared by the verifiers of a test.
struct revocations {
  std::mutex mutex;
  std::set<std::uint8_t> revoked;
};

struct options {
  std::uint8_t id = 1;              ///< 0: a stranger
  std::uint8_t cluster = 1;
  bool expired = false;
  bool stolen = false;              ///< the admission is for another TLS key
  std::shared_ptr<revocations> revoked = std::make_shared<revocations>();
  std::function<void(link_config&)> adjust = [](link_config&) {};
};

/// An admission is {id, expired, TLS key}, and one byte more when renewed: enough to be good or not.
class process {
 public:
  explicit process(options o = {}) {
    system_random random;
    link_config c;
    c.tls = link::make_tls_identity(random);
    auto key = *link::tls_key_of(c.tls.certificate);
    c.self.cluster = cluster_named(o.cluster);
    c.self.boot = random.next_u64();
    if (o.id != 0) {
      c.self.member = node_named(o.id);
      c.self.admission = {o.id, static_cast<std::uint8_t>(o.expired)};
      append(c.self.admission, (o.stolen ? digest{} : key).view());
    }
    c.verify = [revoked = o.revoked](bytes_view a, const digest& tls_key, wall_time) -> result<link::peer_info> {
      bool renewed = a.size() == 35;
      if ((a.size() != 34 && !renewed) || digest::from(a.subspan(2, 32)) != tls_key)
        return fail(errc::bad_signature, "the admission is not for this TLS key");
      if (a[1] != 0) return fail(errc::expired, "the admission has expired");
      std::lock_guard lock(revoked->mutex);
      if (revoked->revoked.contains(a[0])) return fail(errc::denied, "the admission was revoked");
      link::peer_info p;
      p.id = node_named(a[0]);
      p.kind = a[0] < first_client ? identity::member_kind::node : identity::member_kind::client;
      p.name = "n" + std::to_string(a[0]) + (renewed ? " renewed" : "");
      return p;
    };
    o.adjust(c);
    configure_links(config_);
    system_ = std::make_unique<caf::actor_system>(config_);
    links_ = start_links(*system_, std::move(c));
  }
  ~process() {
    caf::anon_send(links_.manager, close_atom::value);
    for (auto& a : actors_) caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    actors_.clear();
    links_ = links{};
    system_.reset();
  }

  std::uint16_t listen(const std::string& address = "127.0.0.1:0") {
    std::uint16_t port = 0;
    caf::scoped_actor self(*system_);
    self->request(links_.manager, std::chrono::seconds(20), listen_atom::value, address)
        .receive([&](const listening& l) { if (l.port) port = *l.port; }, [](const caf::error&) {});
    address_ = "127.0.0.1:" + std::to_string(port);
    return port;
  }
  const std::string& address() const { return address_; }

  result<peer_ptr> connect(const std::string& address, link::traffic_class lane = link::traffic_class::foreground) {
    result<peer_ptr> out = fail(errc::unavailable, "the manager did not answer");
    caf::scoped_actor self(*system_);
    self->request(links_.manager, std::chrono::seconds(20), connect_atom::value, address, lane)
        .receive([&](const connected& c) { out = c.peer; }, [](const caf::error&) {});
    return out;
  }

  result<inbound> ask(outgoing m, duration timeout = std::chrono::seconds(20)) {
    result<inbound> out = fail(errc::unavailable, "the manager did not answer");
    caf::scoped_actor self(*system_);
    self->request(links_.manager, std::chrono::seconds(40), ask_atom::value, std::move(m), timeout)
        .receive([&](const response& r) { out = r.value; }, [](const caf::error&) {});
    return out;
  }

  /// Handles messages of a kind with `f`, on an actor's thread.
  void handle(link::message_kind kind, std::function<void(const inbound&)> f) {
    auto a = system_->spawn([f](caf::event_based_actor*) -> caf::behavior { return {[f](const inbound& m) { f(m); }}; });
    actors_.push_back(a);
    links_.port->subscribe(kind, a);
  }
  /// Answers requests of a kind with their own body.
  void echo(link::message_kind kind) {
    handle(kind, [port = links_.port](const inbound& m) {
      if (m.wants_reply()) std::ignore = port->reply(m, make_payload(to_bytes(m.body())));
    });
  }
  void watch(std::function<void(const peer_up&)> up, std::function<void(const peer_down&)> down,
             std::function<void(const peer_heard&)> heard = [](const peer_heard&) {}) {
    auto a = system_->spawn([=](caf::event_based_actor*) -> caf::behavior {
      return {[=](const peer_up& e) { up(e); }, [=](const peer_down& e) { down(e); }, [=](const peer_heard& e) { heard(e); },
              [](const dial_failed&) {}};
    });
    actors_.push_back(a);
    links_.port->watch(a);
    links_.port->hear(a);
  }

  link_port& port() { return *links_.port; }
  link_manager_actor manager() { return links_.manager; }
  caf::actor_system& system() { return *system_; }
  std::uint64_t closed(link::refusal_reason r) { return links_.port->counters().closed_for(r); }

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  links links_;
  std::vector<caf::actor> actors_;
  std::string address_;
};

/// Looks again every few milliseconds: for counters, which tell nobody that they changed.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
  for (auto end = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return condition();
}

}  // namespace holdfast::actors::testing

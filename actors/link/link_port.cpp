#include "actors/link/link_port.hpp"

#include "actors/base/clock.hpp"
#include "actors/link/link_internal.hpp"

namespace holdfast::actors {

outcome link_port::send(outgoing m) {
  if (expired_ && m.kind != link::message_kind::membership) {
    ++counters_.refused_sends;
    return fail(errc::unavailable, "this process's admission has expired; until it is renewed nothing else is sent");
  }
  auto pushed = outbox_.push(m.to, m.lane, {m.kind, m.reply, m.correlation, std::move(m.payload)});
  if (!pushed) {
    ++counters_.refused_sends;
    return fail(pushed.error());
  }
  if (pushed->wake) caf::anon_send(pushed->wake, wake_atom::value);
  if (pushed->dial) ask_to_dial(m.to.member, m.lane);
  return {};
}

outcome link_port::reply(const inbound& request, payload_ptr payload) {
  return send({request.from->end(), request.lane, request.kind, std::move(payload), request.correlation, true});
}

void link_port::request(outgoing m, duration timeout, completion done) {
  auto correlation = pending_.add(m.to, steady_now() + timeout, done);
  if (!correlation) return done(fail(correlation.error()));
  m.correlation = *correlation;
  m.reply = false;
  if (auto queued = send(std::move(m)); !queued) pending_.refuse(*correlation, queued.error());
}

void link_port::subscribe(link::message_kind kind, caf::actor handler) {
  std::unique_lock lock(mutex_);
  handlers_[static_cast<std::size_t>(kind)] = std::move(handler);
}

void link_port::watch(caf::actor watcher) {
  std::unique_lock lock(mutex_);
  for (const auto& up : outbox_.all_up()) caf::anon_send(watcher, up);
  watchers_.push_back(std::move(watcher));
}

void link_port::unwatch(const caf::actor& watcher) {
  std::unique_lock lock(mutex_);
  std::erase(watchers_, watcher);
}

void link_port::hear(caf::actor listener) {
  std::unique_lock lock(mutex_);
  listener_ = std::move(listener);
}

void link_port::heard(const peer_heard& answer) {
  std::shared_lock lock(mutex_);
  if (listener_) caf::anon_send(listener_, answer);
}

void link_port::know(const node_id& node, std::vector<std::string> addresses) { outbox_.know(node, std::move(addresses)); }

void link_port::identify(link::local_identity self) {
  std::unique_lock lock(mutex_);
  if (identity_) self.boot = identity_->boot;
  bool changed = !identity_ || identity_->member != self.member || identity_->admission != self.admission;
  identity_ = std::make_shared<const link::local_identity>(std::move(self));
  if (changed) ++admissions_;
  expired_ = identity_->expired;  // after the count: what is sent from now on is preceded by the new admission
}

std::shared_ptr<const link::local_identity> link_port::identity() const {
  std::shared_lock lock(mutex_);
  return identity_;
}

void link_port::deliver(inbound m) {
  if (m.reply) {
    if (!pending_.complete(m)) ++counters_.dropped_messages;  // its requester has given up
    return;
  }
  std::shared_lock lock(mutex_);
  if (const auto& handler = handlers_[static_cast<std::size_t>(m.kind)]) {
    caf::anon_send(handler, std::move(m));
  } else {
    ++counters_.dropped_messages;
  }
}

void link_port::fail_unsent(const std::vector<queued_message>& messages, const std::string& why) {
  for (const auto& m : messages) {
    if (m.correlation != 0 && !m.reply) {
      pending_.refuse(m.correlation, error(errc::unavailable, why));
    } else {
      ++counters_.dropped_messages;
    }
  }
}

void link_port::set_manager(caf::actor manager) {
  std::unique_lock lock(mutex_);
  manager_ = std::move(manager);
  if (manager_) return;
  handlers_.fill({});  // the links are closed: let go of everybody
  watchers_.clear();
  listener_ = nullptr;
}

void link_port::ask_to_dial(const node_id& node, link::traffic_class lane) {
  std::shared_lock lock(mutex_);
  if (manager_) caf::anon_send(manager_, dial_atom::value, node, lane);
}

}  // namespace holdfast::actors

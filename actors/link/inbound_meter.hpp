// Knows how much a session has received that nobody has let go of yet: a body is counted until its last reference goes,
// wherever that is. So credit follows consumption, and a stalled actor stalls its sender instead of filling memory.
#pragma once

#include <atomic>
#include <limits>
#include <memory>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include "actors/link/link_internal.hpp"
#include "actors/link/link_port.hpp"

namespace holdfast::actors {

class inbound_meter : public std::enable_shared_from_this<inbound_meter> {
 public:
  /// The session is told once so many bytes have been let go since it last asked.
  inbound_meter(link_port_ptr port, caf::actor_addr session, std::uint64_t notify_at_bytes)
      : port_(std::move(port)), session_(std::move(session)), notify_at_bytes_(notify_at_bytes) {}

  payload_ptr hold(bytes data, std::uint64_t charge) {
    held_bytes_ += charge;
    port_->counters_.held_bytes += static_cast<std::int64_t>(charge);
    auto* owned = new const bytes(std::move(data));
    return payload_ptr(owned, [meter = shared_from_this(), charge](const bytes* p) {
      delete p;
      meter->let_go(charge);
    });
  }

  /// What was let go since the last call.
  std::uint64_t take_consumed() {
    told_ = false;
    auto n = consumed_bytes_.exchange(0);
    held_bytes_ -= n;
    return n;
  }

  /// Received and not let go, or let go and not yet taken.
  std::uint64_t held_bytes() const { return held_bytes_; }
  /// Received and not let go. For the session, on whose thread what was let go is taken.
  std::uint64_t unreleased_bytes() const { return held_bytes_ - consumed_bytes_; }

 private:
  void let_go(std::uint64_t charge) {
    port_->counters_.held_bytes -= static_cast<std::int64_t>(charge);
    if ((consumed_bytes_ += charge) < notify_at_bytes_ || told_.exchange(true)) return;
    if (auto session = caf::actor_cast<caf::actor>(session_)) caf::anon_send(session, consumed_atom::value);
  }

  link_port_ptr port_;
  caf::actor_addr session_;  // weak: a body may outlive its session
  const std::uint64_t notify_at_bytes_;
  std::atomic<std::uint64_t> held_bytes_{0}, consumed_bytes_{0};
  std::atomic<bool> told_{false};
};

}  // namespace holdfast::actors

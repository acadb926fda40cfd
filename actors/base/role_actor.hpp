// The base of every role: a typed actor whose mailbox is counted and bounded and whose handlers are timed.
//
// Above its bound a mailbox refuses requests with `sec::request_receiver_down`'s kin at once; one-way messages are the
// senders' to bound (credits, windows), as CAF drops nothing.
#pragma once

#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/base/clock.hpp"
#include "actors/base/status_board.hpp"

namespace holdfast::actors {

template <class Handle, class State>
class role_actor : public caf::stateful_actor<State, typename Handle::base> {
 public:
  using super = caf::stateful_actor<State, typename Handle::base>;
  using behavior_type = typename Handle::behavior_type;
  using super::enqueue;

  static constexpr std::int64_t requests_waiting_max = 4096;

  role_actor(caf::actor_config& config, probe_ptr probe) : super(config), probe_(std::move(probe)) {}

  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) override {
    if (message->mid.is_request() && depth_.load(std::memory_order_relaxed) >= requests_waiting_max) {
      caf::detail::sync_request_bouncer refuse{caf::make_error(caf::sec::request_receiver_down)};
      refuse(*message);
      return;
    }
    depth_.fetch_add(1, std::memory_order_relaxed);
    probe_->enqueued();
    super::enqueue(std::move(message), unit);
  }

  caf::invoke_message_result consume(caf::mailbox_element& message) override {
    auto began = steady_now();
    auto what = super::consume(message);
    if (what != caf::invoke_message_result::skipped) {
      depth_.fetch_sub(1, std::memory_order_relaxed);
      probe_->handled(steady_now() - began);
    }
    return what;
  }

  actor_probe& probe() { return *probe_; }

 private:
  probe_ptr probe_;
  std::atomic<std::int64_t> depth_{0};
};

}  // namespace holdfast::actors

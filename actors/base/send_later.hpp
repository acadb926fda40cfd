// A message that an actor sends itself by the clock. It names no sender: CAF's own `delayed_send` names the actor, and a message
// that is still in its mailbox when the actor system ends would keep the actor alive, which keeps the message.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

namespace holdfast::actors {

template <class Self, class Duration, class... What>
void send_later(Self* self, Duration delay, What&&... what) {
  caf::delayed_anon_send(caf::actor_cast<caf::actor>(self), delay, std::forward<What>(what)...);
}

}  // namespace holdfast::actors

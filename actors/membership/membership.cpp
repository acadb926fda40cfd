// The membership role's life: what a tick moves on, from founding to upkeep.
#include "actors/membership/membership.hpp"

#include "actors/base/send_later.hpp"
#include "actors/membership/membership_role.hpp"

namespace holdfast::actors {

namespace {

constexpr auto tick_interval = std::chrono::milliseconds(250);

}  // namespace

membership_actor::behavior_type membership_state::start(membership_actor::pointer self, membership_config config, actor_probe& probe) {
  self_ = self;
  context_.emplace(self, std::move(config), probe);
  founding_.emplace(*context_);
  admission_.emplace(*context_);
  directory_.emplace(*context_);
  context_->config.link.port->subscribe(link::message_kind::membership, caf::actor_cast<caf::actor>(self));
  admission_->show();  // a node that has just joined opened its links as a stranger
  caf::anon_send(membership_actor(self), membership_tick_atom::value);
  return {
      [this](const inbound& m) { on_inbound(m); },
      [this](const peer_up& m) { admission_->taken_by(m.peer->id); },
      [this](const peer_down& m) { admission_->refused_by(m.peer->id, m.reason); },
      [this](const dial_failed& m) { admission_->refused_by(m.peer, m.reason); },
      [this](membership_tick_atom) { on_tick(); },
  };
}

void membership_state::on_tick() {
  send_later(self_, tick_interval, membership_tick_atom::value);
  auto configuration = context_->trust().configuration();
  if (!configuration) return founding_->go_on();
  if (!std::exchange(configured_, true)) {
    directory_->dial_members();
    context_->config.on_configured();
  }
  if (admission_->is_revoked(*configuration)) return;
  if (admission_->has_expired()) return admission_->renew_by_a_member();
  if (!context_->rings) context_->rings = context_->config.rings();
  if (!context_->rings) return;
  if (founding_->founds()) return founding_->hand_over();
  admission_->go_on();
  directory_->go_on(*configuration);
  context_->probe().say(introspection::life::serving, "directory version " + std::to_string(context_->trust().directory_version()));
}

membership_actor spawn_membership(caf::actor_system& system, membership_config config) {
  auto probe = config.board->enroll("responsible-party", "responsible-party", "supervisor/membership");
  return system.spawn<membership_role>(std::move(probe), std::move(config));
}

}  // namespace holdfast::actors

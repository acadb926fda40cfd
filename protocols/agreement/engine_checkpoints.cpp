// Checkpoints: what a quorum executed alike is stable, and the window of votes moves up behind it.
#include "protocols/agreement/engine.hpp"

namespace holdfast::agreement {

void replica::engine::on_executed(std::uint64_t sequence, const digest& state) {
  if (sequence != executed_ + 1 || sequence > delivered_) return;
  executed_ = sequence;
  if (sequence % bounds_.checkpoint_interval == 0 && sequence > stable_.sequence) {
    own_states_[sequence] = {state};
    auto ticket = write(checkpoint_record{sequence, state}, true);
    after_stored(ticket, [this, sequence, state] { cast_checkpoint(sequence, state); });
  }
  adopt_proven();
  deliver();
}

void replica::engine::cast_checkpoint(std::uint64_t sequence, const digest& state) {
  if (sequence <= stable_.sequence) return;
  if (auto own = own_states_.find(sequence); own != own_states_.end()) own->second.durable = true;
  if (mute()) return;
  auto sig = certifier_.sign_checkpoint(sequence, state);
  if (others()) send(std::nullopt, checkpoint{sequence, state, sig});
  if (auto c = checkpoints_.add(sequence, self_, {state, sig}, ring_.quorum())) adopt(*c);
}

void replica::engine::handle(seat_index from, checkpoint&& m) {
  if (!checkpoints_.takes(m.sequence, stable_.sequence, bounds_) || checkpoints_.has(m.sequence, from)) return;
  if (!certifier_.holds_checkpoint(m.sequence, m.state, from, m.sig)) return refuse(from, "a checkpoint is not signed by its seat");
  if (auto c = checkpoints_.add(m.sequence, from, {m.state, m.sig}, ring_.quorum())) adopt(*c);
}

/// A checked certificate: the stable checkpoint, if this seat has executed that far; what it catches up to, otherwise.
void replica::engine::adopt(const checkpoint_certificate& c) {
  if (c.sequence <= stable_.sequence) return;
  if (executed_ < c.sequence || committed_ < c.sequence) {
    if (!proven_ || proven_->sequence < c.sequence) proven_ = c;
    return;
  }
  if (auto own = own_states_.find(c.sequence); own != own_states_.end() && own->second.state != c.state) {
    diverged_ = true;
    tell({event_kind::diverged, view_, c.sequence, {}, "a quorum reached another state than this seat: it stops voting", {}});
    return;
  }
  make_stable(c);
}

void replica::engine::adopt_proven() {
  if (!proven_ || executed_ < proven_->sequence || committed_ < proven_->sequence) return;
  auto c = std::move(*proven_);
  proven_.reset();
  adopt(c);
}

void replica::engine::make_stable(const checkpoint_certificate& c) {
  stable_ = c;
  write(stable_record{c}, false);
  forget_slots_through(c.sequence);
  wanted_.erase(wanted_.begin(), wanted_.upper_bound(c.sequence));
  own_states_.erase(own_states_.begin(), own_states_.upper_bound(c.sequence));
  checkpoints_.drop_through(c.sequence);
  tell({event_kind::stable_checkpoint, view_, c.sequence, {}, {}, {}});
  check_amnesia_over();
  // Collected first: what goes on may commit, and make the next checkpoint stable, which forgets slots.
  std::vector<std::uint64_t> waiting;
  for (const auto& [reached, s] : slots_) {
    if (in_window(reached) && s.accepted_durable && !s.committed) waiting.push_back(reached);
  }
  for (auto reached : waiting) advance(reached);
  propose();
}

}  // namespace holdfast::agreement

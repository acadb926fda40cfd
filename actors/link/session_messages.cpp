// A session's traffic: what comes out of TLS is read as frames and handed on; what is queued is cut into frames as credit
// and the socket allow.
#include "actors/base/clock.hpp"
#include "actors/link/session.hpp"
#include "protocols/codec/reader.hpp"

namespace holdfast::actors {

namespace limits = link::limits;
using link::message_kind;
using link::refusal_reason;

namespace {

constexpr std::size_t staged_bytes_max = 64u << 10;   ///< small messages share TLS records up to this
constexpr std::size_t control_bytes_max = 64u << 10;  ///< answers a peer can make us owe it without reading them

refusal_reason reason_for(const error& e) {
  if (e.is(errc::denied)) return refusal_reason::not_allowed;
  return e.is(errc::over_limit) ? refusal_reason::too_large : refusal_reason::malformed;
}

}  // namespace

outcome session_state::refuse(refusal_reason reason, std::string text) {
  fault_ = link::refusal{reason, text};
  return fail(errc::malformed, std::move(text));
}

void session_state::on_plaintext(bytes_view data) {
  if (fault_ || ending_) return;
  if (!greeted_) {
    greeted_ = true;
    carry_out(handshake_->start(tls_->peer_key()));
  }
  auto fed = frames_->feed(data, [this](link::message m) { return on_message(std::move(m)); });
  count_unfinished(frames_->held_bytes());
  if (fed || fault_) return;
  bool expired = fed.error().is(errc::denied) && !peer_->expired.empty();
  fault_ = link::refusal{reason_for(fed.error()), expired ? peer_->expired : fed.error().message()};
}

void session_state::count_unfinished(std::size_t bytes_now) {
  setup_.port->counters_.unfinished_bytes += static_cast<std::int64_t>(bytes_now) - static_cast<std::int64_t>(unfinished_bytes_);
  unfinished_bytes_ = bytes_now;
}

outcome session_state::on_message(link::message m) {
  switch (m.kind) {
    case message_kind::hello: return on_greeting(m);
    case message_kind::heartbeat: return on_heartbeat(m);
    case message_kind::credit: return on_credit(m);
    default: return on_payload(std::move(m));
  }
}

outcome session_state::on_greeting(const link::message& m) {
  auto step = handshake_->on_greeting(read_clock(), m.payload);
  bool failed = step.failed.has_value();
  carry_out(std::move(step));
  return failed ? fail(errc::denied, "refused") : outcome{};
}

void session_state::carry_out(link::handshake::step step) {
  for (const auto& payload : step.send) control(message_kind::hello, payload);
  if (step.failed) {
    refused_ = true;
    fault_by_peer_ = step.by_peer;
    fault_ = std::move(step.failed);
  }
  if (step.up) come_up();
  if (step.renewed && up_) take_renewed_peer();
}

void session_state::come_up() {
  auto lane = handshake_->lane();
  auto peer = handshake_->peer();
  peer.remote_address = setup_.remote;
  peer_ = std::make_shared<const link::peer_info>(std::move(peer));
  up_ = true;
  open_up();
  auto window = agreement() ? limits::agreement_inbound_bytes_max : limits::credit_window_bytes;
  meter_ = std::make_shared<inbound_meter>(setup_.port, caf::actor_cast<caf::actor_addr>(self_), window / 8);
  status_.peer = peer_;
  status_.lane = lane;
  status_.dialled = setup_.rules.dialled;
  auto& port = *setup_.port;
  ++port.counters_.sessions_up;
  if (!peer_->expired.empty()) port.counters_.count(refusal_reason::expired);
  caf::anon_send(setup_.manager, session_started{setup_.serial, peer_, lane});
  join({setup_.serial, caf::actor_cast<caf::actor>(self_), peer_});
  caf::anon_send(caf::actor_cast<caf::actor>(self_), beat_atom::value);
}

/// A stranger's few words need little room. An expired member that was dialled may be asked for more: a chain, a directory.
bool session_state::confined() const { return !peer_->admitted && !(setup_.rules.dialled && !peer_->expired.empty()); }

void session_state::open_up() {
  frames_->open_up(handshake_->lane(), {confined() ? limits::stranger_message_bytes_max : limits::message_bytes_max, !peer_->admitted});
}

/// The process at the other end is the same; a stranger that was admitted goes by its member id from now on.
void session_state::take_renewed_peer() {
  auto peer = handshake_->peer();
  peer.remote_address = setup_.remote;
  auto before = std::exchange(peer_, std::make_shared<const link::peer_info>(std::move(peer)));
  status_.peer = peer_;
  open_up();
  rechecked_at_ = steady_now();
  auto& port = *setup_.port;
  session_ref self{setup_.serial, caf::actor_cast<caf::actor>(self_), peer_};
  if (before->end() == peer_->end()) {
    port.outbox_.renew(peer_->end(), handshake_->lane(), std::move(self));
  } else {
    part(before, refusal_reason::replaced);
    join(std::move(self));
  }
  caf::anon_send(setup_.manager, session_started{setup_.serial, peer_, handshake_->lane()});
}

/// The session takes from its peer's lane from now on.
void session_state::join(session_ref self) {
  auto& port = *setup_.port;
  auto lane = handshake_->lane();
  auto step = port.outbox_.attach(peer_->end(), lane, std::move(self));
  if (step.gone) port.announce(peer_down{step.gone, lane, refusal_reason::replaced});
  if (step.up) port.announce(peer_up{peer_, lane});
}

/// The session no longer does; true if messages are left for which its peer is to be dialled.
bool session_state::part(const peer_ptr& peer, refusal_reason reason) {
  auto& port = *setup_.port;
  auto lane = handshake_->lane();
  auto step = port.outbox_.detach(peer->end(), lane, setup_.serial);
  if (step.down) port.announce(peer_down{peer, lane, reason});
  if (step.wake) caf::anon_send(step.wake, wake_atom::value);
  port.fail_unsent(step.unsent, "the link to " + peer->id.brief() + " went down");
  return step.dial;
}

/// This process was admitted, or its admission renewed, since the peer was shown one.
void session_state::show_admission(bytes& to) {
  auto newest = setup_.port->admissions_.load();
  if (std::exchange(shown_, newest) == newest) return;
  auto greeting = handshake_->renew(*setup_.port->identity());
  link::frame_writer(setup_.rules.lane, message_kind::hello, false, 0, greeting).append_next(to);
}

outcome session_state::on_credit(const link::message& m) {
  auto grant = codec::decode<link::credit_grant>(m.payload, "credit");
  if (!up_ || agreement() || !grant) return refuse(refusal_reason::malformed, "credit that cannot be");
  if (auto taken = credit_out_.on_grant(grant->bytes_count); !taken) return refuse(refusal_reason::credit_exceeded, taken.error().message());
  return {};
}

outcome session_state::on_heartbeat(const link::message& m) {
  auto beat = codec::decode<link::heartbeat>(m.payload, "heartbeat");
  if (!up_ || !beat) return refuse(refusal_reason::malformed, "a heartbeat that does not decode");
  if (beat->answer) {
    if (auto taken = heartbeats_.on_answer(steady_now(), *beat)) setup_.port->heard({peer_->id, handshake_->lane(), *taken});
    return {};
  }
  beat->answer = true;
  control(message_kind::heartbeat, codec::encode(*beat));
  return {};
}

outcome session_state::on_payload(link::message m) {
  if (!up_) return refuse(refusal_reason::malformed, "a message before the handshake is done");
  if (confined() && meter_->unreleased_bytes() + m.charged > limits::stranger_bytes_max) {
    return refuse(refusal_reason::credit_exceeded, "a stranger is to wait for its answers before it asks for more");
  }
  if (!agreement()) {
    if (auto taken = credit_in_.on_received(m.charged); !taken) return refuse(refusal_reason::credit_exceeded, taken.error().message());
  }
  used_at_ = heard_at_;
  ++status_.received_messages;
  auto& counters = setup_.port->counters_;
  ++counters.received_messages;
  counters.received_bytes += m.charged;
  auto body = meter_->hold(std::move(m.payload), m.charged);
  setup_.port->deliver({peer_, handshake_->lane(), m.kind, std::move(body), m.correlation, m.reply});
  return {};
}

void session_state::control(message_kind kind, bytes_view payload) {
  link::frame_writer(setup_.rules.lane, kind, false, 0, payload).append_next(control_);
}

/// The next frame of the current message, or of the next one that is queued. False: nothing to send, or no credit for it.
bool session_state::stage_next(bytes& staged) {
  while (!writing_) {
    if (pulled_.empty()) {
      auto more = setup_.port->outbox_.pull(peer_->end(), handshake_->lane(), setup_.serial, staged_bytes_max);
      if (more.empty()) return false;
      pulled_.assign(std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    }
    const auto& m = pulled_.front();
    if (m.correlation != 0 && !m.reply && !setup_.port->pending_.sent(m.correlation, setup_.serial)) {
      pulled_.pop_front();  // its requester was told already that it was not sent
      continue;
    }
    show_admission(staged);  // it was pulled after the admission changed: its sender counts on that
    writing_.emplace(handshake_->lane(), m.kind, m.reply, m.correlation, *m.payload);
  }
  auto cost = writing_->next_bytes();
  if (!agreement()) {
    if (!credit_out_.can_send(cost)) return false;
    credit_out_.spend(cost);
  }
  writing_->append_next(staged);
  status_.sent_bytes += cost;
  setup_.port->counters_.sent_bytes += cost;
  if (writing_->done()) {
    writing_.reset();
    pulled_.pop_front();
    ++status_.sent_messages;
    ++setup_.port->counters_.sent_messages;
  }
  return true;
}

void session_state::pump() {
  if (ending_ || !tls_->is_active()) return;
  if (control_.size() > control_bytes_max) return end(refusal_reason::timeout, "the peer does not read what it asked for");
  if (up_) show_admission(control_);
  while (unwritten_bytes_ < limits::unwritten_bytes_max) {
    bytes staged = std::exchange(control_, {});
    bool more = up_;
    auto queued_before = staged.size();
    while (more && staged.size() < staged_bytes_max) more = stage_next(staged);
    if (staged.empty()) break;
    if (staged.size() > queued_before) used_at_ = took_at_ = steady_now();
    if (auto sent = tls_->send(staged); !sent) return end(refusal_reason::tls_failed, sent.error().message());
    if (!more) break;
  }
  self_->flush(connection_);
}

}  // namespace holdfast::actors

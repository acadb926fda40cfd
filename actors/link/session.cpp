#include "actors/link/session.hpp"

#include <caf/io/middleman.hpp>
#include <caf/io/network/native_socket.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "actors/base/clock.hpp"
#include "actors/base/send_later.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/link/reading.hpp"
#include "protocols/codec/writer.hpp"

namespace holdfast::actors {

namespace limits = link::limits;
using link::refusal_reason;

namespace {

constexpr auto budget_poll = std::chrono::milliseconds(20);  ///< how soon a paused session looks at the common budget again

int native_socket_of(caf::io::connection_handle h) { return static_cast<int>(h.id()); }

}  // namespace

caf::behavior session(session_state::pointer self, session_setup setup) { return self->state.start(self, std::move(setup)); }

session_state::~session_state() {
  if (!setup_.port) return;
  if (!left_) leave();  // killed: the manager and whoever waits must still hear of it
  caf::anon_send(setup_.manager, session_gone{setup_.serial});
}

void session_state::open_socket() {
  auto scribe = std::exchange(setup_.accepted, nullptr);
  bool dialled = !scribe;
  if (dialled) scribe = self_->system().middleman().backend().new_scribe(setup_.dialled_socket);
  connection_ = scribe->hdl();
  scribe_ = scribe.get();
  dialled ? self_->add_scribe(std::move(scribe)) : self_->move_scribe(std::move(scribe));
  int on = 1;
  ::setsockopt(native_socket_of(connection_), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  self_->ack_writes(connection_, true);
  read_at_most(limits::read_bytes_min);
}

caf::behavior session_state::start(pointer self, session_setup setup) {
  self_ = self;
  setup_ = std::move(setup);
  heard_at_ = used_at_ = rechecked_at_ = took_at_ = steady_now();
  setup_.rules.has_room = [this](const link::peer_info& peer) { return no_room_for(peer); };
  shown_ = setup_.port->admissions_;
  handshake_ = std::make_unique<link::handshake>(
      *setup_.port->identity(), setup_.rules, [this](bytes_view admission, const digest& key, wall_time now) {
        auto verified = setup_.verify(admission, key, now);
        if (verified) peer_admission_ = to_bytes(admission);
        return verified;
      });
  frames_ = std::make_unique<link::frame_reader>(setup_.rules.lane);
  open_socket();
  tls_ = std::make_unique<link::tls_channel>(
      setup_.tls, setup_.rules.dialled ? link::tls_side::client : link::tls_side::server,
      [this](bytes_view data) {
        auto& buffer = self_->wr_buf(connection_);
        auto text = as_text(data);  // as characters, so that it is one memcpy
        buffer.insert(buffer.end(), text.begin(), text.end());
        unwritten_bytes_ += data.size();
      },
      [this](bytes_view data) { on_plaintext(data); });
  if (auto begun = tls_->start(); !begun) end(refusal_reason::tls_failed, begun.error().message());
  self_->flush(connection_);
  send_later(self_, setup_.handshake_timeout, deadline_atom::value);
  return {
      [this](const caf::io::new_data_msg& m) {
        on_bytes({reinterpret_cast<const std::uint8_t*>(m.buf.data()), m.buf.size()});
      },
      [this](const caf::io::data_transferred_msg& m) { on_written(m.remaining); },
      [this](const caf::io::connection_closed_msg&) {
        bool reached = greeted_ || status_.received_bytes > 0 || !setup_.rules.dialled;
        if (!ending_ && reached) end(refusal_reason::connection_lost, "the connection was closed", true);
        if (!ending_) end(refusal_reason::unreachable, "the connection was refused", true);
        self_->quit();
      },
      [this](wake_atom) { pump(); },
      [this](consumed_atom) { on_consumed(); },
      [this](budget_poll_atom) {
        polling_ = false;
        on_consumed();
        poll_budget();
      },
      [this](beat_atom) { on_beat(); },
      [this](deadline_atom) {
        if (ending_) {  // the goodbye took long enough
          resume();
          if (self_->valid(connection_)) ::shutdown(native_socket_of(connection_), SHUT_RDWR);
          self_->quit();
        } else if (!up_) {
          end(setup_.rules.dialled && !greeted_ ? refusal_reason::unreachable : refusal_reason::timeout, "the handshake took too long");
        }
      },
      [this](end_atom, refusal_reason reason, const std::string& text) { end(reason, text); },
      [this](recheck_atom) { rechecked_at_ = instant{}; },
      [this](sessions_atom) {
        status_.held_bytes = meter_ ? meter_->held_bytes() : 0;
        status_.round_trip = heartbeats_.round_trip();
        return status_;
      },
  };
}

// A node dials whom it needs; whoever dials it is taken as long as its member has no more processes linked than it may.
std::optional<link::refusal> session_state::no_room_for(const link::peer_info& peer) const {
  if (setup_.rules.dialled || peer.is_node()) return std::nullopt;
  if (setup_.port->outbox_.other_processes(peer.end()) < limits::processes_per_client_max) return std::nullopt;
  return link::refusal{refusal_reason::too_many_connections, "this profile has " + std::to_string(limits::processes_per_client_max) +
                                                                 " processes linked with this node already; end one, or use another profile"};
}

void session_state::read_at_most(std::size_t bytes_count) {
  read_bytes_ = bytes_count;
  self_->configure_read(connection_, caf::io::receive_policy::at_most(bytes_count));
}

/// Twice as much at once when a read was filled, half when it was not even to a quarter.
void session_state::adapt_reading(std::size_t filled) {
  if (filled == read_bytes_ && read_bytes_ < limits::read_bytes_max(setup_.rules.lane)) {
    read_at_most(2 * read_bytes_);
  } else if (filled < read_bytes_ / 4 && read_bytes_ > limits::read_bytes_min) {
    read_at_most(read_bytes_ / 2);
  }
}

void session_state::on_bytes(bytes_view data) {
  if (ending_) return;
  adapt_reading(data.size());
  heard_at_ = steady_now();
  status_.received_bytes += data.size();
  auto taken = tls_->received(data);
  if (fault_) return end(fault_->reason, std::exchange(fault_->text, {}), fault_by_peer_);
  if (!taken) return end(refusal_reason::tls_failed, taken.error().message());
  if (tls_->is_closed()) return end(refusal_reason::connection_lost, "the peer closed the connection", true);
  if (tls_->is_active() && !greeted_) on_plaintext({});  // begins the handshake where TLS came up without data behind it
  pump();
  pause_if_over();
}

void session_state::on_written(std::size_t bytes_left) {
  if (unwritten_bytes_ >= limits::unwritten_bytes_max) took_at_ = steady_now();  // the socket was what held messages up
  unwritten_bytes_ = bytes_left;
  if (ending_ && bytes_left == 0 && self_->valid(connection_)) ::shutdown(native_socket_of(connection_), SHUT_WR);
  pump();
}

// Foreground and background are bounded by credit, agreement by a bound of its own, all by the common budget: beyond it
// nothing more is read, and TCP holds the senders back. Messages half received are not in it: if their readers waited for each
// other, none would end.
bool session_state::holds_too_much() const {
  return agreement() ? meter_->held_bytes() > limits::agreement_inbound_bytes_max
                     : setup_.port->counters_.held_bytes > static_cast<std::int64_t>(setup_.budget_bytes);
}

void session_state::pause_if_over() {
  if (!up() || paused_ || !holds_too_much() || !self_->valid(connection_)) return;
  paused_ = true;
  ++setup_.port->counters_.reading_paused;
  halt_reading(*scribe_);
  poll_budget();
}

/// Others make room in the common budget and tell nobody.
void session_state::poll_budget() {
  if (paused_ && !std::exchange(polling_, true)) send_later(self_, budget_poll, budget_poll_atom::value);
}

void session_state::resume() {
  if (std::exchange(paused_, false) && self_->valid(connection_)) resume_reading(*scribe_);
}

void session_state::on_consumed() {
  if (!up()) return;
  auto consumed = meter_->take_consumed();
  if (!agreement() && consumed > 0) {
    if (auto grant = credit_in_.on_consumed(consumed)) control(link::message_kind::credit, codec::encode(link::credit_grant{grant}));
  }
  if (paused_ && !holds_too_much()) {
    heard_at_ = steady_now();  // we did not listen: that is not the peer's silence
    resume();
  }
  pump();
}

/// Messages wait, and neither credit nor socket has let one more frame go for too long.
bool session_state::peer_stalls(instant now) {
  bool waiting = writing_ || !pulled_.empty() || unwritten_bytes_ >= limits::unwritten_bytes_max;
  if (!waiting || paused_) took_at_ = now;  // while nothing is read, neither are the peer's grants
  return now - took_at_ > setup_.stall_timeout;
}

void session_state::on_beat() {
  on_consumed();  // what is too little to be told of is granted, too: the peer may wait for just that
  if (!up()) return;
  auto now = read_clock();
  // Failure detection looks at foreground; elsewhere it is enough that a dead connection is found out.
  if (handshake_->lane() == link::traffic_class::foreground || beats_++ % limits::beats_between_heartbeats == 0) {
    control(link::message_kind::heartbeat, codec::encode(heartbeats_.ask(now.now)));
  }
  if (!paused_ && now.now - heard_at_ > limits::silence_timeout) return end(refusal_reason::timeout, "nothing was heard for too long");
  if (peer_stalls(now.now)) return end(refusal_reason::timeout, "the peer takes nothing of what waits for it");
  if ((setup_.rules.dialled || !peer_->admitted) && now.now - used_at_ > setup_.idle_timeout) {
    used_at_ = now.now;
    caf::anon_send(setup_.manager, session_idle{setup_.serial});
  }
  if ((peer_->admitted || peer_->unverified) && now.now - rechecked_at_ > limits::recheck_interval) {
    rechecked_at_ = now.now;
    auto still = setup_.verify(peer_admission_, peer_->tls_key, now.wall);
    if (!still) return end(link::reason_for(still.error()), still.error().message());
    bool known_now = peer_->unverified && !still->unverified;
    if (known_now && (!peer_->admitted || still->kind != peer_->kind)) {
      return end(refusal_reason::going_away, "the admission can be verified from now on; dial anew");
    }
  }
  pump();
}

/// The beginning of the end: the peer is told why, and has half a second to read it. Without TLS there is nobody to tell.
void session_state::end(refusal_reason reason, std::string text, bool by_peer) {
  if (ending_) return;
  if (tls_->is_active() && greeted_ && !by_peer) {
    if (!refused_) control(link::message_kind::hello, codec::encode(link::greeting(link::refusal{reason, text.substr(0, 256)})));
    std::ignore = tls_->send(control_);
    tls_->close();
  }
  ending_ = true;
  fault_by_peer_ = by_peer;
  resume();
  self_->flush(connection_);
  fault_ = link::refusal{reason, std::move(text)};
  leave();
  if (unwritten_bytes_ == 0 && self_->valid(connection_)) ::shutdown(native_socket_of(connection_), SHUT_WR);
  send_later(self_, limits::goodbye_timeout, deadline_atom::value);
  if (!greeted_) self_->quit();
}

/// Everybody who counted on this session learns that it is gone.
void session_state::leave() {
  left_ = true;
  auto why = fault_.value_or(link::refusal{refusal_reason::connection_lost, "the session was ended"});
  auto& port = *setup_.port;
  port.counters_.count(why.reason);
  count_unfinished(0);
  session_ended ended{setup_.serial, why.reason, why.text, fault_by_peer_, up_, false};
  if (up_) {
    --port.counters_.sessions_up;
    give_back_unsent();
    ended.lane_waiting = part(peer_, why.reason);
    port.pending_.session_down(setup_.serial);
  }
  caf::anon_send(setup_.manager, std::move(ended));
}

/// Whole messages go to whoever takes from the lane next. One that has left in part is lost here: as a request, its session's end ends it.
void session_state::give_back_unsent() {
  if (writing_) {
    writing_.reset();
    const auto& begun = pulled_.front();
    if (begun.correlation == 0 || begun.reply) ++setup_.port->counters_.dropped_messages;
    pulled_.pop_front();
  }
  setup_.port->outbox_.give_back(peer_->end(), handshake_->lane(), std::exchange(pulled_, {}));
}

}  // namespace holdfast::actors

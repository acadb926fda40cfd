// One connection: TLS, handshake, frames in and out, credit, heartbeats, and an orderly end. A broker of its own, so that
// whatever one peer does ends one connection. Runs on the multiplexer's thread.
#pragma once

#include <caf/io/broker.hpp>
#include <caf/io/scribe.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/link/inbound_meter.hpp"
#include "actors/link/link_port.hpp"
#include "protocols/link/credit.hpp"
#include "protocols/link/frame_codec.hpp"
#include "protocols/link/heartbeat.hpp"
#include "protocols/link/tls_channel.hpp"

namespace holdfast::actors {

struct session_setup {
  std::uint64_t serial = 0;
  link_port_ptr port;
  caf::actor manager;
  std::shared_ptr<link::tls_context> tls;
  link::handshake_rules rules;
  link::peer_verifier verify;
  std::string remote;                  ///< HOST:PORT, for logs and people
  duration handshake_timeout;
  duration stall_timeout{0}, idle_timeout{0};
  std::uint64_t budget_bytes = 0;
  caf::io::scribe_ptr accepted;        ///< the connection, if it was accepted
  int dialled_socket = -1;             ///< or its socket, still connecting
};

class session_state {
 public:
  static inline const char* name = "link session";
  using pointer = caf::io::stateful_broker<session_state>*;

  session_state() = default;
  ~session_state();

  caf::behavior start(pointer self, session_setup setup);

 private:
  // Connection (session.cpp)
  void open_socket();
  void on_bytes(bytes_view data);
  void read_at_most(std::size_t bytes_count);
  void adapt_reading(std::size_t filled);
  void on_written(std::size_t bytes_left);
  void on_beat();
  bool peer_stalls(instant now);
  void on_consumed();
  bool holds_too_much() const;
  void pause_if_over();
  void poll_budget();
  void resume();
  std::optional<link::refusal> no_room_for(const link::peer_info& peer) const;
  void end(link::refusal_reason reason, std::string text, bool by_peer = false);
  void leave();
  void give_back_unsent();

  // Messages (session_messages.cpp)
  void on_plaintext(bytes_view data);
  outcome on_message(link::message m);
  outcome on_greeting(const link::message& m);
  outcome on_credit(const link::message& m);
  outcome on_heartbeat(const link::message& m);
  outcome on_payload(link::message m);
  void carry_out(link::handshake::step step);
  void come_up();
  void open_up();
  bool confined() const;
  void count_unfinished(std::size_t bytes_now);
  void take_renewed_peer();
  void join(session_ref self);
  bool part(const peer_ptr& peer, link::refusal_reason reason);
  void show_admission(bytes& to);
  void control(link::message_kind kind, bytes_view payload);
  void pump();
  bool stage_next(bytes& staged);
  outcome refuse(link::refusal_reason reason, std::string text);

  bool agreement() const { return handshake_->lane() == link::traffic_class::agreement; }
  bool up() const { return up_ && !ending_; }

  pointer self_ = nullptr;
  session_setup setup_;
  caf::io::connection_handle connection_;
  caf::io::scribe* scribe_ = nullptr;  ///< while the connection is valid
  std::unique_ptr<link::tls_channel> tls_;
  std::unique_ptr<link::handshake> handshake_;
  std::unique_ptr<link::frame_reader> frames_;
  std::shared_ptr<inbound_meter> meter_;
  link::credit_sender credit_out_;
  link::credit_receiver credit_in_;
  link::heartbeat_clock heartbeats_;
  peer_ptr peer_;
  bytes peer_admission_;

  std::uint64_t shown_ = 0;      ///< which of this process's admissions the peer has been shown
  bool greeted_ = false;         ///< the handshake has begun: TLS is up
  bool up_ = false;
  bool ending_ = false;          ///< only what is written already still leaves
  bool left_ = false;            ///< the manager knows that it ended
  bool paused_ = false;
  bool polling_ = false;         ///< a look at the budget is due
  bool refused_ = false;         ///< the peer has been told why, or told us
  bool fault_by_peer_ = false;   ///< the peer ended it
  std::optional<link::refusal> fault_;  ///< why it ends; set by a frame, acted on when its bytes are done with

  bytes control_;                ///< frames of our own kinds, ahead of all messages
  std::deque<queued_message> pulled_;
  std::optional<link::frame_writer> writing_;
  std::size_t unwritten_bytes_ = 0;
  std::size_t read_bytes_ = 0;   ///< what the socket is asked for at once
  std::size_t unfinished_bytes_ = 0;  ///< of a message half received, as counted for all
  instant heard_at_{}, used_at_{}, rechecked_at_{};
  instant took_at_{};            ///< when the peer last took of what waits for it, or nothing waited
  std::uint64_t beats_ = 0;
  session_status status_;
};

caf::behavior session(session_state::pointer self, session_setup setup);

}  // namespace holdfast::actors

#include "actors/client/archive_desk.hpp"

#include <caf/event_based_actor.hpp>

#include "actors/archive/archive_wire.hpp"
#include "actors/base/clock.hpp"
#include "actors/base/send_later.hpp"

namespace holdfast::actors {

namespace {

using desk_tick_atom = caf::atom_constant<caf::atom("desktick")>;

constexpr auto tick_interval = std::chrono::milliseconds(20);

}  // namespace

struct peer_lost {
  node_id peer;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::peer_lost)

namespace holdfast::actors {

namespace {

class archive_desk {
 public:
  archive_desk(caf::event_based_actor* self, link_port_ptr links, std::shared_ptr<server_memory> memory)
      : self_(self),
        links_(std::move(links)),
        memory_(std::move(memory)),
        uploads_([this](const auto& requests) { transmit(requests); }, memory_),
        reads_([this](const auto& requests) { transmit(requests); }, memory_) {}

  extent_uploads& uploads() { return uploads_; }

  void begin(const extent_stream_ptr& stream) {
    uploads_.begin(read_clock(), stream);
    keep_time();
  }

  void fetch(const fetch_wanted& wanted) {
    reads_.fetch(read_clock(), wanted);
    keep_time();
  }

  void on_message(const inbound& m) {
    auto message = open_archive_message(m.body());
    if (!message) return;
    auto* reply = std::get_if<archive::service_reply>(&*message);
    if (!reply) return;  // nobody asks a client
    memory_->well(m.from->id);
    if (reply->id >> extent_uploads::id_shift == 0) {
      reads_.on_reply(read_clock(), m.from->id, *reply);
    } else {
      uploads_.on_reply(read_clock(), m.from->id, *reply);
    }
  }

  void on_lost(const node_id& peer) {
    memory_->failed(peer);
    backlog_.erase(peer);
    uploads_.on_peer_lost(read_clock(), peer);
    reads_.on_peer_lost(read_clock(), peer);
  }

  void on_tick() {
    ticking_ = false;
    flush_backlog();
    uploads_.on_timer(read_clock());
    reads_.on_timer(read_clock());
    keep_time();
  }

 private:
  void keep_time() {
    bool busy = reads_.busy() || uploads_.busy() || !backlog_.empty();
    if (!busy || std::exchange(ticking_, true)) return;
    send_later(self_, tick_interval, desk_tick_atom::value);
  }

  void transmit(const std::vector<archive::outgoing_request>& requests) {
    for (const auto& request : requests) {
      auto payload = make_payload(seal(request.request));
      auto waiting = backlog_.find(request.to);
      if (waiting != backlog_.end()) {
        waiting->second.push_back(std::move(payload));
      } else if (!send(request.to, payload)) {
        backlog_[request.to].push_back(std::move(payload));
      }
    }
  }

  /// False if the queue is full: to be tried again, in order. Engines' windows bound what can wait.
  bool send(const node_id& to, const payload_ptr& payload) {
    auto sent = links_->send({to, link::traffic_class::foreground, link::message_kind::archive, payload, 0, false});
    if (sent) return true;
    if (sent.error().is(errc::over_limit)) return false;
    self_->send(self_, peer_lost{to});
    return true;
  }

  void flush_backlog() {
    for (auto at = backlog_.begin(); at != backlog_.end();) {
      auto& queue = at->second;
      while (!queue.empty() && send(at->first, queue.front())) queue.pop_front();
      at = queue.empty() ? backlog_.erase(at) : std::next(at);
    }
  }

  caf::event_based_actor* self_;
  link_port_ptr links_;
  std::shared_ptr<server_memory> memory_;
  extent_uploads uploads_;
  block_reads reads_;
  std::map<node_id, std::deque<payload_ptr>> backlog_;
  bool ticking_ = false;
};

caf::behavior desk_behavior(caf::event_based_actor* self, link_port_ptr links, std::shared_ptr<server_memory> memory) {
  auto desk = std::make_shared<archive_desk>(self, links, std::move(memory));
  links->subscribe(link::message_kind::archive, caf::actor_cast<caf::actor>(self));
  links->watch(caf::actor_cast<caf::actor>(self));
  return {
      [desk](extent_begin_atom, const extent_stream_ptr& stream) { desk->begin(stream); },
      [desk](const block_handed_over& handed) { desk->uploads().take(read_clock(), handed); },
      [desk](extent_close_atom, const extent_stream_ptr& stream) { desk->uploads().close(read_clock(), stream); },
      [desk](settle_atom, const extent_stream_ptr& stream) { desk->uploads().settle(stream); },
      [desk](give_up_atom, const extent_stream_ptr& stream) { desk->uploads().forget(stream); },
      [desk](const fetch_wanted& wanted) { desk->fetch(wanted); },
      [desk](const inbound& m) { desk->on_message(m); },
      [desk](const peer_lost& lost) { desk->on_lost(lost.peer); },
      [desk](const peer_down& down) {
        if (down.lane == link::traffic_class::foreground) desk->on_lost(down.peer->id);
      },
      [desk](const dial_failed& failed) {
        if (!failed.peer.is_zero()) desk->on_lost(failed.peer);
      },
      [](const peer_up&) {},
      [desk](desk_tick_atom) { desk->on_tick(); },
      [self](desk_close_atom) { self->quit(); },
  };
}

}  // namespace

caf::actor spawn_archive_desk(caf::actor_system& system, link_port_ptr links, std::shared_ptr<server_memory> memory) {
  return system.spawn(desk_behavior, std::move(links), std::move(memory));
}

}  // namespace holdfast::actors

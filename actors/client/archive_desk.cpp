#include "actors/client/archive_desk.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "actors/archive/archive_wire.hpp"
#include "actors/base/clock.hpp"
#include "actors/base/send_later.hpp"

namespace holdfast::actors {

namespace {

using desk_tick_atom = caf::atom_constant<caf::atom("desktick")>;
using settle_atom = caf::atom_constant<caf::atom("settle")>;
using extent_close_atom = caf::atom_constant<caf::atom("extclose")>;
using give_up_atom = caf::atom_constant<caf::atom("giveup")>;
using begin_atom = caf::atom_constant<caf::atom("extbegin")>;

constexpr auto tick_interval = std::chrono::milliseconds(20);
constexpr std::size_t blocks_handed_over_max = 2;           ///< a MiB each, beside what the disperser keeps
constexpr auto silence_max = std::chrono::minutes(3);       ///< far beyond what the engines wait: the desk itself has gone
constexpr std::uint32_t engine_shift = 40;                  ///< request ids: the engine's number above, its own count below

/// Handed over whole: the receiver takes the content out, so there must be one receiver.
struct block_handed_over {
  extent_stream_ptr stream;
  std::shared_ptr<archive::coded_block> block;
};

}  // namespace

struct fetch_wanted {
  std::shared_ptr<void> reader;  ///< a `block_fetches::shared`
  std::uint64_t tag = 0;
  archive::block_want want;
};
struct peer_lost {
  node_id peer;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::extent_stream_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::block_handed_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::fetch_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::peer_lost)

namespace holdfast::actors {

class archive_desk {
 public:
  archive_desk(caf::event_based_actor* self, link_port_ptr links, std::shared_ptr<server_memory> memory)
      : self_(self), links_(std::move(links)), memory_(std::move(memory)) {}

  void begin(const extent_stream_ptr& stream) {
    auto number = ++last_engine_;
    auto config = stream->config_;
    config.request_base = number << engine_shift;
    auto& upload = uploads_.emplace(stream.get(), upload_state{stream, number, std::make_unique<archive::disperser>(config, *stream->directory_)})
                       .first->second;
    by_number_[number] = stream.get();
    carry(upload, upload.engine->start(read_clock()));
    keep_time();
  }

  void take(const block_handed_over& handed) {
    auto upload = uploads_.find(handed.stream.get());
    if (upload == uploads_.end()) return;
    auto& engine = *upload->second.engine;
    {
      std::lock_guard lock(handed.stream->mutex_);
      --handed.stream->handed_over_;
    }
    if (engine.outcome()) return publish(upload->second);
    if (!engine.has_room_for(handed.block->entry.length)) return;  // the writer keeps to the extent's bounds
    carry(upload->second, engine.add(read_clock(), std::move(*handed.block)));
  }

  void close(const extent_stream_ptr& stream) {
    with(stream, [&](upload_state& u) {
      if (!u.engine->outcome()) carry(u, u.engine->close(read_clock()));
    });
  }

  void settle(const extent_stream_ptr& stream) {
    with(stream, [&](upload_state& u) { transmit(u.engine->settle_requests()); });
    forget(stream);
  }

  /// What servers hold of it expires by itself.
  void forget(const extent_stream_ptr& stream) {
    auto upload = uploads_.find(stream.get());
    if (upload == uploads_.end()) return;
    by_number_.erase(upload->second.number);
    uploads_.erase(upload);
  }

  void fetch(fetch_wanted wanted) {
    waiting_.push_back(std::move(wanted));
    begin_fetches();
    keep_time();
  }

  void on_message(const inbound& m) {
    auto message = open_archive_message(m.body());
    if (!message) return;
    auto* reply = std::get_if<archive::service_reply>(&*message);
    if (!reply) return;  // nobody asks a client
    memory_->well(m.from->id);
    auto number = reply->id >> engine_shift;
    if (number == 0) return carry(collector_.on_reply(read_clock(), m.from->id, *reply));
    auto stream = by_number_.find(number);
    if (stream == by_number_.end()) return;
    auto& upload = uploads_.at(stream->second);
    carry(upload, upload.engine->on_reply(read_clock(), m.from->id, *reply));
  }

  void on_lost(const node_id& peer) {
    memory_->failed(peer);
    backlog_.erase(peer);
    for (auto& [key, upload] : uploads_) carry(upload, upload.engine->on_peer_lost(read_clock(), peer));
    carry(collector_.on_peer_lost(read_clock(), peer));
  }

  void on_tick() {
    ticking_ = false;
    flush_backlog();
    for (auto& [key, upload] : uploads_) {
      if (!upload.engine->outcome()) carry(upload, upload.engine->on_timer(read_clock()));
    }
    carry(collector_.on_timer(read_clock()));
    keep_time();
  }

 private:
  struct upload_state {
    extent_stream_ptr stream;
    std::uint64_t number = 0;
    std::unique_ptr<archive::disperser> engine;
  };

  template <class Action>
  void with(const extent_stream_ptr& stream, Action action) {
    if (auto upload = uploads_.find(stream.get()); upload != uploads_.end()) action(upload->second);
  }

  void keep_time() {
    bool busy = !collector_.idle() || !waiting_.empty() || !uploads_.empty() || !backlog_.empty();
    if (!busy || std::exchange(ticking_, true)) return;
    send_later(self_, tick_interval, desk_tick_atom::value);
  }

  void carry(upload_state& upload, archive::disperser_step step) {
    transmit(step.requests);
    for (const auto& event : step.events) memory_->failed(event.server);
    publish(upload);
  }

  void publish(upload_state& upload) {
    auto& stream = *upload.stream;
    {
      std::lock_guard lock(stream.mutex_);
      stream.wants_more_ = upload.engine->wants_more();
      if (!stream.outcome_ && upload.engine->outcome()) stream.outcome_ = *upload.engine->outcome();
    }
    stream.changed_.notify_all();
  }

  void carry(archive::collector_step step) {
    transmit(step.requests);
    for (auto& block : step.fetched) {
      auto wanted = std::move(readers_.extract(block.fetch).mapped());
      for (std::size_t i = 0; i < block.fates.size(); ++i) {
        if (block.fates[i] == archive::fragment_fate::unreachable && block.slots[i]) memory_->failed(*block.slots[i]);
      }
      auto reader = std::static_pointer_cast<block_fetches::shared>(wanted.reader);
      block.fetch = wanted.tag;
      reader->from_archive(std::move(block));
    }
    if (!step.fetched.empty()) begin_fetches();
  }

  void begin_fetches() {
    while (!waiting_.empty() && collector_.wants_more()) {
      auto wanted = std::move(waiting_.front());
      waiting_.pop_front();
      auto reader = std::static_pointer_cast<block_fetches::shared>(wanted.reader);
      {
        std::lock_guard lock(reader->mutex);
        if (reader->cancelled) continue;
      }
      auto number = ++last_fetch_;
      auto want = std::move(wanted.want);
      readers_.emplace(number, std::move(wanted));
      carry(collector_.fetch(read_clock(), number, std::move(want)));
    }
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
  std::map<const extent_stream*, upload_state> uploads_;
  std::map<std::uint64_t, const extent_stream*> by_number_;
  archive::collector collector_{0};
  std::deque<fetch_wanted> waiting_;
  std::map<std::uint64_t, fetch_wanted> readers_;
  std::map<node_id, std::deque<payload_ptr>> backlog_;
  std::uint64_t last_engine_ = 0, last_fetch_ = 0;
  bool ticking_ = false;
};

namespace {

caf::behavior desk_behavior(caf::event_based_actor* self, link_port_ptr links, std::shared_ptr<server_memory> memory) {
  auto desk = std::make_shared<archive_desk>(self, links, std::move(memory));
  links->subscribe(link::message_kind::archive, caf::actor_cast<caf::actor>(self));
  links->watch(caf::actor_cast<caf::actor>(self));
  return {
      [desk](begin_atom, const extent_stream_ptr& stream) { desk->begin(stream); },
      [desk](const block_handed_over& handed) { desk->take(handed); },
      [desk](extent_close_atom, const extent_stream_ptr& stream) { desk->close(stream); },
      [desk](settle_atom, const extent_stream_ptr& stream) { desk->settle(stream); },
      [desk](give_up_atom, const extent_stream_ptr& stream) { desk->forget(stream); },
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
  };
}

}  // namespace

caf::actor spawn_archive_desk(caf::actor_system& system, link_port_ptr links, std::shared_ptr<server_memory> memory) {
  return system.spawn(desk_behavior, std::move(links), std::move(memory));
}

extent_stream_ptr begin_extent(const caf::actor& desk, archive::disperser_config config, directory_ptr directory) {
  auto stream = std::make_shared<extent_stream>(desk, std::move(config), std::move(directory));
  caf::anon_send(desk, begin_atom::value, stream);
  return stream;
}

// -- the callers' ends ----------------------------------------------------------------------------------------------

extent_stream::extent_stream(caf::actor desk, archive::disperser_config config, directory_ptr directory)
    : desk_(std::move(desk)), config_(std::move(config)), directory_(std::move(directory)) {}

bool extent_stream::wait_until(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, silence_max, condition);
}

outcome extent_stream::add(archive::coded_block block) {
  bool room = wait_until([&] { return outcome_ || (wants_more_ && handed_over_ < blocks_handed_over_max); });
  if (!room) return fail(errc::unavailable, "the archive servers take nothing more");
  {
    std::lock_guard lock(mutex_);
    if (outcome_) return outcome_->has_value() ? fail(errc::unavailable, "the extent ended early") : fail(outcome_->error());
    ++handed_over_;
  }
  caf::anon_send(desk_, block_handed_over{shared_from_this(), std::make_shared<archive::coded_block>(std::move(block))});
  return {};
}

void extent_stream::close() { caf::anon_send(desk_, extent_close_atom::value, shared_from_this()); }

result<archive::extent_claim> extent_stream::claim() {
  if (!wait_until([&] { return outcome_.has_value(); })) return fail(errc::unavailable, "the archive servers sent no receipts");
  std::lock_guard lock(mutex_);
  return *outcome_;
}

void extent_stream::settle() { caf::anon_send(desk_, settle_atom::value, shared_from_this()); }
void extent_stream::give_up() { caf::anon_send(desk_, give_up_atom::value, shared_from_this()); }

block_fetches::~block_fetches() {
  if (!shared_) return;
  std::lock_guard lock(shared_->mutex);
  shared_->cancelled = true;
}

void block_fetches::ask(std::uint64_t tag, archive::block_want want) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->under_way[tag].archive = true;
  }
  caf::anon_send(desk_, fetch_wanted{shared_, tag, std::move(want)});
}

void block_fetches::ask(std::uint64_t tag, replica_access& replicas, const replica::get_block& wanted) {
  {
    std::lock_guard lock(shared_->mutex);
    shared_->under_way[tag].replica = true;
  }
  replicas.ask(wanted.object, wanted, {[to = shared_, tag] { to->overdue(tag); }, [to = shared_, tag](std::optional<replica_answer> answer) {
                                         to->from_replica(tag, std::move(answer));
                                       }});
}

void block_fetches::shared::from_archive(archive::fetched_block block) {
  std::lock_guard lock(mutex);
  auto at = under_way.find(block.fetch);
  if (at == under_way.end()) return;  // the replica was faster
  arrived_block arrival{std::move(block), std::nullopt, false};
  at->second.archive = false;
  if (!arrival.ciphertext && at->second.replica) {
    at->second.failed = std::move(arrival);
  } else {
    under_way.erase(at);
    arrive(std::move(arrival));
  }
}

void block_fetches::shared::from_replica(std::uint64_t tag, std::optional<replica_answer> answer) {
  std::unique_lock lock(mutex);
  auto at = under_way.find(tag);
  if (at == under_way.end()) return;  // the archive servers were faster
  at->second.replica = false;
  auto* data = answer ? std::get_if<bytes>(&answer->what) : nullptr;
  if (data) {
    under_way.erase(at);
    arrived_block arrival;
    arrival.fetch = tag;
    arrival.ciphertext = std::move(*data);
    arrival.replica = answer->by;
    arrive(std::move(arrival));
  } else if (at->second.failed) {
    auto failed = std::move(*at->second.failed);
    under_way.erase(at);
    arrive(std::move(failed));
  } else if (!at->second.archive) {
    lock.unlock();
    overdue(tag);
  }
}

void block_fetches::shared::overdue(std::uint64_t tag) {
  std::lock_guard lock(mutex);
  auto at = under_way.find(tag);
  if (at == under_way.end() || at->second.told_overdue) return;
  at->second.told_overdue = true;
  arrived_block word;
  word.fetch = tag;
  word.ciphertext = fail(errc::unavailable, "no replica answers");
  word.overdue = true;
  arrive(std::move(word));
}

void block_fetches::shared::arrive(arrived_block block) {
  arrived.push_back(std::move(block));
  changed.notify_all();
}

arrived_block block_fetches::next() {
  std::unique_lock lock(shared_->mutex);
  if (!shared_->changed.wait_for(lock, silence_max, [&] { return !shared_->arrived.empty(); })) {
    arrived_block nothing;
    nothing.ciphertext = fail(errc::unavailable, "the archive servers did not answer");
    return nothing;
  }
  auto block = std::move(shared_->arrived.front());
  shared_->arrived.pop_front();
  return block;
}

void server_memory::failed(const node_id& server) {
  std::lock_guard lock(mutex_);
  failed_[server] = steady_now();
}

void server_memory::well(const node_id& server) {
  std::lock_guard lock(mutex_);
  failed_.erase(server);
}

bool server_memory::suspect(const node_id& server) const {
  std::lock_guard lock(mutex_);
  auto at = failed_.find(server);
  return at != failed_.end() && steady_now() - at->second < rest;
}

}  // namespace holdfast::actors

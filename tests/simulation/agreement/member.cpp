#include "tests/simulation/agreement/member.hpp"

#include "tests/simulation/agreement/ring_watch.hpp"

namespace holdfast::simulation {

member::member(ring_world& world, ring_watch& watch, agreement::seat_index seat, std::uint64_t seed, point_listener points)
    : world_(world),
      watch_(watch),
      seat_(seat),
      random_(seed),
      clock_(world.plan.clock, random_),
      disk_(world.events, world.plan.disk, random_.next_u64(),
            {[this](std::uint64_t ticket) {
               watch_.durable(seat_, ticket);
               carry_out(life_->replica->on_stored(reading(), {ticket}));
             },
             [this] {
               ++world_.report.counts["failed_fsync"];
               stop();
               later(500ms, [this] { start(); });
             },
             std::move(points)}) {}

clock_reading member::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void member::later(duration delay, std::function<void()> action) {
  world_.events.after(delay, [this, life = lives_, action = std::move(action)] {
    if (life == lives_) action();
  });
}

void member::start() {
  if (running()) return;
  ++lives_;
  life_ = std::make_unique<life>();
  life_->state = std::make_unique<ring::object_state>(world_.fixture.configuration, identity::policy{});
  life_->checker = std::make_unique<state_checker>(*life_->state);
  life_->replica = std::make_unique<agreement::replica>(
      agreement::config{world_.fixture.cluster, world_.fixture.ring(), seat_, world_.fixture.keys[seat_], small_limits()}, *life_->checker);
  auto log = disk_.recover();
  agreement::log_replay replay;
  for (const auto& data : log.records) {
    auto record = codec::decode<agreement::log_record>(data, "log record");
    if (!record) return watch_.violation(seat_, "the log holds what does not decode: " + record.error().message());
    replay.add(*record);
    life_->log.add(std::move(*record));
  }
  watch_.started(seat_, life_->log.records);
  auto recovered = replay.take();
  recovered.amnesiac = recovered.amnesiac || !log.intact;
  carry_out(life_->replica->start(reading(), std::move(recovered)));
}

void member::stop() {
  if (!running()) return;
  ++lives_;
  life_.reset();
  disk_.crash();
  watch_.stopped(seat_);
}

void member::receive(node_index from, const packet& p) {
  if (!running() || (mask_ && mask_->may_receive && !mask_->may_receive(*this, from, p))) return;
  if (auto request = std::get_if<client_request>(&p)) return on_request(request->operation);
  if (auto m = std::get_if<agreement::message>(&p); m && from < world_.size()) {
    carry_out(life_->replica->on_message(reading(), from, *m));
  }
}

void member::on_request(const bytes& operation) {
  reply_to(operation);
  // Ordered again even if the result is known: that it is not executed again is the state's business, and tested.
  if (auto done = life_->replica->submit(reading(), operation)) carry_out(std::move(*done));
}

void member::carry_out(agreement::step s) {
  for (const auto& p : s.persists) persist(p);
  for (const auto& out : s.sends) send(out);
  for (const auto& t : s.timers) set_timer(t);
  for (const auto& l : s.loads) load(l);
  for (const auto& e : s.events) watch_.happened(seat_, e);
  for (auto& d : s.deliveries) life_->deliveries.emplace(d.sequence, std::move(d));
  if (!life_->executing && !life_->deliveries.empty()) {
    life_->executing = true;
    later(between(random_, 0us, 300us), [this] { execute_next(); });
  }
}

void member::persist(const agreement::persist& p) {
  life_->log.add(p.record);
  watch_.appended(seat_, p.ticket.value, p.record);
  disk_.append(p.ticket.value, codec::encode(p.record), p.sync);
}

void member::send(const agreement::outgoing& out) {
  auto honest_frame = mask_ ? nullptr : to_frame(out.what);
  for (node_index to = 0; to < world_.size(); ++to) {
    if (to == seat_ || (out.to && *out.to != to)) continue;
    if (!mask_) {
      watch_.sent(seat_, out.what);
      world_.net->send(seat_, to, honest_frame);
      continue;
    }
    auto m = out.what;
    if (!mask_->may_send || mask_->may_send(*this, to, m)) send_raw(to, m);
  }
}

void member::send_raw(node_index to, const agreement::message& m) { world_.net->send(seat_, to, to_frame(m)); }

void member::set_timer(const agreement::timer& t) {
  auto setting = ++life_->timers[t.id];
  if (!t.after) return;
  auto due = clock_.world_at(reading().now + *t.after);
  later(due - world_.events.now(), [this, id = t.id, setting] {
    if (life_->timers[id] == setting) carry_out(life_->replica->on_timer(reading(), id));
  });
}

void member::load(const agreement::load& l) {
  later(between(random_, 10us, 2ms), [this, l] {
    carry_out(life_->replica->on_loaded(reading(), l.ticket, l.first, life_->log.bodies(l)));
  });
}

void member::execute_next() {
  auto& next = life_->deliveries;
  if (next.empty() || next.begin()->first != life_->executed + 1) {
    if (!next.empty()) watch_.violation(seat_, "delivered " + std::to_string(next.begin()->first) + " behind " + std::to_string(life_->executed));
    life_->executing = false;
    return;
  }
  auto d = std::move(next.extract(next.begin()).mapped());
  life_->executed = d.sequence;
  life_->state->apply(d.sequence, d.time, d.requests());
  auto root = life_->state->map().root();
  std::vector<std::optional<ring::operation_result>> results;
  for (const auto& operation : d.content->requests) results.push_back(result_of(operation));
  if (honest()) watch_.executed(seat_, d, root, results);
  for (const auto& operation : d.content->requests) reply_to(operation);
  later(between(random_, 0us, 300us), [this] { execute_next(); });
  carry_out(life_->replica->on_executed(reading(), d.sequence, root));
}

void member::reply_to(const bytes& operation) {
  auto result = result_of(operation);
  auto update = update_in(operation);
  if (!result || !update) return;
  auto client = world_.clients.find(update->client);
  if (client != world_.clients.end()) world_.net->send(seat_, client->second, to_frame(client_reply{*result}));
}

std::optional<ring::operation_result> member::result_of(const bytes& operation) const {
  auto where = life_->state->outcome_of(operation);
  if (!where) return std::nullopt;
  return life_->state->map().load<ring::operation_result>(*where);
}

}  // namespace holdfast::simulation

#include "tests/simulation/ring/engine_member.hpp"

namespace holdfast::simulation {

engine_member::engine_member(ring_world& world, agreement::seat_index seat, std::uint64_t seed, point_listener points)
    : world_(world),
      seat_(seat),
      random_(seed),
      clock_(world.plan.clock, random_),
      disk_(world.events, world.plan.disk, random_.next_u64(),
            {[this](std::uint64_t ticket) { carry_out(life_->engine->on_stored(reading(), {ticket})); },
             [this] {
               ++world_.report.counts["failed_fsync"];
               stop();
               later(500ms, [this] { start(); });
             },
             std::move(points)}) {}

clock_reading engine_member::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void engine_member::later(duration delay, std::function<void()> action) {
  world_.events.after(delay, [this, life = lives_, action = std::move(action)] {
    if (life == lives_) action();
  });
}

void engine_member::violation(const std::string& sentence) {
  world_.report.violation(std::to_string(world_.events.now().time_since_epoch().count() / 1000) + " ms: seat " + std::to_string(seat_) + ' ' +
                          sentence);
}

void engine_member::start() {
  if (running()) return;
  ++lives_;
  life_ = std::make_unique<life>();
  agreement::config config{world_.fixture.cluster, world_.fixture.ring(), seat_, world_.fixture.keys[seat_], small_limits()};
  life_->engine =
      std::make_unique<ring::ring_engine>(std::move(config), std::make_unique<ring::object_state>(world_.fixture.configuration, identity::policy{}));
  auto log = disk_.recover();
  agreement::log_replay replay;
  for (const auto& data : log.records) {
    auto record = codec::decode<agreement::log_record>(data, "log record");
    if (!record) return violation("has a log that holds what does not decode: " + record.error().message());
    replay.add(*record);
    life_->log.add(std::move(*record));
  }
  auto recovered = replay.take();
  recovered.amnesiac = recovered.amnesiac || !log.intact;
  carry_out(life_->engine->start(reading(), std::move(recovered)));
}

void engine_member::stop() {
  if (!running()) return;
  ++lives_;
  life_.reset();
  disk_.crash();
}

void engine_member::peer_connected(agreement::seat_index seat) {
  if (running()) carry_out(life_->engine->on_peer_connected(reading(), seat));
}

void engine_member::peer_lost(agreement::seat_index seat) {
  if (running()) carry_out(life_->engine->on_peer_lost(reading(), seat));
}

void engine_member::receive(node_index from, const service_packet& p) {
  if (!running()) return;
  if (auto* call = std::get_if<service_call>(&p)) return on_call(from, *call);
  if (auto* m = std::get_if<ring::member_message>(&p); m && from < world_.size()) {
    carry_out(life_->engine->on_member(reading(), from, *m));
  }
}

void engine_member::on_call(node_index from, const service_call& call) {
  if (auto* wanted = std::get_if<ring::records_request>(&call.body)) {
    ring::records_reply found;
    for (const auto& name : wanted->names) {
      auto record = life_->versions.find(name);
      if (record == life_->versions.end()) return answer(from, call.request, life_->engine->absence(wanted->at_least));
      found.records.push_back(record->second);
    }
    return answer(from, call.request, found);
  }
  if (auto* wanted = std::get_if<ring::inline_request>(&call.body)) {
    auto found = life_->blocks.find(wanted->block);
    if (found != life_->blocks.end()) return answer(from, call.request, ring::inline_reply{found->second});
    return answer(from, call.request, life_->engine->absence(wanted->at_least));
  }
  auto ticket = ++life_->last_ticket;
  life_->askers[ticket] = {from, call.request};
  carry_out(life_->engine->on_request(reading(), ticket, call.body));
}

void engine_member::answer(node_index to, std::uint64_t request, ring::service_reply reply) {
  if (answers_of_old_) grow_old(reply);
  world_.net->send(seat_, to, to_frame(service_answer{request, std::move(reply)}));
}

void engine_member::grow_old(ring::service_reply& reply) {
  if (auto* mark = std::get_if<ring::mark_reply>(&reply)) mark->prepared = mark->executed = 0;
  auto* entry = std::get_if<ring::entry_reply>(&reply);
  if (entry && entry->where.map == ring::submap::heads) reply = first_answers_.try_emplace(entry->where.key, *entry).first->second;
}

void engine_member::carry_out(ring::step s) {
  for (const auto& p : s.persists) {
    life_->log.add(p.record);
    disk_.append(p.ticket.value, codec::encode(p.record), p.sync);
  }
  for (const auto& out : s.sends) {
    auto data = to_frame(out.what);
    for (node_index to = 0; to < world_.size(); ++to) {
      if (to != seat_ && (!out.to || *out.to == to)) world_.net->send(seat_, to, data);
    }
  }
  for (const auto& t : s.timers) set_timer(t);
  for (const auto& l : s.loads) load(l);
  for (auto& b : s.blocks) life_->blocks[b.name] = std::move(b.data);
  for (auto& r : s.records) life_->versions[r.name] = std::move(r.data);
  for (auto& a : s.answers) {
    auto who = life_->askers.extract(a.ticket);
    if (who) answer(who.mapped().first, who.mapped().second, std::move(a.what));
  }
  for (const auto& e : s.events) {
    ++world_.report.counts[std::string(to_string(e.kind))];
    world_.log.event(world_.events.now(), seat_, to_string(e.kind), e.text);
    if (e.kind == agreement::event_kind::diverged) violation("diverged: " + e.text);
  }
}

void engine_member::set_timer(const ring::timer& t) {
  auto setting = ++life_->timers[t.id];
  if (!t.after) return;
  auto due = clock_.world_at(reading().now + *t.after);
  later(due - world_.events.now(), [this, id = t.id, setting] {
    if (life_->timers[id] == setting) carry_out(life_->engine->on_timer(reading(), id));
  });
}

void engine_member::load(const agreement::load& l) {
  later(between(random_, 10us, 2ms), [this, l] {
    carry_out(life_->engine->on_loaded(reading(), l.ticket, l.first, life_->log.bodies(l)));
  });
}

}  // namespace holdfast::simulation

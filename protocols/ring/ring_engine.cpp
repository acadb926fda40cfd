#include "protocols/ring/ring_engine.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::ring {

namespace {

class machine_checker final : public agreement::request_checker {
 public:
  explicit machine_checker(const state_machine& machine) : machine_(machine) {}
  outcome check(const agreement::named_request& request) const override { return machine_.check(request); }

 private:
  const state_machine& machine_;
};

failure_reply failed(const error& e) { return {e.code(), e.message()}; }

}  // namespace

ring_engine::ring_engine(agreement::config config, std::unique_ptr<state_machine> machine)
    : cluster_(config.cluster),
      ring_(config.ring),
      machine_(std::move(machine)),
      checker_(std::make_unique<machine_checker>(*machine_)),
      replica_(config, *checker_),
      certifier_(config.cluster, config.ring, config.seat, config.key) {}

ring_engine::~ring_engine() = default;

// -- inputs ---------------------------------------------------------------------------------------------------------

step ring_engine::start(const clock_reading& now, agreement::recovered log) {
  step out;
  carry(now, replica_.start(now, std::move(log)), out);
  return out;
}

step ring_engine::on_member(const clock_reading& now, seat_index from, member_message message) {
  step out;
  if (auto* ordering = std::get_if<agreement::message>(&message)) {
    carry(now, replica_.on_message(now, from, std::move(*ordering)), out);
  } else if (auto* share = std::get_if<root_share>(&message)) {
    if (certifier_.asked_again(from, *share)) {
      out.sends.push_back({from, *certifier_.newest()});
    } else if (!certifier_.on_share(from, *share)) {
      out.events.push_back({agreement::event_kind::refused, 0, 0, from, "a signature over a state root does not verify", {}});
    }
    certified(out);
  } else if (auto ok = certifier_.on_certificate(std::get<certified_root>(message)); ok) {
    certified(out);
  } else {
    out.events.push_back({agreement::event_kind::refused, 0, 0, from, ok.error().message(), {}});
  }
  arm(out);
  return out;
}

step ring_engine::on_timer(const clock_reading& now, timer_id id) {
  step out;
  if (id == timer_id::shares) {
    shares_armed_ = false;
    if (certifier_.executed_sequence() > certifier_.certified_sequence()) share(out, true);
  } else if (id == timer_id::patience) {
    patience_armed_ = false;
    forget_old(now.now);
    if (!waiting_.empty() && waiting_.rbegin()->first > executed_) carry(now, replica_.request_null(now), out);
  } else {
    carry(now, replica_.on_timer(now, static_cast<agreement::timer_id>(id)), out);
  }
  arm(out);
  return out;
}

step ring_engine::on_stored(const clock_reading& now, store_ticket ticket) {
  step out;
  carry(now, replica_.on_stored(now, ticket), out);
  arm(out);
  return out;
}

step ring_engine::on_loaded(const clock_reading& now, std::uint64_t ticket, std::uint64_t first, std::vector<agreement::batch_ptr> bodies) {
  step out;
  carry(now, replica_.on_loaded(now, ticket, first, std::move(bodies)), out);
  arm(out);
  return out;
}

step ring_engine::on_peer_connected(const clock_reading& now, seat_index seat) {
  step out;
  if (certifier_.newest()) out.sends.push_back({seat, *certifier_.newest()});
  if (certifier_.own_newest()) out.sends.push_back({seat, *certifier_.own_newest()});
  carry(now, replica_.on_peer_connected(now, seat), out);
  return out;
}

step ring_engine::on_peer_lost(const clock_reading& now, seat_index seat) {
  step out;
  carry(now, replica_.on_peer_lost(now, seat), out);
  arm(out);
  return out;
}

step ring_engine::on_request(const clock_reading& now, std::uint64_t ticket, service_body request) {
  step out;
  if (replica_.forsaken()) {
    out.answers.push_back({ticket, failed({errc::damaged, "the log of this ring's only member is lost or damaged, so what the ring agreed on is not "
                                                          "known; put the node's data directory back from a backup and start it again"})});
    return out;
  }
  if (submitted_ + waiting_.size() >= tickets_max) {
    out.answers.push_back(
        {ticket, failure_reply{static_cast<std::uint16_t>(errc::over_limit), "this ring member has too many requests waiting; try again"}});
    return out;
  }
  if (auto* submit = std::get_if<submit_request>(&request)) {
    on_submit(now, ticket, std::move(submit->operation), out);
  } else if (std::holds_alternative<mark_request>(request)) {
    // A seat that does not know all it may have voted for would let a read miss what it had prepared.
    out.answers.push_back({ticket, replica_.mute() ? service_reply(failed({errc::unavailable, "this ring member does not vote now; ask another"}))
                                                   : mark_reply{std::max(replica_.prepared(), executed_), executed_, replica_.view()}});
  } else if (auto* entry = std::get_if<entry_request>(&request)) {
    if (entry->at_least > std::max(replica_.prepared(), executed_) + waited_for_max) {
      out.answers.push_back({ticket, failed({errc::unavailable, "this ring member is at batch " + std::to_string(executed_) + ", far from batch " +
                                                                    std::to_string(entry->at_least) + " that was asked for"})});
      return out;
    }
    wait({ticket, entry->where, now.now}, entry->at_least, out);
  } else if (auto* wanted = std::get_if<page_request>(&request)) {
    out.answers.push_back({ticket, page(*wanted)});
  }
  arm(out);
  return out;
}

void ring_engine::on_submit(const clock_reading& now, std::uint64_t ticket, bytes operation, step& out) {
  auto name = agreement::digest_of_request(operation);
  if (auto where = machine_->outcome_of({operation, name})) {
    wait({ticket, *where, now.now}, executed_, out);
    return;
  }
  auto submitted = replica_.submit(now, std::move(operation), name);
  if (!submitted) {
    out.answers.push_back({ticket, failed(submitted.error())});
    return;
  }
  submissions_[name].push_back({ticket, now.now});
  ++submitted_;
  carry(now, std::move(*submitted), out);
}

// -- execution ------------------------------------------------------------------------------------------------------

void ring_engine::carry(const clock_reading& now, agreement::step from, step& out) {
  std::deque<agreement::step> steps;
  steps.push_back(std::move(from));
  while (!steps.empty()) {
    auto s = std::move(steps.front());
    steps.pop_front();
    for (auto& send : s.sends) out.sends.push_back({send.to, std::move(send.what)});
    for (auto& persist : s.persists) out.persists.push_back(std::move(persist));
    for (auto& load : s.loads) out.loads.push_back(load);
    for (auto& timer : s.timers) out.timers.push_back({static_cast<timer_id>(timer.id), timer.after});
    for (auto& event : s.events) out.events.push_back(std::move(event));
    for (std::size_t i = 0; i < s.deliveries.size(); ++i) {
      execute(now, s.deliveries[i], i + 1 == s.deliveries.size(), out);
      steps.push_back(replica_.on_executed(now, executed_, previous_root_));
    }
  }
}

void ring_engine::execute(const clock_reading&, const agreement::delivery& delivery, bool newest, step& out) {
  auto execution = machine_->apply(delivery.sequence, delivery.time, delivery.requests());
  executed_ = delivery.sequence;
  state_root reached{cluster_, ring_.id, ring_.epoch, delivery.sequence, delivery.time, machine_->map().root(), previous_root_};
  previous_root_ = crypto::hash_of(reached);
  for (auto& block : execution.blocks) out.blocks.push_back(std::move(block));
  for (auto& record : execution.records) out.records.push_back(std::move(record));
  for (std::size_t i = 0; i < execution.outcomes.size(); ++i) settle(delivery.names[i], execution.outcomes[i], executed_, out);
  out.state_moved = true;
  // What is caught up on is certified already: only where it ends is worth a signature.
  if (delivery.view == 0 && !newest) return;
  certifier_.on_executed(reached);
  snapshots_.emplace(executed_, std::pair(machine_->map(), reached));
  while (snapshots_.size() > certifier::pending_max) snapshots_.erase(snapshots_.begin());
  share(out, false);
  certified(out);
}

void ring_engine::settle(const digest& request, const applied& outcome, std::uint64_t sequence, step& out) {
  auto at = submissions_.find(request);
  if (at == submissions_.end()) return;
  for (auto& who : at->second) {
    --submitted_;
    if (outcome.refused) {
      out.answers.push_back({who.ticket, failed(*outcome.refused)});
    } else if (outcome.where) {
      waiting_.emplace(sequence, waiting{who.ticket, *outcome.where, who.since});
    }
  }
  submissions_.erase(at);
}

// -- certificates and answers ---------------------------------------------------------------------------------------

void ring_engine::share(step& out, bool to_everybody) {
  if (!certifier_.own_newest() || ring_.size() == 1) return;
  if (to_everybody) {
    out.sends.push_back({std::nullopt, *certifier_.own_newest()});
  } else if (!replica_.is_primary()) {
    out.sends.push_back({replica_.primary(), *certifier_.own_newest()});
  }
}

void ring_engine::certified(step& out) {
  if (!certifier_.advance()) {
    if (certifier_.diverged()) {
      out.events.push_back(
          {agreement::event_kind::diverged, 0, executed_, std::nullopt, "the ring certified another state than this member reached", {}});
    }
    return;
  }
  auto sequence = certifier_.certified_sequence();
  auto snapshot = snapshots_.find(sequence);
  if (snapshot == snapshots_.end()) return;
  proven_ = proven_state{snapshot->second.first, snapshot->second.second, *certifier_.newest()};
  snapshots_.erase(snapshots_.begin(), std::next(snapshot));
  if (replica_.is_primary() && ring_.size() > 1) out.sends.push_back({std::nullopt, *certifier_.newest()});
  auto end = waiting_.upper_bound(sequence);
  for (auto at = waiting_.begin(); at != end; ++at) out.answers.push_back({at->second.ticket, prove(at->second.where)});
  waiting_.erase(waiting_.begin(), end);
}

void ring_engine::wait(const waiting& who, std::uint64_t at_least, step& out) {
  if (proven_ && proven_->root.sequence >= at_least) {
    out.answers.push_back({who.ticket, prove(who.where)});
  } else {
    waiting_.emplace(std::max<std::uint64_t>(at_least, 1), who);
  }
}

entry_reply ring_engine::prove(const place& where) const {
  entry_reply reply;
  reply.where = where;
  if (auto* value = proven_->map.get(where)) reply.entry.value = *value;
  reply.entry.proof = proven_->map.prove(where);
  reply.entry.root = proven_->certificate;
  reply.view = replica_.view();
  return reply;
}

service_reply ring_engine::page(const page_request& request) const {
  if (!proven_) return failure_reply{static_cast<std::uint16_t>(errc::unavailable), "this ring member has no certified state yet"};
  page_reply reply;
  reply.sequence = proven_->root.sequence;
  auto limit = std::min(request.limit, page_entries_max);
  auto entries = proven_->map.tree(request.map).page(request.from, std::size_t{limit} + 1);
  for (std::size_t i = 0; i < entries.size() && i < limit; ++i) reply.values.push_back(*entries[i].value);
  if (entries.size() > limit) reply.next = entries[limit].key;
  return reply;
}

failure_reply ring_engine::absence(std::uint64_t at_least) const {
  bool knows = executed_ >= std::max(at_least, replica_.committed()) && !replica_.mute();
  if (knows || planted(planted_bug::absence_before_execution)) {
    return failed({errc::not_found, "this ring member does not hold what was asked for"});
  }
  return failed({errc::unavailable, "this ring member has executed batch " + std::to_string(executed_) + " and is asked for what came with " +
                                        std::to_string(at_least) + " at the latest; try again"});
}

// -- patience -------------------------------------------------------------------------------------------------------

void ring_engine::forget_old(instant now) {
  for (auto at = submissions_.begin(); at != submissions_.end();) {
    auto before = at->second.size();
    std::erase_if(at->second, [&](const auto& who) { return now - who.since > ticket_age_max; });
    submitted_ -= before - at->second.size();
    at = at->second.empty() ? submissions_.erase(at) : std::next(at);
  }
  std::erase_if(waiting_, [&](const auto& entry) { return now - entry.second.since > ticket_age_max; });
}

void ring_engine::arm(step& out) {
  if (!shares_armed_ && certifier_.executed_sequence() > certifier_.certified_sequence()) {
    shares_armed_ = true;
    out.timers.push_back({timer_id::shares, share_patience});
  }
  if (!patience_armed_ && (submitted_ > 0 || !waiting_.empty())) {
    patience_armed_ = true;
    out.timers.push_back({timer_id::patience, std::chrono::milliseconds(250)});
  }
}

}  // namespace holdfast::ring

#include "tests/simulation/agreement/ring_watch.hpp"

#include "protocols/codec/printer.hpp"

namespace holdfast::simulation {

using namespace agreement;

void ring_watch::durable_facts::add(const log_record& record) {
  if (auto r = std::get_if<accepted_record>(&record)) accepted.insert(r->what);
  if (auto r = std::get_if<prepared_record>(&record)) prepared.insert(r->certificate.what);
  if (auto r = std::get_if<checkpoint_record>(&record)) checkpoints.insert({r->sequence, r->state});
  if (auto r = std::get_if<view_change_record>(&record)) {
    if (auto statement = r->statement.peek()) view_changes.insert(statement->view);
  }
}

void ring_watch::appended(seat_index seat, std::uint64_t ticket, const log_record& record) {
  auto& s = seats_[seat];
  if (s.lies) return;
  s.under_way.emplace_back(ticket, record);
  auto prepared = std::get_if<prepared_record>(&record);
  if (!prepared) return;
  const auto& what = prepared->certificate.what;
  std::set<seat_index> supporters{static_cast<seat_index>(what.view % world_.size())};
  for (const auto& vote : prepared->certificate.prepares) supporters.insert(vote.seat);
  if (supporters.size() < world_.fixture.ring().quorum()) {
    violation(seat, "prepared " + codec::print(what) + " with " + std::to_string(supporters.size()) + " seats");
  }
}

void ring_watch::durable(seat_index seat, std::uint64_t ticket) {
  auto& s = seats_[seat];
  for (; !s.under_way.empty() && s.under_way.front().first <= ticket; s.under_way.pop_front()) s.facts.add(s.under_way.front().second);
}

void ring_watch::started(seat_index seat, const std::vector<log_record>& log) {
  if (seats_[seat].lies) return;
  for (const auto& record : log) seats_[seat].facts.add(record);
}

void ring_watch::stopped(seat_index seat) {
  seats_[seat].facts = {};
  seats_[seat].under_way.clear();
}

void ring_watch::sent(seat_index seat, const message& m) {
  auto& s = seats_[seat];
  if (s.lies) return;
  bool alone = world_.fixture.ring().quorum() == 1;  // nothing is prepared there: the proposal on disk is the certificate
  if (auto v = std::get_if<pre_prepare>(&m)) vote(seat, vote_kind::prepare, v->what, s.facts.accepted);
  if (auto v = std::get_if<prepare>(&m)) vote(seat, vote_kind::prepare, v->what, s.facts.accepted);
  if (auto v = std::get_if<commit>(&m); v && !alone) vote(seat, vote_kind::commit, v->what, s.facts.prepared);
  if (auto v = std::get_if<checkpoint>(&m); v && !s.facts.checkpoints.contains({v->sequence, v->state})) {
    violation(seat, "sent a checkpoint that is not on its disk: " + codec::print(*v));
  }
  if (auto v = std::get_if<view_change>(&m)) {
    auto statement = v->statement.peek();
    if (statement && statement->seat == seat && !s.facts.view_changes.contains(statement->view)) {
      violation(seat, "sent a view change that is not on its disk, for view " + std::to_string(statement->view));
    }
  }
}

void ring_watch::vote(seat_index seat, vote_kind kind, const ballot& what, const std::set<ballot>& on_disk) {
  if (!on_disk.contains(what)) violation(seat, "voted for what is not on its disk: " + codec::print(what));
  if (seats_[seat].may_vote_twice) return;
  auto [earlier, first] = seats_[seat].votes.emplace(std::tuple{kind, what.view, what.sequence}, what.batch);
  if (!first && earlier->second != what.batch) violation(seat, "voted twice: " + codec::print(what) + " and " + earlier->second.brief());
}

void ring_watch::executed(seat_index seat, const delivery& d, const digest& root, const std::vector<operation_outcome>& results) {
  world_.log.event(world_.events.now(), seat, "executed", root.view(), [&] {
    return std::to_string(d.sequence) + ": " + std::to_string(d.content->requests.size()) + " requests, state " + root.brief();
  });
  auto content = digest_of(*d.content);
  auto [known, first] = order_.emplace(d.sequence, ordered{content, d.time, root, seat});
  if (known->second.batch != content) {
    violation(seat, "executed another batch at " + std::to_string(d.sequence) + " than seat " + std::to_string(known->second.by));
  } else if (known->second.time != d.time || known->second.root != root) {
    violation(seat, "has another time or state at " + std::to_string(d.sequence) + " than seat " + std::to_string(known->second.by));
  }
  if (!first) return;
  if (known != order_.begin() && std::prev(known)->second.time > d.time) violation(seat, "agreed time went back at " + std::to_string(d.sequence));
  for (std::size_t i = 0; i < results.size(); ++i) executed_once(seat, d.content->requests[i], results[i]);
}

/// An operation's result never changes once it has one: ordered again, it is not executed again.
void ring_watch::executed_once(seat_index seat, const bytes& operation, const operation_outcome& result) {
  if (!asked_.contains(operation)) violation(seat, "executed what no client asked for");
  if (!result) return violation(seat, "has no result of what it executed");
  auto [earlier, first] = results_.emplace(operation, *result);
  if (!first && earlier->second != *result) {
    violation(seat, "executed an operation twice: " + codec::print(earlier->second) + " and " + codec::print(*result));
  }
  if (first && result->status == ring::update_status::committed) contents_[{result->object, result->version}] = content_of(operation);
}

std::string ring_watch::content_of_version(const aguid& object, std::uint64_t version) const {
  auto found = contents_.find({object, version});
  return found == contents_.end() ? std::string() : found->second;
}

void ring_watch::happened(seat_index seat, const event& e) {
  ++world_.report.counts[std::string(to_string(e.kind))];
  world_.log.event(world_.events.now(), seat, to_string(e.kind), as_bytes_view(e.text), [&] {
    return "view " + std::to_string(e.view) + ", sequence " + std::to_string(e.sequence) + (e.seat ? ", seat " + std::to_string(*e.seat) : "") +
           ' ' + e.text;
  });
  if (e.kind == event_kind::diverged && !seats_[seat].lies) violation(seat, "diverged: " + e.text);
}

void ring_watch::violation(seat_index seat, const std::string& sentence) {
  auto line = std::to_string(world_.events.now().time_since_epoch().count() / 1000) + " ms: seat " + std::to_string(seat) + ' ' + sentence;
  world_.log.event(world_.events.now(), seat, "VIOLATION", sentence);
  world_.report.violation(std::move(line));
}

}  // namespace holdfast::simulation

#include "protocols/ring/ring_client.hpp"

#include <algorithm>

#include "protocols/base/plant.hpp"

namespace holdfast::ring {

namespace {

/// Said for now only: the same member may answer the same question later.
bool is_passing(const failure_reply& refusal) {
  return refusal.code == static_cast<std::uint16_t>(errc::unavailable) || refusal.code == static_cast<std::uint16_t>(errc::over_limit);
}

error error_of(const failure_reply& refusal) { return {static_cast<errc>(refusal.code), refusal.sentence}; }

void cover(service_body& what, std::uint64_t at_least) {
  if (auto* records = std::get_if<records_request>(&what)) records->at_least = at_least;
  if (auto* content = std::get_if<inline_request>(&what)) content->at_least = at_least;
}

}  // namespace

ring_client::ring_client(cluster_id cluster, identity::ring_description ring, client_limits limits)
    : verifier_(cluster, std::move(ring)), limits_(limits) {}

// -- calls ----------------------------------------------------------------------------------------------------------

ring_client::call_id ring_client::open(call c) {
  auto id = next_call_++;
  calls_.emplace(id, std::move(c));
  return id;
}

ring_client::seat_index ring_client::seat_for(const page_request& page, instant now) {
  auto [list, fresh] = lists_.try_emplace(page.map, list_reading{favourite_, now});
  auto& reading = list->second;
  if (!fresh && (page.from == map_key{} || now - reading.since > limits_.list_patience)) {
    reading = {static_cast<seat_index>((reading.from + 1) % ring().size()), now};
  }
  return reading.from;
}

std::pair<ring_client::call_id, ring_client::step> ring_client::submit(instant now, submission what) {
  step out;
  call c;
  c.at = phase::submitting;
  c.body = submit_request{std::move(what.operation)};
  c.shows = std::move(what.shows);
  c.began = c.stage_began = now;
  auto id = open(std::move(c));
  send_to(id, calls_.at(id), primary(), now, out);
  return {id, std::move(out)};
}

std::pair<ring_client::call_id, ring_client::step> ring_client::read(instant now, place where, freshness how) {
  step out;
  call c;
  c.expected = where;
  c.body = entry_request{where, highest_seen_};
  c.at_least = highest_seen_;
  c.began = c.stage_began = now;
  c.at = how == freshness::linearizable ? phase::marking : phase::reading;
  auto id = open(std::move(c));
  auto& opened = calls_.at(id);
  if (how == freshness::linearizable) {
    send_to_all(id, opened, now, out);
  } else {
    send_to_next(id, opened, now, out);
  }
  return {id, std::move(out)};
}

std::pair<ring_client::call_id, ring_client::step> ring_client::ask(instant now, service_body what, validator valid) {
  step out;
  call c;
  c.at = phase::asking;
  c.body = std::move(what);
  cover(c.body, highest_seen_);
  if (auto* page = std::get_if<page_request>(&c.body)) c.first = seat_for(*page, now);
  c.valid = std::move(valid);
  c.began = c.stage_began = now;
  auto id = open(std::move(c));
  send_to_next(id, calls_.at(id), now, out);
  return {id, std::move(out)};
}

// -- sending --------------------------------------------------------------------------------------------------------

void ring_client::send_to(call_id id, call& c, seat_index seat, instant now, step& out) {
  auto request = next_request_++;
  requests_[request] = {id, seat};
  c.requests.push_back(request);
  c.tried.insert(seat);
  c.last_sent = now;
  c.was_sent = true;
  out.sends.push_back({request, seat, c.at == phase::marking ? service_body(mark_request{}) : c.body});
}

void ring_client::send_to_all(call_id id, call& c, instant now, step& out) {
  c.to_all = true;
  for (seat_index seat = 0; seat < ring().size(); ++seat) send_to(id, c, seat, now, out);
}

void ring_client::send_to_next(call_id id, call& c, instant now, step& out) {
  if (c.tried.size() >= ring().size()) c.tried.clear();
  for (std::size_t k = 0; k < ring().size(); ++k) {
    auto seat = static_cast<seat_index>((c.first.value_or(favourite_) + k) % ring().size());
    if (c.tried.contains(seat)) continue;
    send_to(id, c, seat, now, out);
    return;
  }
}

/// A full round is not followed by another at once: the next tick begins it.
void ring_client::try_another(call_id id, call& c, instant now, step& out) {
  if (c.tried.size() < ring().size()) send_to_next(id, c, now, out);
}

/// What every acknowledged operation is covered by. Of the quorum that prepared one, all but b are honest, and the marks of at most as many
/// as have not answered are missing: so with every answer more, one more of the highest marks may be a lie and is passed over.
std::uint64_t ring_client::covering_mark(const call& c) const {
  std::vector<std::uint64_t> marks;
  for (const auto& [seat, mark] : c.marks) marks.push_back(mark);
  std::sort(marks.rbegin(), marks.rend());
  std::size_t lies_max = identity::bounds_for(ring().size())->byzantine_max, missing = ring().size() - marks.size();
  std::size_t quorum = ring().quorum(), passed_over = quorum - std::min(quorum, lies_max + missing + 1);
  return marks.at(std::min(passed_over, marks.size() - 1));
}

void ring_client::start_reading(call_id id, call& c, instant now, step& out) {
  c.at_least = std::max(c.at_least, covering_mark(c));
  c.at = phase::reading;
  c.body = entry_request{*c.expected, c.at_least};
  c.stage_began = now;
  c.tried.clear();
  send_to_next(id, c, now, out);
}

void ring_client::finish(call_id id, result<service_reply> what, step& out) {
  auto at = calls_.find(id);
  for (auto request : at->second.requests) requests_.erase(request);
  calls_.erase(at);
  out.completions.push_back({id, std::move(what)});
}

// -- replies --------------------------------------------------------------------------------------------------------

bool ring_client::proves(const call& c, const entry_reply& reply) {
  if (c.expected && reply.where != *c.expected) return false;
  auto root = verifier_.verify(reply.entry, reply.where);
  if (!root || root->sequence < c.at_least) return false;
  highest_seen_ = std::max(highest_seen_, root->sequence);
  return c.at != phase::submitting || (reply.entry.value && c.shows(reply.where, *reply.entry.value));
}

void ring_client::on_entry(call_id id, call& c, service_reply reply, instant now, step& out) {
  auto& entry = std::get<entry_reply>(reply);
  if (c.at != phase::submitting && c.at != phase::reading) return;
  if (!proves(c, entry)) {
    if (c.at == phase::reading) {
      try_another(id, c, now, out);
    } else if (!c.to_all) {
      send_to_all(id, c, now, out);
    }
    return;
  }
  // A view is a hint: a lie costs one detour, and the next honest reply mends it.
  if (c.at == phase::submitting) view_ = entry.view;
  finish(id, std::move(reply), out);
}

void ring_client::on_refusal(call_id id, call& c, seat_index from, failure_reply refusal, instant now, step& out) {
  if (c.at == phase::asking || c.at == phase::reading) {
    if (!is_passing(refusal)) c.refusals[from] = std::move(refusal);
    if (c.refusals.size() == ring().size()) {
      finish(id, fail(error_of(c.refusals.rbegin()->second)), out);
    } else {
      try_another(id, c, now, out);
    }
    return;
  }
  if (c.at == phase::submitting && refusal.code == static_cast<std::uint16_t>(errc::unavailable)) {
    // It may have been ordered by another's hand all the same: no refusal of the operation.
    c.missed_reply = true;
    if (!c.to_all) send_to_all(id, c, now, out);
    return;
  }
  if (c.at == phase::marking && refusal.code != static_cast<std::uint16_t>(errc::damaged)) return;  // asked again; but what is lost is lost
  if (refusal.code == static_cast<std::uint16_t>(errc::over_limit) && now - c.began < limits_.deadline / 2) return;  // asked again later
  c.refusals[from] = refusal;
  std::size_t same = 0;
  for (const auto& [seat, other] : c.refusals) same += other.code == refusal.code;
  if (same >= ring().weak_quorum()) {
    // Of an operation that was sent before and not answered these two say nothing.
    bool forgotten = c.missed_reply && refusal.code == static_cast<std::uint16_t>(errc::too_old);
    bool crowded = c.missed_reply && refusal.code == static_cast<std::uint16_t>(errc::over_limit);
    auto why = forgotten ? error(errc::outcome_unknown, "the ring has forgotten whether it executed the operation")
               : crowded ? error(errc::outcome_unknown, "the ring has too much to do to say whether it took the operation")
                         : error_of(refusal);
    finish(id, fail(std::move(why)), out);
  } else if (!c.to_all) {
    send_to_all(id, c, now, out);
  }
}

ring_client::step ring_client::on_reply(instant now, std::uint64_t request, service_reply reply) {
  step out;
  auto at = requests_.find(request);
  if (at == requests_.end()) return out;
  auto [id, seat] = at->second;
  requests_.erase(at);
  auto& c = calls_.at(id);
  std::erase(c.requests, request);
  if (auto* refusal = std::get_if<failure_reply>(&reply)) {
    on_refusal(id, c, seat, std::move(*refusal), now, out);
  } else if (auto* mark = std::get_if<mark_reply>(&reply)) {
    if (c.at != phase::marking) return out;
    if (c.marks.empty()) favourite_ = seat;
    c.marks[seat] = mark->prepared;
    bool enough = c.marks.size() >= ring().quorum() && !c.marked_before;
    if (enough || c.marks.size() == ring().size() || planted(planted_bug::read_without_quorum)) start_reading(id, c, now, out);
  } else if (c.at == phase::asking) {
    if (c.valid(reply)) {
      if (!c.first) favourite_ = seat;
      finish(id, std::move(reply), out);
    } else {
      on_refusal(id, c, seat, {static_cast<std::uint16_t>(errc::not_found), "no member of the ring has what was asked for"}, now, out);
    }
  } else if (std::holds_alternative<entry_reply>(reply)) {
    on_entry(id, c, std::move(reply), now, out);
  }
  return out;
}

ring_client::step ring_client::on_unreachable(instant now, std::uint64_t request) {
  step out;
  auto at = requests_.find(request);
  if (at == requests_.end()) return out;
  auto [id, seat] = at->second;
  requests_.erase(at);
  auto& c = calls_.at(id);
  std::erase(c.requests, request);
  if (favourite_ == seat) favourite_ = static_cast<seat_index>((seat + 1) % ring().size());
  c.missed_reply = true;
  if (c.at == phase::submitting && !c.to_all) {
    send_to_all(id, c, now, out);
  } else if (c.at == phase::reading || c.at == phase::asking) {
    try_another(id, c, now, out);
  }
  return out;
}

ring_client::step ring_client::on_tick(instant now) {
  step out;
  std::vector<call_id> over, refused;
  for (auto& [id, c] : calls_) {
    if (now - c.began >= limits_.deadline) {
      over.push_back(id);
    } else if (c.at == phase::submitting) {
      auto patience = c.to_all ? limits_.retry_interval : limits_.primary_patience;
      if (now - c.last_sent >= patience) {
        c.refusals.clear();
        c.missed_reply = c.missed_reply || !c.requests.empty();
        send_to_all(id, c, now, out);
      }
    } else if (c.at == phase::marking) {
      if (c.marks.size() >= ring().quorum() && now - c.stage_began >= limits_.hedge_patience) {
        start_reading(id, c, now, out);
      } else if (now - c.last_sent >= limits_.retry_interval) {
        send_to_all(id, c, now, out);
      }
    } else if (c.at == phase::reading && c.marks.size() >= ring().quorum() && now - c.stage_began >= limits_.retry_interval) {
      // What one member had prepared may have been given up in a view change, or was never true: learn anew what must be covered, and
      // from as many as answer.
      c.at = phase::marking;
      c.marked_before = true;
      c.stage_began = now;
      c.marks.clear();
      c.at_least = highest_seen_;
      send_to_all(id, c, now, out);
    } else if (now - c.last_sent >= limits_.hedge_patience) {
      bool everybody_asked = c.tried.size() >= ring().size();
      if (everybody_asked && c.refusals.size() >= ring().quorum()) {
        refused.push_back(id);
      } else {
        send_to_next(id, c, now, out);
      }
    }
  }
  for (auto id : refused) finish(id, fail(error_of(calls_.at(id).refusals.rbegin()->second)), out);
  for (auto id : over) {
    auto& c = calls_.at(id);
    bool unknown = c.at == phase::submitting && c.was_sent;
    auto after = " within " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(limits_.deadline).count()) + " s";
    finish(id,
           unknown
               ? result<service_reply>(fail(errc::outcome_unknown, "the ring did not confirm the operation" + after + "; it may still take effect"))
               : result<service_reply>(fail(errc::unavailable, "too few members of the ring answered" + after)),
           out);
  }
  return out;
}

}  // namespace holdfast::ring

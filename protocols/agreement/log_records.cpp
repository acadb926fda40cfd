#include "protocols/agreement/log_records.hpp"

namespace holdfast::agreement {

const batch* body_in(const log_record& record) {
  if (auto* a = std::get_if<accepted_record>(&record)) return a->body ? a->body->get() : nullptr;
  if (auto* f = std::get_if<fetched_record>(&record)) return f->body.get();
  return nullptr;
}

void log_index::note(std::uint64_t sequence, const digest& d, std::uint64_t position) {
  if (sequence < committed_.size() && committed_[sequence] != 0) return;
  uncommitted_.try_emplace({sequence, d}, position);
}

void log_index::add(std::uint64_t position, const log_record& record) {
  if (auto* a = std::get_if<accepted_record>(&record); a && a->body) note(a->what.sequence, a->what.batch, position);
  if (auto* f = std::get_if<fetched_record>(&record)) note(f->sequence, digest_of(*f->body), position);
  if (auto* c = std::get_if<committed_record>(&record)) {
    auto found = uncommitted_.find({c->what.sequence, c->what.batch});
    if (found == uncommitted_.end()) return;
    if (committed_.size() <= c->what.sequence) committed_.resize(c->what.sequence + 1, 0);
    committed_[c->what.sequence] = found->second + 1;
    uncommitted_.erase(uncommitted_.lower_bound({c->what.sequence, digest{}}), uncommitted_.lower_bound({c->what.sequence + 1, digest{}}));
  }
}

std::optional<std::uint64_t> log_index::find(std::uint64_t sequence) const {
  if (sequence >= committed_.size() || committed_[sequence] == 0) return std::nullopt;
  return committed_[sequence] - 1;
}

void log_replay::commit(std::uint64_t sequence, const digest& d) {
  if (sequence > state_.stable.sequence) state_.slots[sequence].committed = d;
  // What a catch-up brought is under no vote of this seat: it stays in the log alone, however long the catch-up was.
  for (auto at = state_.slots.find(state_.committed + 1); at != state_.slots.end() && at->first == state_.committed + 1 && at->second.committed;) {
    ++state_.committed;
    bool voted = at->second.accepted || at->second.prepared;
    at = voted ? std::next(at) : state_.slots.erase(at);
  }
}

void log_replay::add(const log_record& record) {
  auto& s = state_;
  if (auto* b = std::get_if<boot_record>(&record)) {
    s.boot = std::max(s.boot, b->boot.count);
  } else if (auto* p = std::get_if<peer_boot_record>(&record)) {
    s.peer_boots[p->seat] = std::max(s.peer_boots[p->seat], p->boot);
  } else if (auto* a = std::get_if<accepted_record>(&record)) {
    if (a->what.sequence <= s.stable.sequence) return;
    auto& slot = s.slots[a->what.sequence];
    slot.accepted = a->what;
    slot.proposal = a->proposal;
    if (a->body) slot.bodies[a->what.batch] = *a->body;
  } else if (auto* c = std::get_if<prepared_record>(&record)) {
    if (c->certificate.what.sequence > s.stable.sequence) s.slots[c->certificate.what.sequence].prepared = c->certificate;
  } else if (auto* d = std::get_if<committed_record>(&record)) {
    commit(d->what.sequence, d->what.batch);
  } else if (auto* f = std::get_if<fetched_record>(&record)) {
    if (f->sequence > s.stable.sequence) s.slots[f->sequence].bodies[digest_of(*f->body)] = f->body;
  } else if (auto* v = std::get_if<view_change_record>(&record)) {
    s.view_change = v->statement;
  } else if (auto* n = std::get_if<view_entered_record>(&record)) {
    s.new_view = n->statement;
  } else if (auto* k = std::get_if<checkpoint_record>(&record)) {
    s.checkpoint = *k;
  } else if (auto* t = std::get_if<stable_record>(&record)) {
    s.stable = t->certificate;
    s.committed = std::max(s.committed, s.stable.sequence);
    s.slots.erase(s.slots.begin(), s.slots.upper_bound(s.stable.sequence));
  } else if (auto* m = std::get_if<amnesia_record>(&record)) {
    s.amnesiac = !m->ended;
    s.silent_through = m->silent_through;
  }
}

recovered recover(const std::vector<log_record>& records) {
  log_replay replay;
  for (const auto& r : records) replay.add(r);
  return replay.take();
}

}  // namespace holdfast::agreement

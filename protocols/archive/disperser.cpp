#include "protocols/archive/disperser.hpp"

#include <cassert>

namespace holdfast::archive {

namespace {

// A link that breaks again and again is no better than a dead server.
constexpr std::uint8_t reopenings_max = 3;
constexpr duration rest_after_refusal = std::chrono::milliseconds(200);  // of a server that is busy or starting
constexpr int paces_to_stall = 4;  // of the others: how much longer than they a server may take

}  // namespace

disperser::disperser(disperser_config config, const identity::directory& directory)
    : config_(std::move(config)), directory_(directory), extent_(id_of(config_.origin)), requests_(config_.request_base) {
  assert(valid(config_.code));
}

disperser_step disperser::start(clock_reading at) {
  at_ = at;
  last_progress_ = at.now;
  for (std::uint8_t index = 0; index < config_.code.n; ++index) {
    slot s;
    s.index = index;
    if (next_spare_ < config_.order.size()) {
      s.server = config_.order[next_spare_++];
    } else {
      s.at = phase::lost;
    }
    slots_.push_back(std::move(s));
  }
  for (auto& s : slots_) {
    if (s.live()) open(s);
  }
  conclude();
  return finish();
}

void disperser::open(slot& s, duration rest) {
  s.at = phase::opening;
  s.progress = at_.now;
  s.sent = 0;
  s.sent_bytes = 0;
  for (auto& f : s.queue) f.kept = false;  // the server says anew how far it got
  touched_.insert(s.server);
  s.request = 0;
  s.open_at = at_.now + rest;
  if (rest == duration::zero()) ask_to_open(s);
}

void disperser::ask_to_open(slot& s) {
  s.open_at.reset();
  s.request = ++requests_;
  request(s.server, s.request,
          open_extent{config_.ring, config_.origin, config_.code, s.index, directory_.version, config_.bytes_expected});
}

bool disperser::wants_more() const {
  return !closed_ && !outcome_ && std::all_of(slots_.begin(), slots_.end(), [&](const slot& s) {
    return !s.live() || s.queued_bytes < config_.queue_bytes;
  });
}

bool disperser::has_room_for(std::uint32_t ciphertext_bytes) const {
  return entries_.size() < extent_blocks_max && bytes_ + ciphertext_bytes <= std::min(config_.bytes_expected, extent_bytes_max);
}

disperser_step disperser::add(clock_reading at, coded_block block) {
  assert(!closed_ && has_room_for(block.entry.length) && block.fragments.size() == config_.code.n);
  at_ = at;
  auto ordinal = static_cast<std::uint32_t>(entries_.size());
  entries_.push_back(block.entry);
  bytes_ += block.entry.length;
  for (auto& s : slots_) {
    if (!s.live() || ordinal < s.acknowledged) continue;
    auto& f = block.fragments[s.index];
    s.queued_bytes += f.data.size();
    s.queue.push_back({ordinal, {block.entry, std::move(f.path)}, std::move(f.data)});
    pump(s);
  }
  return finish();
}

disperser_step disperser::close(clock_reading at) {
  assert(!closed_ && !entries_.empty());
  at_ = at;
  closed_ = true;
  list_ = list_hash(entries_);
  for (auto& s : slots_) pump(s);
  conclude();
  return finish();
}

// Sends as much as the window lets through, and the seal behind the last fragment.
void disperser::pump(slot& s) {
  if (s.at != phase::streaming || outcome_) return;
  if (!s.busy()) s.progress = at_.now;
  while (s.sent < s.queue.size()) {
    const auto& f = s.queue[s.sent];
    if (s.sent > 0 && s.sent_bytes + f.data.size() > config_.window_bytes) return;
    ++s.sent;
    s.sent_bytes += f.data.size();
    send_fragment(s, f);
  }
  if (closed_ && s.queue.empty()) {
    s.at = phase::sealing;
    s.request = ++requests_;
    s.progress = at_.now;
    request(s.server, s.request, seal_extent{extent_, list_, static_cast<std::uint32_t>(entries_.size()), bytes_});
  }
}

void disperser::send_fragment(slot& s, const queued_fragment& f) {
  const auto id = ++requests_;  // shared by the pieces: the answer is to the fragment
  const bytes_view all = f.data;
  for (std::size_t offset = 0; offset < all.size(); offset += piece_bytes_max) {
    put_piece piece{extent_, f.ordinal, static_cast<std::uint32_t>(offset), std::nullopt, {}};
    if (offset == 0) piece.header = f.header;
    piece.data = to_bytes(all.subspan(offset, std::min<std::size_t>(piece_bytes_max, all.size() - offset)));
    request(s.server, id, std::move(piece));
  }
}

disperser_step disperser::on_reply(clock_reading at, const node_id& from, const service_reply& reply) {
  at_ = at;
  auto s = std::find_if(slots_.begin(), slots_.end(), [&](const slot& x) { return x.live() && x.server == from; });
  if (s == slots_.end() || outcome_) return finish();
  if (auto* progress = std::get_if<extent_progress>(&reply.body)) {
    if (s->at == phase::opening && reply.id == s->request && progress->extent == extent_) replied(*s, *progress);
  } else if (auto* kept = std::get_if<fragment_kept>(&reply.body)) {
    if (s->at == phase::streaming && kept->extent == extent_) replied(*s, *kept);
  } else if (auto* sealed = std::get_if<extent_sealed>(&reply.body)) {
    if (s->at == phase::sealing && reply.id == s->request) replied(*s, *sealed);
  } else if (auto* refused = std::get_if<refusal>(&reply.body)) {
    if (s->at != phase::sealed) replied(*s, reply.id, *refused);
  }
  conclude();
  return finish();
}

void disperser::replied(slot& s, const extent_progress& progress) {
  auto blocks = progress.sealed ? extent_blocks_max : progress.blocks;
  if (blocks < s.acknowledged) {
    return fail_slot(s, error(errc::unavailable, "the server lost what it had acknowledged; it was started anew"));
  }
  s.at = phase::streaming;
  acknowledge(s, blocks);
}

/// Answers may overtake each other: one that comes early is remembered.
void disperser::replied(slot& s, const fragment_kept& kept) {
  if (s.sent == 0 || kept.ordinal < s.queue.front().ordinal || kept.ordinal - s.queue.front().ordinal >= s.sent) return;
  auto& said = s.queue[kept.ordinal - s.queue.front().ordinal].kept;
  if (std::exchange(said, true)) return;  // said again it is no sign of life: or a liar could hold the writer up for ever
  s.pace = std::max(at_.now - s.progress, s.pace - s.pace / 4);  // acknowledgements come in clumps: it is the long waits that tell
  auto missing = std::find_if(s.queue.begin(), s.queue.end(), [](const queued_fragment& f) { return !f.kept; });
  acknowledge(s, missing == s.queue.end() ? s.queue.back().ordinal + 1 : missing->ordinal);
}

void disperser::acknowledge(slot& s, std::uint32_t blocks) {
  s.acknowledged = std::max(s.acknowledged, blocks);  // none more, for an answer ahead of others: a sign of life
  s.progress = last_progress_ = at_.now;
  while (!s.queue.empty() && s.queue.front().ordinal < s.acknowledged) {
    auto size = s.queue.front().data.size();
    s.queued_bytes -= size;
    if (s.sent > 0) {
      --s.sent;
      s.sent_bytes -= size;
    }
    s.queue.pop_front();
  }
  pump(s);
}

void disperser::replied(slot& s, const extent_sealed& sealed) {
  auto r = open_receipt(sealed.receipt, directory_);
  if (!r) return fail_slot(s, r.error());
  if (!receipt_is_right(s, *r)) return fail_slot(s, error(errc::bad_signature, "its receipt speaks of something else"));
  s.at = phase::sealed;
  last_progress_ = at_.now;
  receipts_.push_back(sealed.receipt);
  sealed_by_.push_back(s.server);
  touched_.erase(s.server);
}

/// A server that is busy or starting is asked again. What was sent on is sent anew from where the server then says it is.
void disperser::replied(slot& s, std::uint64_t id, const refusal& why) {
  if (s.at == phase::opening && id != s.request) return;  // of a fragment sent before
  bool passes = why.code == errc::unavailable;
  if (passes && s.at == phase::opening) {
    s.open_at = at_.now + rest_after_refusal;
  } else if (passes && s.reopened < reopenings_max) {
    ++s.reopened;
    open(s, rest_after_refusal);
  } else {
    fail_slot(s, error(why.code, why.sentence));
  }
}

bool disperser::receipt_is_right(const slot& s, const receipt& r) const {
  return r.server == s.server && r.ring == config_.ring && r.extent == extent_ && r.list == list_ && r.blocks == entries_.size() &&
         r.bytes == bytes_ && r.index == s.index && r.code == config_.code && r.expires > at_.wall;
}

// Nothing acknowledged: all is still queued, and a spare may take the slot. Else the slot is given up.
void disperser::fail_slot(slot& s, const error& why) {
  auto entry = directory_.nodes.find(s.server);
  last_trouble_ = why.within(entry == directory_.nodes.end() ? s.server.brief() : entry->second.name);
  ++failures_;
  if (why.is(errc::over_limit)) ++full_;
  slot_event event{s.index, s.server, std::nullopt, why};
  if (s.acknowledged == 0 && next_spare_ < config_.order.size()) {
    s.server = config_.order[next_spare_++];
    s.reopened = 0;
    s.pace = {};
    event.replaced_by = s.server;
    open(s);
  } else {
    s.at = phase::lost;
    s.queue = {};
    s.sent = 0;
    s.queued_bytes = s.sent_bytes = 0;
  }
  step_.events.push_back(std::move(event));
}

disperser_step disperser::on_peer_lost(clock_reading at, const node_id& peer) {
  at_ = at;
  for (auto& s : slots_) {
    if (!s.live() || s.at == phase::sealed || s.server != peer || outcome_) continue;
    bool idle = !s.busy();  // links close that nothing is sent on
    if (idle || (s.acknowledged > 0 && s.reopened < reopenings_max)) {
      if (!idle) ++s.reopened;
      open(s);
    } else {
      fail_slot(s, error(errc::unavailable, "the link to it is down"));
    }
  }
  conclude();
  return finish();
}

disperser_step disperser::on_timer(clock_reading at) {
  at_ = at;
  for (auto& s : slots_) {
    if (outcome_ || !s.live() || s.at == phase::sealed || !s.busy()) continue;
    if (s.open_at && at.now >= *s.open_at) ask_to_open(s);
    auto silent = at.now - s.progress;
    bool spare_left = s.acknowledged == 0 && next_spare_ < config_.order.size();
    bool late = s.at == phase::opening && spare_left && silent > config_.open_timeout;
    // Others have been heard of since: it is this one that stands still. Not given up while it may yet be needed.
    bool dispensable = spare_left || live() > receipts_needed(config_.code, config_.margin);
    bool stalled = silent > patience_with(s) && last_progress_ > s.progress && dispensable;
    if (late || stalled) fail_slot(s, error(errc::unavailable, "no answer in time"));
  }
  conclude();
  return finish();
}

/// The servers share the writer's uplink: on a slow one, all are heard of rarely.
duration disperser::patience_with(const slot& s) const {
  std::vector<duration> others;
  for (const auto& other : slots_) {
    if (&other != &s && other.live() && other.pace > duration::zero()) others.push_back(other.pace);
  }
  if (others.empty()) return config_.stalled_after;
  auto median = others.begin() + static_cast<std::ptrdiff_t>((others.size() - 1) / 2);
  std::nth_element(others.begin(), median, others.end());
  return std::max(config_.stalled_after, paces_to_stall * *median);
}

void disperser::conclude() {
  if (outcome_) return;
  auto needed = receipts_needed(config_.code, config_.margin);
  if (receipts_.size() >= needed) {
    if (!enough_since_) enough_since_ = at_.now;
    if (receipts_.size() < live() && at_.now - *enough_since_ < config_.grace) return;
    extent_claim claim{directory_.version, config_.origin, config_.code, list_, static_cast<std::uint32_t>(entries_.size()), bytes_, receipts_};
    outcome_ = std::move(claim);
  } else if (live() < needed || standstill()) {
    auto why = "extent " + extent_.brief() + " reached " + std::to_string(live()) + " of the " + std::to_string(needed) +
               " archive servers it needs";
    if (last_trouble_) why += "; last trouble: " + last_trouble_->message();
    outcome_ = fail(full_ > 0 && full_ == failures_ ? errc::over_limit : errc::unavailable, why);
  } else {
    return;
  }
  for (auto& s : slots_) s.queue = {};
  for (auto& request : abandon_requests()) step_.requests.push_back(std::move(request));
}

std::vector<outgoing_request> disperser::settle_requests() const {
  std::vector<outgoing_request> requests;
  for (const auto& server : sealed_by_) requests.push_back({server, {0, settle{{extent_}}}});
  return requests;
}

std::vector<outgoing_request> disperser::abandon_requests() const {
  std::vector<outgoing_request> requests;
  for (const auto& server : touched_) requests.push_back({server, {0, abandon{extent_}}});
  return requests;
}

// Some server owes an answer, and none of those that do has been heard of for too long.
bool disperser::standstill() const {
  bool owing = false;
  for (const auto& s : slots_) {
    if (!s.live() || !s.busy()) continue;
    owing = true;
    if (at_.now - s.progress <= config_.give_up_after) return false;
  }
  return owing;
}

std::size_t disperser::live() const {
  return static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), [](const slot& s) { return s.live(); }));
}

std::uint64_t disperser::queued_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& s : slots_) sum += s.queued_bytes;
  return sum;
}

void disperser::request(const node_id& to, std::uint64_t id, request_body body) { step_.requests.push_back({to, {id, std::move(body)}}); }

disperser_step disperser::finish() { return std::exchange(step_, {}); }

}  // namespace holdfast::archive

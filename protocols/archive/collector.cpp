#include "protocols/archive/collector.hpp"

#include <cassert>

#include "protocols/base/plant.hpp"

namespace holdfast::archive {

namespace {

constexpr duration timeout_to_read = std::chrono::seconds(5);     // an answer later than this is taken for lost
constexpr duration timeout_to_examine = std::chrono::seconds(2);  // all servers are waited for, so a dead one should not cost much
constexpr duration rest_before_retry = std::chrono::milliseconds(200);
constexpr std::uint8_t attempts_to_read = 100;  // of one server; `give_up_after` ends it sooner
constexpr std::uint8_t attempts_to_examine = 2;
constexpr std::uint32_t decodings_max = 64;     // choices of fragments tried, where roots were dispersed falsely

}  // namespace

std::string_view to_string(fragment_fate f) {
  switch (f) {
    case fragment_fate::unasked: return "not asked";
    case fragment_fate::used: return "used";
    case fragment_fate::intact: return "intact";
    case fragment_fate::vacant: return "vacant";
    case fragment_fate::late: return "late";
    case fragment_fate::unreachable: return "unreachable";
    case fragment_fate::missing: return "missing";
    case fragment_fate::damaged: return "damaged";
    case fragment_fate::false_proof: return "false";
  }
  return "unknown";
}

std::string fetched_block::describe() const {
  std::string text;
  for (auto fate : {fragment_fate::vacant, fragment_fate::late, fragment_fate::unreachable, fragment_fate::missing, fragment_fate::damaged,
                    fragment_fate::false_proof}) {
    if (auto n = count(fate)) text += (text.empty() ? "" : ", ") + std::to_string(n) + " " + std::string(to_string(fate));
  }
  auto verb = ciphertext ? "decoded from " + std::to_string(count(fragment_fate::used)) : "not decoded";
  return verb + " of " + std::to_string(code.n) + (text.empty() ? "" : " (" + text + ")");
}

collector::collector(std::uint64_t request_base, duration give_up_after) : give_up_after_(give_up_after), last_request_(request_base) {}

collector_step collector::fetch(clock_reading at, std::uint64_t id, block_want want) {
  assert(wants_more() && !fetches_.contains(id));
  at_ = at;
  fetch_state f;
  f.begun = at.now;
  f.slots.resize(want.slots.size());
  for (std::size_t i = 0; i < want.slots.size(); ++i) {
    if (want.slots[i]) continue;
    f.slots[i].at = phase::failed;
    f.slots[i].fate = fragment_fate::vacant;
  }
  f.want = std::move(want);
  auto placed = fetches_.emplace(id, std::move(f)).first;
  const auto& w = placed->second.want;
  if (!valid(w.code) || w.slots.size() != w.code.n || w.length == 0 || w.length > block_bytes_max) {
    conclude(placed, fail(errc::malformed, "a block with a coding, slots or length out of range"), {});
  } else {
    advance(placed);
  }
  return finish();
}

void collector::cancel(std::uint64_t id) {
  auto f = fetches_.find(id);
  if (f == fetches_.end()) return;
  conclude(f, fail(errc::unavailable, "cancelled"), {});
  step_.fetched.clear();
}

collector_step collector::on_reply(clock_reading at, const node_id& from, const service_reply& reply) {
  at_ = at;
  auto asked = requests_.find(reply.id);
  if (asked == requests_.end() || asked->second.server != from) return finish();
  auto [id, slot, server] = asked->second;
  if (auto* piece = std::get_if<fragment_piece>(&reply.body)) {
    piece_arrived(id, slot, *piece);
  } else if (auto* why = std::get_if<refusal>(&reply.body)) {
    refused(fetches_.at(id), slot, *why);
  } else {
    unanswered(fetches_.at(id), slot, fragment_fate::false_proof);
  }
  if (auto f = fetches_.find(id); f != fetches_.end()) advance(f);
  return finish();
}

void collector::piece_arrived(std::uint64_t id, std::size_t slot, const fragment_piece& piece) {
  auto& f = fetches_.at(id);
  auto& s = f.slots[slot];
  const auto size = fragment_bytes(f.want.code, f.want.length);
  if (piece.offset == 0) {
    s.header = piece.header;
    s.data.clear();
    s.data.reserve(size);
  }
  if (piece.offset > s.data.size()) return lost(f, slot);  // what came before was dropped on the way: no lie
  bool fits = s.header && piece.index == slot && piece.offset == s.data.size() && !piece.data.empty() && piece.offset + piece.data.size() <= size;
  if (fits) append(s.data, piece.data);
  if (!fits || (piece.last && s.data.size() != size)) return unanswered(f, slot, fragment_fate::false_proof);
  if (!piece.last) return;

  const auto& entry = s.header->entry;
  bool ours = entry.block == f.want.block && entry.length == f.want.length && (!f.want.fragment_root || entry.fragment_root == *f.want.fragment_root);
  bool proven = ours && verify_fragment(*s.header, f.want.code, static_cast<std::uint8_t>(slot), s.data);
  if (!proven && !planted(planted_bug::skipped_hash_check)) return unanswered(f, slot, fragment_fate::false_proof);
  latency_.answered(*f.want.slots[slot], at_.now - s.since);
  requests_.erase(s.request);
  s.at = phase::arrived;
  s.fate = fragment_fate::intact;
  if (f.want.every_fragment) return;
  std::vector<std::size_t> used;
  if (auto block = try_decode(f, slot, used)) conclude(fetches_.find(id), std::move(*block), used);
}

void collector::refused(fetch_state& f, std::size_t slot, const refusal& why) {
  if (why.code == errc::unavailable) return lost(f, slot);  // busy: alive, and asked again after a rest
  unanswered(f, slot, why.code == errc::damaged ? fragment_fate::damaged : fragment_fate::missing);
}

// The slot will not give its fragment.
void collector::unanswered(fetch_state& f, std::size_t slot, fragment_fate fate) {
  auto& s = f.slots[slot];
  requests_.erase(s.request);
  latency_.forgotten(*f.want.slots[slot]);
  s.at = phase::failed;
  s.fate = fate;
  s.data = {};
}

// The slot did not answer this time.
void collector::lost(fetch_state& f, std::size_t slot) {
  auto& s = f.slots[slot];
  requests_.erase(s.request);
  latency_.failed(*f.want.slots[slot], at_.now);
  s.at = s.attempts < (f.want.every_fragment ? attempts_to_examine : attempts_to_read) ? phase::resting : phase::failed;
  s.fate = fragment_fate::unreachable;
  s.since = at_.now;
  s.data = {};
}

collector_step collector::on_peer_lost(clock_reading at, const node_id& peer) {
  at_ = at;
  std::vector<asked_slot> gone;
  for (const auto& [request, asked] : requests_) {
    if (asked.server == peer) gone.push_back(asked);
  }
  for (const auto& asked : gone) lost(fetches_.at(asked.fetch), asked.slot);
  for (const auto& asked : gone) {
    if (auto f = fetches_.find(asked.fetch); f != fetches_.end()) advance(f);
  }
  return finish();
}

collector_step collector::on_timer(clock_reading at) {
  at_ = at;
  for (auto f = fetches_.begin(); f != fetches_.end();) {
    auto here = f++;  // advancing may end it
    auto timeout = here->second.want.every_fragment ? timeout_to_examine : timeout_to_read;
    auto& [want, slots, begun, decodings] = here->second;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      auto& s = slots[i];
      auto waited = at.now - s.since;
      if (s.at == phase::asked && waited > timeout) {
        lost(here->second, i);
      } else if (s.at == phase::asked && !s.hedged && waited > latency_.hedge_after(*want.slots[i])) {
        s.hedged = true;
        latency_.late(*want.slots[i], at.now);
      } else if (s.at == phase::resting && waited > rest_before_retry) {
        s.at = phase::unasked;
      }
    }
    advance(here);
  }
  return finish();
}

void collector::advance(fetch_iterator at) {
  auto& f = at->second;
  ask_as_needed(at->first, f);
  auto in = [&](phase p) { return std::any_of(f.slots.begin(), f.slots.end(), [p](const slot_state& s) { return s.at == p; }); };
  bool over = at_.now - f.begun > give_up_after_;
  if (!over && (in(phase::asked) || in(phase::resting) || in(phase::unasked))) return;
  std::vector<std::size_t> used;
  if (f.want.every_fragment) {
    for (std::size_t i = 0; i < f.slots.size(); ++i) {
      if (f.slots[i].at != phase::arrived) continue;
      if (auto block = try_decode(f, i, used)) return conclude(at, std::move(*block), used);
    }
  }
  auto unreachable = std::any_of(f.slots.begin(), f.slots.end(), [](const slot_state& s) {
    return s.fate == fragment_fate::unreachable || s.at == phase::asked;
  });
  conclude(at, fail(unreachable ? errc::unavailable : errc::damaged, "block " + f.want.block.brief() + " of extent " + f.want.extent.brief() +
                    " needs " + std::to_string(f.want.code.m) + " of " + std::to_string(f.want.code.n) + " fragments"), {});
}

void collector::ask_as_needed(std::uint64_t id, fetch_state& f) {
  auto have = gathered(f);
  auto need = f.want.every_fragment ? std::size_t{f.want.code.n} : have < f.want.code.m ? std::size_t{f.want.code.m} : have + 1;
  auto coming = static_cast<std::size_t>(
      std::count_if(f.slots.begin(), f.slots.end(), [](const slot_state& s) { return s.at == phase::asked && !s.hedged; }));
  while (have + coming < need) {
    auto next = best_unasked(f);
    if (!next) return;
    ask(id, f, *next);
    ++coming;
  }
}

// Fragments of the root that has most of them.
std::size_t collector::gathered(const fetch_state& f) const {
  std::map<digest, std::size_t> by_root;
  std::size_t most = 0;
  for (const auto& s : f.slots) {
    if (s.at == phase::arrived) most = std::max(most, ++by_root[s.header->entry.fragment_root]);
  }
  return most;
}

std::optional<std::size_t> collector::best_unasked(const fetch_state& f) const {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < f.slots.size(); ++i) {
    if (f.slots[i].at != phase::unasked) continue;
    if (!best || latency_.rank(*f.want.slots[i], at_.now) < latency_.rank(*f.want.slots[*best], at_.now)) best = i;
  }
  return best;
}

void collector::ask(std::uint64_t id, fetch_state& f, std::size_t slot) {
  auto& s = f.slots[slot];
  s.at = phase::asked;
  s.request = ++last_request_;
  s.since = at_.now;
  s.hedged = false;
  ++s.attempts;
  const auto& server = *f.want.slots[slot];
  requests_.emplace(s.request, asked_slot{id, slot, server});
  latency_.asked(server);
  step_.requests.push_back({server, {s.request, get_fragment{f.want.extent, f.want.ordinal}}});
}

// Tries choices of m fragments of the newest one's root that include it: one choice, unless a root was dispersed falsely.
std::optional<bytes> collector::try_decode(fetch_state& f, std::size_t newest, std::vector<std::size_t>& used) {
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < f.slots.size(); ++i) {
    const auto& s = f.slots[i];
    if (i != newest && s.at == phase::arrived && s.header->entry.fragment_root == f.slots[newest].header->entry.fragment_root) others.push_back(i);
  }
  const std::size_t wanted = f.want.code.m - 1;
  if (others.size() < wanted) return std::nullopt;
  std::vector<bool> chosen(others.size(), false);
  std::fill_n(chosen.begin(), wanted, true);
  do {
    if (++f.decodings > decodings_max) return std::nullopt;
    used = {newest};
    for (std::size_t i = 0; i < others.size(); ++i) {
      if (chosen[i]) used.push_back(others[i]);
    }
    if (auto block = decode_from(f, used)) return block;
  } while (std::prev_permutation(chosen.begin(), chosen.end()));
  return std::nullopt;
}

std::optional<bytes> collector::decode_from(const fetch_state& f, const std::vector<std::size_t>& slots) {
  std::vector<shard> shards;
  for (auto i : slots) shards.push_back({static_cast<std::uint8_t>(i), f.slots[i].data});
  auto block = codec(f.want.code).decode(f.want.length, shards);
  if (!block || (block_name(*block) != f.want.block && !planted(planted_bug::skipped_hash_check))) return std::nullopt;
  return std::move(*block);
}

void collector::conclude(fetch_iterator at, result<bytes> outcome, const std::vector<std::size_t>& used) {
  auto& f = at->second;
  fetched_block fetched{at->first, std::move(outcome), f.want.code, {}, f.want.slots, std::nullopt, false};
  for (std::size_t i = 0; i < f.slots.size(); ++i) {
    auto& s = f.slots[i];
    if (s.at == phase::asked) {
      requests_.erase(s.request);
      latency_.forgotten(*f.want.slots[i]);
      s.fate = s.hedged ? fragment_fate::late : fragment_fate::unasked;
    }
    fetched.fates.push_back(s.fate);
  }
  for (auto i : used) fetched.fates[i] = fragment_fate::used;
  if (!used.empty()) fetched.entry = f.slots[used.front()].header->entry;
  if (f.want.every_fragment && fetched.ciphertext) {
    auto root = fragment_root(codec(f.want.code).encode(*fetched.ciphertext));
    fetched.root_mismatch = root != fetched.entry->fragment_root;
  }
  step_.fetched.push_back(std::move(fetched));
  fetches_.erase(at);
}

reed_solomon& collector::codec(coding code) { return codecs_.try_emplace({code.m, code.n}, code).first->second; }

collector_step collector::finish() { return std::exchange(step_, {}); }

}  // namespace holdfast::archive

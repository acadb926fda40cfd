#include "protocols/replica/secondary_replica.hpp"

#include "protocols/base/plant.hpp"

namespace holdfast::replica {

namespace {

constexpr duration give_up_after = std::chrono::seconds(5);  // on fragments: the reader has long gone to the servers itself
constexpr std::uint64_t small_bytes_expected = 8u << 10;     // a head with its proof, a version record

reply_bytes encoded(service_reply reply) { return std::make_shared<const bytes>(codec::encode(reply)); }

std::uint64_t sized(const reply_bytes& reply) { return reply->size() + secondary_replica::entry_overhead; }

}  // namespace

secondary_replica::secondary_replica(replica_config config)
    : config_(std::move(config)), cache_(config_.budget_bytes), collector_(config_.request_base, give_up_after) {}

// -- readers ----------------------------------------------------------------------------------------------------------

replica_step secondary_replica::on_request(clock_reading at, std::uint64_t reader, const node_id& from, const service_request& request) {
  at_ = at;
  std::visit([&](const auto& wanted) { handle(waiter{reader, from}, wanted); }, request);
  return finish_step();
}

void secondary_replica::handle(const waiter& who, const get_head& wanted) {
  held_key key{kind::head, wanted.object.raw};
  auto* known = cache_.peek(key);
  if (known && known->version >= wanted.version && known->time > wanted.after && serve(who, key)) return;
  if (join(who, key, wanted.object, small_bytes_expected)) ask_ring(key, ring::place_of(ring::submap::heads, wanted.object));
}

void secondary_replica::handle(const waiter& who, const get_record& wanted) {
  held_key key{kind::record, wanted.record.raw};
  if (serve(who, key)) return;
  if (join(who, key, wanted.object, small_bytes_expected)) ask_ring(key, wanted.record);
}

void secondary_replica::handle(const waiter& who, const get_block& wanted) {
  if (wanted.length == 0 || wanted.length > block_bytes_max) return refuse(who, errc::malformed, "a block of a length that no replica holds");
  held_key key{kind::block, wanted.block.raw};
  if (serve(who, key)) return;
  // While it is on its way there are fragments, and then the block that they make.
  auto started = join(who, key, wanted.object, 2ull * wanted.length);
  if (!started) return;
  (*started)->second.block = wanted;
  if (wanted.place) return locate(*started);
  ask_ring(key, wanted.block);
}

bool secondary_replica::serve(const waiter& who, const held_key& key) {
  auto* found = cache_.touch(key);
  if (!found) return false;
  ++counts_.hits;
  step_.answers.push_back({who.reader, found->reply});
  announce(found->object);
  return true;
}

std::optional<secondary_replica::fetch_iterator> secondary_replica::join(const waiter& who, const held_key& key, const aguid& object,
                                                                         std::uint64_t bytes_expected) {
  if (waiting_ >= waiting_max || waiting_by_peer_[who.from] >= waiting_by_peer_max) {
    refuse(who, errc::over_limit, "too many readers wait here; read from the ring and the archive servers");
    return std::nullopt;
  }
  auto known = fetches_.find(key);
  if (known == fetches_.end()) {
    const auto budget = cache_.budget();
    if (bytes_expected > budget / 4) {
      refuse(who, errc::over_limit, "larger than what this replica's memory is for; read from the archive servers");
      return std::nullopt;
    }
    if (fetches_.size() >= fetches_max || reserved_ + bytes_expected > budget / 2) {
      refuse(who, errc::over_limit, "this replica fetches as much as it may; read from the ring and the archive servers");
      return std::nullopt;
    }
  }
  ++counts_.misses;
  ++waiting_;
  ++waiting_by_peer_[who.from];
  if (known != fetches_.end()) {
    known->second.waiters.push_back(who);
    return std::nullopt;
  }
  reserved_ += bytes_expected;
  let_go(cache_.make_room(reserved_));
  fetch f;
  f.object = object;
  f.waiters = {who};
  f.reserved = bytes_expected;
  f.newest = newest_;
  return fetches_.emplace(key, std::move(f)).first;
}

void secondary_replica::refuse(const waiter& who, errc code, std::string sentence) {
  ++counts_.refusals;
  if (waiting_by_peer_[who.from] == 0) waiting_by_peer_.erase(who.from);
  step_.answers.push_back({who.reader, encoded(refusal{code, std::move(sentence)})});
}

// -- fetching ---------------------------------------------------------------------------------------------------------

void secondary_replica::ask_ring(const held_key& key, std::variant<ring::place, vguid, bguid> what) {
  asked_.emplace(++last_number_, key);
  step_.questions.push_back({last_number_, std::move(what)});
}

void secondary_replica::locate(fetch_iterator at) {
  const auto& extent = at->second.block->place->extent;
  if (auto known = codings_.find(extent); known != codings_.end() && !at->second.placed_anew) return collect(at, known->second);
  ask_ring(at->first, ring::place_of(ring::submap::extents, extent));
}

void secondary_replica::collect(fetch_iterator at, const archive::coding_record& record) {
  auto& f = at->second;
  asked_.emplace(++last_number_, at->first);
  archive::block_want want{record.extent,   f.block->place->ordinal, f.block->block, f.block->length, record.code,
                           record.slots,    std::nullopt,            false};
  carry(collector_.fetch(at_, last_number_, std::move(want)));
}

void secondary_replica::carry(archive::collector_step step) {
  for (auto& request : step.requests) step_.requests.push_back(std::move(request));
  for (auto& block : step.fetched) {
    auto asked = asked_.extract(block.fetch);
    auto at = asked.empty() ? fetches_.end() : fetches_.find(asked.mapped());
    if (at == fetches_.end()) continue;
    if (block.ciphertext) {
      if (auto taken = take_content(at, std::move(*block.ciphertext)); !taken) fail_fetch(at, taken.error());
    } else if (!std::exchange(at->second.placed_anew, true)) {
      locate(at);
    } else {
      fail_fetch(at, block.ciphertext.error());
    }
  }
}

replica_step secondary_replica::on_archive(clock_reading at, const node_id& from, const archive::service_reply& reply) {
  at_ = at;
  carry(collector_.on_reply(at, from, reply));
  return finish_step();
}

replica_step secondary_replica::on_peer_lost(clock_reading at, const node_id& peer) {
  at_ = at;
  carry(collector_.on_peer_lost(at, peer));
  return finish_step();
}

replica_step secondary_replica::on_timer(clock_reading at) {
  at_ = at;
  carry(collector_.on_timer(at));
  return finish_step();
}

// -- what comes -------------------------------------------------------------------------------------------------------

replica_step secondary_replica::on_ring(clock_reading at, std::uint64_t number, const result<ring::service_reply>& answer) {
  at_ = at;
  auto asked = asked_.extract(number);
  auto f = asked.empty() ? fetches_.end() : fetches_.find(asked.mapped());
  if (f == fetches_.end()) return finish_step();
  auto taken = answer ? take(f, *answer) : outcome(fail(answer.error()));
  if (!taken) fail_fetch(f, taken.error());
  return finish_step();
}

outcome secondary_replica::take(fetch_iterator at, const ring::service_reply& answer) {
  if (auto* entry = std::get_if<ring::entry_reply>(&answer)) {
    return at->first.what == kind::head ? take_head(at, *entry) : take_coding(at, *entry);
  }
  if (auto* found = std::get_if<ring::records_reply>(&answer); found && at->first.what == kind::record && found->records.size() == 1) {
    return take_content(at, found->records.front());
  }
  if (auto* found = std::get_if<ring::inline_reply>(&answer); found && at->first.what == kind::block) return take_content(at, found->ciphertext);
  return fail(errc::malformed, "the ring answered something else than was asked");
}

outcome secondary_replica::take_head(fetch_iterator at, const ring::entry_reply& answer) {
  const auto object = at->second.object;
  auto root = ring::verify(answer.entry, ring::place_of(ring::submap::heads, object), config_.cluster, config_.ring);
  if (!root) return fail(root.error());
  // What this replica has shown must not be taken back, even if the head itself had to go meanwhile.
  const bool older = root->sequence < at->second.newest && !planted(planted_bug::head_goes_back);
  if (older) return fail(errc::stale, "the ring's answer is older than what it said before");
  newest_ = std::max(newest_, root->sequence);
  auto reply = encoded(head_reply{answer.entry});
  if (!answer.entry.value) {
    finish(at, {object, reply, 0, root->time}, false);
    return {};
  }
  auto head = codec::decode<object::head>(*answer.entry.value, "head");
  if (!head) return fail(head.error());
  if (head->object != object) return fail(errc::damaged, "the ring's head is of another object");
  finish(at, {object, reply, head->version, root->time}, true);
  return {};
}

outcome secondary_replica::take_coding(fetch_iterator at, const ring::entry_reply& answer) {
  if (!at->second.block || !at->second.block->place) return fail(errc::malformed, "the ring answered something else than was asked");
  const auto extent = at->second.block->place->extent;
  auto opened = ring::open<archive::coding_record>(answer.entry, ring::place_of(ring::submap::extents, extent), config_.cluster, config_.ring);
  if (!opened) return fail(opened.error());
  if (opened->value.extent != extent) return fail(errc::damaged, "the ring's coding record is of another extent");
  newest_ = std::max(newest_, opened->root.sequence);
  if (codings_.size() >= codings_max) codings_.erase(codings_.begin());
  collect(at, codings_[extent] = std::move(opened->value));
  return {};
}

outcome secondary_replica::take_content(fetch_iterator at, bytes data) {
  const auto& key = at->first;
  const bool right = key.what == kind::block ? archive::block_name(data).raw == key.name
                                             : crypto::hash<vguid>(object::version_record::type_tag, {data}).raw == key.name;
  if (!right || data.size() > block_bytes_max) return fail(errc::damaged, "what was fetched is not what its name says");
  finish(at, {at->second.object, encoded(content_reply{std::move(data)}), 0, {}}, true);
  return {};
}

void secondary_replica::finish(fetch_iterator at, held what, bool hold) {
  auto done = fetches_.extract(at);
  const auto& key = done.key();
  reserved_ -= done.mapped().reserved;
  answer_all(done.mapped(), what.reply);
  const auto cost = sized(what.reply);
  if (!hold || cost > cache_.budget() / 4) return;
  let_go(cache_.make_room(reserved_ + cost));
  if (!cache_.peek(key)) {
    ++objects_[what.object].entries;
    ++count_of(key.what);
  }
  cache_.insert(key, std::move(what), cost);
}

void secondary_replica::fail_fetch(fetch_iterator at, const error& why) {
  auto failed = fetches_.extract(at);
  reserved_ -= failed.mapped().reserved;
  // A head that is held is still true: its date says since when.
  auto* kept = failed.key().what == kind::head ? cache_.peek(failed.key()) : nullptr;
  auto code = static_cast<errc>(why.code());
  auto sentence = why.message().substr(0, sentence_bytes_max);
  answer_all(failed.mapped(), kept ? kept->reply : encoded(refusal{known(code) ? code : errc::unavailable, std::move(sentence)}));
}

void secondary_replica::answer_all(const fetch& f, const reply_bytes& reply) {
  for (const auto& who : f.waiters) {
    step_.answers.push_back({who.reader, reply});
    --waiting_;
    if (--waiting_by_peer_[who.from] == 0) waiting_by_peer_.erase(who.from);
  }
}

// -- what is held -----------------------------------------------------------------------------------------------------

void secondary_replica::let_go(const std::vector<cache::item>& gone) {
  for (const auto& item : gone) {
    --count_of(item.key.what);
    auto object = objects_.find(item.value.object);
    if (--object->second.entries > 0) continue;
    if (object->second.announced) {
      --announced_;
      step_.withdraw.push_back(object->first);
    }
    objects_.erase(object);
  }
}

void secondary_replica::announce(const aguid& object) {
  auto& state = objects_.at(object);
  if (state.announced || announced_ >= announced_max) return;
  state.announced = true;
  ++announced_;
  step_.announce.push_back(object);
}

std::vector<aguid> secondary_replica::announced() const {
  std::vector<aguid> all;
  for (const auto& [object, state] : objects_) {
    if (state.announced) all.push_back(object);
  }
  return all;
}

std::uint64_t& secondary_replica::count_of(kind k) {
  return k == kind::head ? counts_.heads : k == kind::record ? counts_.records : counts_.blocks;
}

}  // namespace holdfast::replica

#include "protocols/ring/object_state.hpp"

#include "protocols/archive/claim.hpp"
#include "protocols/archive/placement.hpp"
#include "protocols/base/plant.hpp"

namespace holdfast::ring {

namespace {

applied refuse(error why) { return {std::nullopt, std::move(why)}; }

bool holds(const object::predicate& p, const std::optional<object::head>& head) {
  struct evaluation {
    const std::optional<object::head>& head;
    bool operator()(const object::always&) const { return true; }
    bool operator()(const object::exists&) const { return head.has_value(); }
    bool operator()(const object::absent&) const { return !head.has_value(); }
    bool operator()(const object::compare_version& x) const { return (head ? head->version : 0) == x.version; }
    bool operator()(const object::compare_size& x) const { return head && head->size == x.size; }
  };
  return std::visit(evaluation{head}, p);
}

std::optional<std::size_t> first_guard_that_holds(const std::vector<object::guard>& guards, const std::optional<object::head>& head) {
  for (std::size_t i = 0; i < guards.size(); ++i) {
    const auto& conditions = guards[i].conditions;
    if (std::all_of(conditions.begin(), conditions.end(), [&](const auto& p) { return holds(p, head); })) return i;
  }
  return std::nullopt;
}

place place_of_result(const object::update& u) { return result_place(u.client, u.writer, u.session, u.operation); }

}  // namespace

object_state::object_state(const identity::configuration_entry& configuration, const identity::policy& rules)
    : configuration_(configuration), genesis_rules_(rules) {
  map_.store(place_named(submap::configuration, "current"), configuration_);
  map_.root();
}

outcome object_state::check(const agreement::named_request& request) const {
  auto checked = checked_.get(request, configuration_);
  if (!checked) return fail(checked.error());
  return {};
}

std::optional<place> object_state::outcome_of(const agreement::named_request& request) const {
  auto checked = checked_.get(request, configuration_);
  if (!checked) return std::nullopt;
  auto* update = std::get_if<checked_update>(checked->get());
  if (update == nullptr) return std::nullopt;
  auto where = place_of_result(update->update);
  auto earlier = map_.load<operation_result>(where);
  return earlier && earlier->operation == update->update.operation ? std::optional(where) : std::nullopt;
}

execution object_state::apply(std::uint64_t sequence, wall_time time, const std::vector<agreement::named_request>& requests) {
  batch now{sequence, time, {}};
  for (const auto& request : requests) {
    auto checked = checked_.get(request, configuration_);
    now.done.outcomes.push_back(checked ? std::visit([&](const auto& x) { return run(x, now); }, **checked) : refuse(checked.error()));
  }
  map_.root();
  return std::move(now.done);
}

std::shared_ptr<const identity::directory> object_state::directory() const {
  return directories_.empty() ? nullptr : directories_.rbegin()->second;
}

const identity::policy& object_state::rules() const {
  return directories_.empty() ? genesis_rules_ : directories_.rbegin()->second->rules;
}

// -- updates --------------------------------------------------------------------------------------------------------

applied object_state::run(const checked_update& request, batch& now) {
  const auto& u = request.update;
  auto where = place_of_result(u);
  auto earlier = map_.load<operation_result>(where);
  if (earlier && !planted(planted_bug::accepted_duplicate)) {
    if (earlier->operation == u.operation) return {where, std::nullopt};
    if (earlier->operation > u.operation) {
      return refuse({errc::too_old, "operation " + std::to_string(u.operation) + " is behind the window of session " + u.session.brief()});
    }
  }
  if (auto ok = open_session(u); !ok) return refuse(ok.error());
  map_.store(where, decide(request, now));
  return {where, std::nullopt};
}

outcome object_state::open_session(const object::update& u) {
  auto where = session_place(u.client, u.writer, u.session);
  if (map_.get(where) != nullptr) return {};
  auto at = place_of(submap::clients, u.client);
  auto account = map_.load<client_account>(at).value_or(client_account{});
  auto& sessions = sessions_[u.client];
  if (sessions.size() >= client_sessions_max && u.session < sessions.begin()->first) account.forgotten = std::max(account.forgotten, u.session);
  if (u.session <= account.forgotten) return fail(errc::too_old, "session " + u.session.brief() + " is older than those the ring remembers");
  if (!u.grant) return fail(errc::denied, "client " + u.client.brief() + " has not signed for the writer of a new session");
  while (sessions.size() >= client_sessions_max) {
    auto [oldest, writer] = *sessions.begin();
    forget_session(u.client, oldest, writer);
    account.forgotten = std::max(account.forgotten, oldest);
  }
  sessions.emplace(u.session, u.writer);
  account.sessions = static_cast<std::uint32_t>(sessions.size());
  map_.store(where, session_record{u.client, u.writer, u.session});
  map_.store(at, account);
  return {};
}

void object_state::forget_session(const node_id& client, const session_id& session, const crypto::public_key& writer) {
  map_.erase(session_place(client, writer, session));
  for (std::uint64_t slot = 0; slot < session_window; ++slot) map_.erase(result_place(client, writer, session, slot));
  sessions_[client].erase({session, writer});
}

operation_result object_state::decide(const checked_update& request, batch& now) {
  const auto& u = request.update;
  operation_result r;
  r.session = u.session;
  r.operation = u.operation;
  r.request = request.statement.update;
  r.object = u.object;
  r.sequence = now.sequence;
  r.time = now.time;

  auto head = map_.load<object::head>(place_of(submap::heads, u.object));
  outcome done;
  auto guard = first_guard_that_holds(u.guards, head);
  if (!head && !u.creation) {
    done = fail(errc::not_found, "");
  } else if (head && head->owner != u.writer) {
    done = fail(errc::denied, "");
  } else if (!guard) {
    r.status = update_status::aborted;
  } else if (request.contents[*guard]) {
    auto next = head.value_or(object::head{u.object, u.writer, {}, 0, {}, 0, {}});
    done = execute(request, *guard, next, now);
    if (done) head = std::move(next);
  }
  if (!done) {
    r.status = update_status::refused;
    r.code = done.error().code();
  }
  if (head) {
    r.version = head->version;
    r.newest = head->newest;
  }
  return r;
}

outcome object_state::execute(const checked_update& request, std::size_t guard, object::head& head, batch& now) {
  const auto& u = request.update;
  const auto& content = *request.contents[guard];
  auto* tree = std::get_if<object::tree_content>(&content.content);
  std::vector<archive::coding_record> extents;
  std::uint64_t more_bytes = request.inline_data.size();
  if (tree != nullptr) {
    auto admitted = admit_extents(u, now.time);
    if (!admitted) return fail(admitted.error());
    extents = std::move(*admitted);
    more_bytes = 0;
    bool brought = map_.get(place_of(submap::extents, tree->root.extent)) != nullptr;
    for (const auto& record : extents) {
      brought = brought || record.extent == tree->root.extent;
      more_bytes += record.bytes;
    }
    if (!brought) return fail(errc::not_found, "");
  }
  if (auto ok = charge(u.client, more_bytes); !ok) return ok;

  for (const auto& record : extents) keep_record(record);
  if (tree == nullptr) now.done.blocks.push_back({std::get<object::inline_content>(content.content).block, request.inline_data});
  const auto& root = std::get<object::set_content>(u.guards[guard].actions[0]).content;
  object::version_record record{u.object,    head.version + 1, now.time, u.writer, {root, request.statement, request.sig},
                                head.newest, head.skips};
  auto encoded = codec::encode(record);
  head.newest = crypto::hash<vguid>(object::version_record::type_tag, {encoded});
  head.version = record.version;
  head.time = now.time;
  head.size = content.size;
  object::extend_skips(head.skips, head.version, head.newest);
  map_.store(place_of(submap::heads, u.object), head);
  now.done.records.push_back({head.newest, std::move(encoded)});
  return {};
}

outcome object_state::charge(const node_id& client, std::uint64_t more_bytes) {
  if (more_bytes == 0) return {};
  auto at = place_of(submap::clients, client);
  auto account = map_.load<client_account>(at).value_or(client_account{});
  auto most = rules().client_quota_bytes;
  if (more_bytes > most || account.committed_bytes > most - more_bytes) return fail(errc::over_limit, "");
  account.committed_bytes += more_bytes;
  map_.store(at, account);
  return {};
}

// -- extents --------------------------------------------------------------------------------------------------------

// The coding records that an update brings anew; an extent that was committed before under the same list is passed over.
result<std::vector<archive::coding_record>> object_state::admit_extents(const object::update& u, wall_time now) const {
  std::vector<archive::coding_record> records;
  std::set<extent_id> seen;
  for (const auto& claim : u.extents) {
    auto extent = archive::id_of(claim.origin);
    if (!seen.insert(extent).second) return fail(errc::malformed, "update claims an extent twice");
    if (claim.origin.client != u.client) return fail(errc::denied, "update claims another client's extent");
    if (auto known = map_.load<archive::coding_record>(place_of(submap::extents, extent))) {
      if (known->list != claim.list || known->code != claim.code) return fail(errc::already_exists, "extent exists with other blocks");
      continue;
    }
    auto filled = admit_claim(claim, now);
    if (!filled) return fail(filled.error());
    records.push_back(archive::record_of(claim, std::move(*filled)));
  }
  return records;
}

result<object_state::slots> object_state::admit_claim(const archive::extent_claim& claim, wall_time now) const {
  auto named = directories_.find(claim.directory_version);
  if (named == directories_.end()) return fail(errc::stale, "claim names a directory version that the ring does not hold");
  auto filled = archive::verify_claim(claim, *named->second, configuration_.object.id, now + receipt_span);
  if (!filled) return filled;
  auto order = archive::placement_order(*named->second, archive::id_of(claim.origin), archive::placement_candidates(claim.code));
  std::set<node_id> candidates(order.begin(), order.end());
  for (auto& slot : *filled) {
    if (slot && !candidates.contains(*slot)) return fail(errc::denied, "server " + slot->brief() + " is not where the extent belongs");
    if (slot && directory()->revoked.contains(*slot)) slot.reset();
  }
  auto count = filled->size() - static_cast<std::size_t>(std::count(filled->begin(), filled->end(), std::nullopt));
  if (count < archive::receipts_needed(claim.code, rules().write_margin)) return fail(errc::unavailable, "too few receipts");
  return filled;
}

void object_state::keep_record(const archive::coding_record& record) {
  map_.store(place_of(submap::extents, record.extent), record);
  auto repair = place_of(submap::repair, record.extent);
  if (record.missing() == 0) {
    map_.erase(repair);
  } else {
    map_.store(repair, repair_entry{record.extent, record.code, static_cast<std::uint8_t>(record.missing())});
  }
}

applied object_state::run(const checked_fill& request, batch& now) {
  const auto& r = request.claimed;
  auto where = place_of(submap::extents, r.extent);
  auto record = map_.load<archive::coding_record>(where);
  if (!record) return refuse({errc::not_found, "extent " + r.extent.brief() + " is not committed"});
  if (directories_.empty()) return refuse({errc::unavailable, "the ring has no directory yet"});
  auto opened = archive::open_receipt(request.receipt, *directory());
  if (!opened) return refuse(opened.error());
  if (r.list != record->list || r.blocks != record->blocks || r.bytes != record->bytes || r.code != record->code || r.index >= record->code.n) {
    return refuse({errc::malformed, "receipt of " + r.server.brief() + " is not for extent " + r.extent.brief() + " as committed"});
  }
  auto& slot = record->slots[r.index];
  if (slot == r.server) return {where, std::nullopt};
  if (slot) return refuse({errc::already_exists, "slot " + std::to_string(r.index) + " of extent " + r.extent.brief() + " is filled"});
  if (r.expires < now.time + receipt_span) return refuse({errc::expired, "receipt of " + r.server.brief() + " expires too soon"});
  if (std::find(record->slots.begin(), record->slots.end(), r.server) != record->slots.end()) {
    return refuse({errc::conflict, "server " + r.server.brief() + " holds another fragment of extent " + r.extent.brief()});
  }
  slot = r.server;
  ++record->version;
  keep_record(*record);
  return {where, std::nullopt};
}

// -- directories ----------------------------------------------------------------------------------------------------

applied object_state::run(const checked_directory& request, batch&) {
  const auto& newer = *request.directory;
  auto newest = directory();
  if (newest && newer.version <= newest->version) {
    return refuse({errc::stale, "directory " + std::to_string(newer.version) + " is not newer than " + std::to_string(newest->version)});
  }
  auto where = directory_version_place(newer.version);
  map_.put(where, request.encoded);
  directories_[newer.version] = request.directory;
  while (directories_.size() > directory_versions_min) {
    auto oldest = directories_.begin(), next = std::next(oldest);
    bool named_lately = next->second->time + directory_span >= newer.time;  // it was the newest until the next one came
    if (named_lately && directories_.size() <= directory_versions_max) break;
    map_.erase(directory_version_place(oldest->first));
    directories_.erase(oldest);
  }
  vacate_slots_of_revoked(newest ? newest->revoked : std::map<node_id, wall_time>{}, newer.revoked);
  return {where, std::nullopt};
}

// Revocation is rare: a walk over all extents then costs less than an index by server would cost always.
void object_state::vacate_slots_of_revoked(const std::map<node_id, wall_time>& before, const std::map<node_id, wall_time>& now) {
  std::set<node_id> gone;
  for (const auto& [node, time] : now) {
    if (!before.contains(node)) gone.insert(node);
  }
  if (gone.empty()) return;
  constexpr std::size_t page_entries = 1024;
  const auto extents = map_.tree(submap::extents);
  std::optional<map_key> from = map_key{};
  while (from) {
    auto page = extents.page(*from, page_entries);
    from = page.size() < page_entries ? std::nullopt : ring::after(page.back().key);
    for (const auto& entry : page) {
      auto record = codec::decode<archive::coding_record>(*entry.value);
      auto held = record->missing();
      for (auto& slot : record->slots) {
        if (slot && gone.contains(*slot)) slot.reset();
      }
      if (record->missing() == held) continue;
      ++record->version;
      keep_record(*record);
    }
  }
}

}  // namespace holdfast::ring

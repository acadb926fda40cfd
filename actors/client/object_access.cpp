#include "actors/client/object_access.hpp"

#include "actors/base/clock.hpp"
#include "actors/client/download.hpp"

namespace holdfast::actors {

namespace {

using namespace std::chrono_literals;

constexpr auto directory_pause = 250ms;  ///< for the ring to take up a directory that this client saw first

}  // namespace

// -- operation numbers ----------------------------------------------------------------------------------------------

operation_numbers::operation_numbers() {
  system_random random;
  upload_session_ = ring::new_session(wall_now(), random);
}

operation_numbers::session operation_numbers::begin_session() {
  system_random random;
  session begun;
  begun.id = ring::new_session(wall_now(), random);
  return begun;
}

operation_numbers::session* operation_numbers::with_room() {
  for (auto& s : sessions_) {
    if (s.has_room()) return &s;
  }
  if (sessions_.size() == sessions_max) return nullptr;
  return &sessions_.emplace_back(begin_session());
}

operation_numbers::number operation_numbers::take(const aguid& object) {
  std::unique_lock lock(mutex_);
  session* chosen = nullptr;
  returned_.wait(lock, [&] { return (chosen = with_room()) != nullptr; });
  if (!chosen->objects.contains(object) && chosen->objects.size() >= objects_per_session) *chosen = begin_session();
  bool opened = chosen->objects.try_emplace(object, false).first->second;
  chosen->under_way.insert(++chosen->last);
  return {chosen->id, chosen->last, !opened};
}

void operation_numbers::note_opened(const number& n, const aguid& object) {
  std::lock_guard lock(mutex_);
  for (auto& s : sessions_) {
    if (s.id == n.session) s.objects[object] = true;
  }
}

void operation_numbers::give_back(const number& n) {
  {
    std::lock_guard lock(mutex_);
    for (auto& s : sessions_) {
      if (s.id == n.session) s.under_way.erase(n.operation);
    }
  }
  returned_.notify_one();
}

operation_numbers::number operation_numbers::next_upload() {
  std::lock_guard lock(mutex_);
  return {upload_session_, ++last_upload_};
}

void operation_numbers::renew(const session_id& forgotten) {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const session& s) { return s.id == forgotten; });
  }
  returned_.notify_all();
}

// -- reading --------------------------------------------------------------------------------------------------------

version_info info_of(const object::version_record& record, const object::content_root& content) {
  return {record.version, content.size, record.time, record.writer};
}

result<object::content_root> object_access::content_of(const object::version_record& record) { return record.content.open(record.writer); }

result<std::optional<object::head>> object_access::open_head(const object::capability& of, const result<ring::proven_entry>& entry) const {
  if (!entry) return fail(entry.error());
  if (!entry->value) return std::optional<object::head>();
  auto head = codec::decode<object::head>(*entry->value, "head");
  if (!head) return fail(head.error());
  if (head->object != of.object || head->owner != of.owner) return fail(errc::damaged, "the ring's head is of another object or owner");
  return std::optional(std::move(*head));
}

result<std::optional<object::head>> object_access::head(const object::capability& of) {
  if (cluster_.replicas()) cluster_.replicas()->look_for(of.object);
  return open_head(of, cluster_.read(ring::place_of(ring::submap::heads, of.object), ring::ring_client::freshness::linearizable));
}

result<std::optional<object::head>> object_access::head(const object::capability& of, const object::version_walk::target& wanted) {
  auto* number = std::get_if<std::uint64_t>(&wanted);
  auto* date = std::get_if<wall_time>(&wanted);
  if (!cluster_.replicas() || (!number && !date)) return head(of);
  cluster_.replicas()->look_for(of.object);
  auto cached = cluster_.replicas()->ask(of.object, replica::get_head{of.object, number ? *number : 0, date ? *date : wall_time{}});
  auto* entry = cached ? std::get_if<ring::proven_entry>(&cached->what) : nullptr;
  auto root = entry ? codec::decode<ring::state_root>(entry->root.body, "state root") : fail(errc::not_found, "no replica has it");
  auto known = root ? open_head(of, *entry) : fail(root.error());
  // Versions are never taken back: what came before a head's newest, or before its date, stays as it was.
  bool reaches = known && *known && (number ? (*known)->version >= *number : root->time > *date);
  return reaches ? known : head(of);
}

std::vector<result<std::optional<object::head>>> object_access::heads(const std::vector<object::capability>& of) {
  std::vector<ring::place> places;
  for (const auto& c : of) places.push_back(ring::place_of(ring::submap::heads, c.object));
  auto entries = cluster_.read_many(places, ring::ring_client::freshness::certified);
  std::vector<result<std::optional<object::head>>> heads;
  for (std::size_t i = 0; i < of.size(); ++i) heads.push_back(open_head(of[i], entries[i]));
  return heads;
}

result<object::version_record> object_access::find(const object::head& head, const object::version_walk::target& wanted) {
  object::version_walk walk(head, wanted);
  while (auto next = walk.wants()) {
    auto record = cluster_.record(head.object, *next);
    if (!record) return fail(record.error());
    if (auto ok = walk.on_record(*record); !ok) return fail(ok.error());
  }
  return *walk.found();
}

// Records name the one before and, by powers of two, some further back; so each round fetches all that are named and not yet known,
// and the rounds are few.
result<std::vector<object::version_record>> object_access::history(const object::head& head) {
  std::map<std::uint64_t, vguid> named{{head.version, head.newest}};
  std::map<std::uint64_t, object::version_record> known;
  auto name = [&](std::uint64_t version, const vguid& record) {
    if (version > 0 && !known.contains(version)) named.emplace(version, record);
  };
  while (!named.empty()) {
    std::vector<std::pair<std::uint64_t, vguid>> round;
    for (auto at = named.rbegin(); at != named.rend() && round.size() < ring::records_per_fetch_max; ++at) round.push_back(*at);
    std::vector<vguid> names;
    for (const auto& [version, record] : round) names.push_back(record);
    auto records = cluster_.records(names);
    if (!records) return fail(records.error());
    for (std::size_t i = 0; i < round.size(); ++i) {
      auto [version, record_name] = round[i];
      auto record = object::open_record(record_name, (*records)[i]);
      if (!record) return fail(record.error());
      if (record->object != head.object || record->writer != head.owner || record->version != version) {
        return fail(errc::damaged, "version record " + record_name.brief() + " is not the one its successor names");
      }
      named.erase(version);
      known.emplace(version, *record);
      name(version - 1, record->previous);
      for (std::size_t k = 0; k < record->skips.size() && k < object::skips_max; ++k) name((version - 1) >> (k + 1) << (k + 1), record->skips[k]);
    }
  }
  std::vector<object::version_record> all;
  for (auto at = known.rbegin(); at != known.rend(); ++at) all.push_back(std::move(at->second));
  return all;
}

result<bytes> object_access::read_all(const object::capability& of, const object::version_record& record) {
  auto content = download::open(cluster_, of, record);
  if (!content) return fail(content.error());
  bytes all;
  while (!content->done()) {
    auto part = content->next();
    if (!part) return part;
    append(all, *part);
  }
  return all;
}

// -- writing --------------------------------------------------------------------------------------------------------

crypto::signing_key object_access::key_of(const object::capability& c) const {
  std::lock_guard lock(mutex_);
  if (auto known = keys_.find(c.owner); known != keys_.end() && crypto::equal_constant_time(known->second.seed().view(), c.write_seed->view())) {
    return known->second;
  }
  if (keys_.size() >= keys_max) keys_.clear();
  auto key = crypto::signing_key::from_seed(*c.write_seed);
  keys_.insert_or_assign(c.owner, key);
  return key;
}

object::signed_update object_access::sign(const object::capability& to, const operation_numbers::number& n,
                                          const std::vector<object::predicate>& conditions, const uploaded_content& content, bool creates) const {
  auto key = key_of(to);
  object::update u;
  u.cluster = cluster_.cluster();
  u.ring = cluster_.ring().id;
  u.client = cluster_.member();
  u.session = n.session;
  u.operation = n.operation;
  u.writer = to.owner;
  u.object = to.object;
  if (creates) u.creation = object::birth{to.salt};
  u.guards.push_back({conditions, {object::set_content{codec::encode(content.built.root)}}});
  u.extents = content.claims;
  if (n.opens) u.grant = cluster_.grant(u);
  return object::signed_update::make(u, key, content.built.inline_data);
}

result<ring::operation_result> object_access::commit(const object::capability& to, std::vector<object::predicate> conditions,
                                                     uploaded_content content, bool creates) {
  if (!to.write_seed || !to.read) return fail(errc::denied, "this capability may not write the object");
  auto deadline = steady_now() + cluster_.patience();
  for (bool renewed = false;;) {
    auto number = numbers_.take(to.object);
    auto result = cluster_.submit(sign(to, number, conditions, content, creates));
    if (result) numbers_.note_opened(number, to.object);
    numbers_.give_back(number);
    if (result) {
      if (result->status == ring::update_status::committed) content.settle();
      return result;
    }
    // Both refusals are certain: the update did not run under that number, and never will.
    if (result.error().is(errc::stale) && steady_now() < deadline) {
      std::this_thread::sleep_for(directory_pause);
      continue;
    }
    if (result.error().is(errc::too_old) && !std::exchange(renewed, true)) {
      numbers_.renew(number.session);
      continue;
    }
    return result;
  }
}

result<ring::operation_result> object_access::write(const object::capability& to, std::vector<object::predicate> conditions, bytes_view plaintext,
                                                    std::uint64_t base_version, bool creates) {
  upload sending(cluster_, numbers_, to, base_version, {.size = plaintext.size()});
  auto rest = plaintext;
  auto source = [&](mutable_bytes_view out) -> result<std::size_t> {
    auto n = std::min(out.size(), rest.size());
    std::copy_n(rest.begin(), n, out.begin());
    rest = rest.subspan(n);
    return n;
  };
  auto content = sending.run(source, {});
  if (!content) return fail(content.error());
  return commit(to, std::move(conditions), std::move(*content), creates);
}

}  // namespace holdfast::actors

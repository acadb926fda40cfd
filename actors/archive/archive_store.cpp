#include "actors/archive/archive_store.hpp"

#include <atomic>
#include <cstring>
#include <deque>

namespace holdfast::actors {

namespace {

using namespace archive;

/// In this room's codes, as engines expect them.
error translated(const error& e) {
  if (e.is(storage::errc::not_found)) return {errc::not_found, e.message()};
  if (e.is(storage::errc::corrupt)) return {errc::damaged, e.message()};
  if (e.is(storage::errc::no_space) || e.is(storage::errc::over_limit)) return {errc::over_limit, e.message()};
  if (e.room() == error_room<errc>::name) return e;
  return {errc::unavailable, e.message()};
}
outcome translated(outcome o) {
  if (!o) return fail(translated(o.error()));
  return o;
}

/// One store thread for each extent's writes. The id is a hash already.
std::uint64_t lane_of(const extent_id& extent, std::uint32_t ordinal = 0) {
  std::uint64_t key;
  std::memcpy(&key, extent.raw.data(), sizeof key);
  return key + ordinal;
}

bytes committed_key(const extent_id& extent) {
  auto key = to_bytes(as_bytes_view("archive/committed/"));
  append(key, extent.view());
  return key;
}

/// The next id in order; the last one stays.
extent_id following(extent_id id) {
  for (std::size_t i = id.raw.size(); i-- > 0;) {
    if (++id.raw[i] != 0) return id;
  }
  id.raw.fill(0xff);
  return id;
}

}  // namespace

struct archive_store::shared : std::enable_shared_from_this<archive_store::shared> {
  struct waiting_seal {
    store_ticket ticket;
    storage::seal_request seal;
    bool fresh = false;  ///< an extent that was not here before
  };

  std::shared_ptr<storage::extent_store> extents;
  std::shared_ptr<storage::database> database;
  std::shared_ptr<work_pool> threads;
  std::function<void(store_answer)> answer;
  std::atomic<std::uint64_t> writing_bytes = 0;
  std::atomic<std::uint64_t> extents_held = 0;  ///< sealed and committed
  std::mutex mutex;
  std::vector<waiting_seal> waiting;  ///< for the next sync. Under `mutex`
  std::mutex order_mutex;
  std::deque<std::pair<std::uint64_t, work_pool::work>> put_off;  ///< for a lane that was full. Under `order_mutex`
  std::unique_ptr<work_pool> syncs = std::make_unique<work_pool>("archive-sync", 1);

  bool committed(const extent_id& extent) const { return database->get(storage::table::kv, committed_key(extent)).has_value(); }

  result<stored_extent> decoded(const storage::extent_info& info) const {
    auto extent = codec::decode<stored_extent>(info.meta, "extent");
    if (!extent) return fail(errc::damaged, "the record of extent " + info.extent.brief() + " does not decode: " + extent.error().message());
    if (committed(info.extent)) extent->header.state = extent_state::committed;
    return extent;
  }

  result<stored_extent> extent(const extent_id& id) const {
    auto info = extents->stat(id);
    if (!info) return fail(translated(info.error()));
    return decoded(*info);
  }

  outcome drop(const extent_id& id) {
    if (extents->stat(id) && extents_held > 0) --extents_held;
    if (auto done = extents->drop(id); !done) return done;
    return database->erase(storage::table::kv, committed_key(id), storage::durability::lazy);
  }

  using refusal_handler = std::function<void(error)>;

  /// Without `refused`, nobody waits for an answer: the work is put off until there is room. A lane's later work must not overtake it, or a
  /// fragment would be written before its extent is begun.
  void post(std::uint64_t lane, work_pool::work work, refusal_handler refused) {
    {
      std::lock_guard guard(order_mutex);
      go_on();
      bool behind = std::any_of(put_off.begin(), put_off.end(), [&](const auto& p) { return p.first == lane; });
      if (!refused) {
        put_off.emplace_back(lane, std::move(work));
        if (!behind) go_on();
        return;
      }
      if (!behind && threads->post(lane, std::move(work), archive_store::waiting_max)) return;
    }
    refused({errc::over_limit, "too much waits for this server's disk"});
  }

  /// Posts what was put off, each lane's in order. Called with `order_mutex` held.
  void go_on() {
    std::set<std::uint64_t> full;
    std::erase_if(put_off, [&](auto& p) {
      if (full.contains(p.first)) return false;
      auto again = p.second;
      if (threads->post(p.first, std::move(again), archive_store::waiting_max)) return true;
      full.insert(p.first);
      return false;
    });
  }

  // -- writing ----------------------------------------------------------------------------------------------------

  void run(create_extent& e) {
    post(lane_of(e.header.extent), [me = shared_from_this(), id = e.header.extent] {
      me->extents->discard(id);
      // A sealed one that no ring has committed is begun anew; what is committed stays until it is replaced.
      if (me->extents->stat(id) && !me->committed(id)) static_cast<void>(me->drop(id));
    }, {});
  }

  void run(append_fragment& e) { write(e.ticket, e.extent, e.ordinal, std::move(e.fragment), {}); }

  void run(replace_fragment& e) {
    auto seal_again = [me = shared_from_this(), ticket = e.ticket, id = e.extent] {
      auto info = me->extents->stat(id);
      if (!info) return me->answer(stored_answer{ticket, fail(translated(info.error()))});
      me->gather({ticket, {id, std::move(info->meta)}, false});
    };
    write(e.ticket, e.extent, e.ordinal, std::move(e.fragment), seal_again);
  }

  /// `then` answers once the fragment is written; without it that is the answer.
  void write(store_ticket ticket, extent_id id, std::uint32_t ordinal, stored_fragment fragment, std::function<void()> then) {
    auto size = fragment.data.size();
    if (writing_bytes.fetch_add(size) + size > writing_bytes_max) {
      writing_bytes -= size;
      return answer(stored_answer{ticket, fail(errc::over_limit, "more fragments wait for this server's disk than it has memory for")});
    }
    auto held = std::make_shared<stored_fragment>(std::move(fragment));
    post(lane_of(id), [me = shared_from_this(), ticket, id, ordinal, held, size, then] {
      auto written = me->extents->append(id, ordinal, metadata_of(*held), held->data);
      me->writing_bytes -= size;
      if (written && then) return then();
      me->answer(stored_answer{ticket, translated(std::move(written))});
    }, [this, ticket, size](error why) {
      writing_bytes -= size;
      answer(stored_answer{ticket, fail(std::move(why))});
    });
  }

  /// Behind the extent's appends on their thread, then to the thread that syncs.
  void run(seal_stored& e) {
    auto held = std::make_shared<stored_extent>(std::move(e.extent));
    post(lane_of(held->header.extent), [me = shared_from_this(), ticket = e.ticket, held] {
      const auto& id = held->header.extent;
      if (!me->whole(*held)) {
        return me->answer(stored_answer{ticket, fail(errc::conflict, "extent " + id.brief() + " was begun anew while it was being sealed")});
      }
      bool fresh = !me->extents->stat(id).has_value();
      me->gather({ticket, {id, codec::encode(*held)}, fresh});
    }, [this, ticket = e.ticket](error why) { answer(stored_answer{ticket, fail(std::move(why))}); });
  }

  bool whole(const stored_extent& extent) const {
    auto blocks = extents->blocks(extent.header.extent);
    if (!blocks || blocks->size() < extent.entries.size()) return false;
    return extent.entries.empty() || (*blocks)[extent.entries.size() - 1] == extent.entries.size() - 1;
  }

  void gather(waiting_seal seal) {
    auto ticket = seal.ticket;
    {
      std::lock_guard guard(mutex);
      waiting.push_back(std::move(seal));
    }
    // The work takes all that wait, so whoever comes later may find nothing left to do.
    if (!syncs->post(0, [me = shared_from_this()] { me->commit(); })) {
      answer(stored_answer{ticket, fail(errc::unavailable, "this server is ending")});
    }
  }

  void commit() {
    std::vector<waiting_seal> batch;
    {
      std::lock_guard guard(mutex);
      batch.swap(waiting);
    }
    std::vector<storage::seal_request> seals;
    for (auto& w : batch) seals.push_back(std::move(w.seal));
    if (seals.empty()) return;
    auto all = extents->commit(seals);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      // All or nothing: if one of several cannot be, the others are tried by themselves.
      auto done = all || batch.size() == 1 ? all : extents->commit(std::span(&seals[i], 1));
      if (done && batch[i].fresh) ++extents_held;
      answer(stored_answer{batch[i].ticket, translated(std::move(done))});
    }
  }

  void run(mark_committed& e) {
    post(lane_of(e.extent), [me = shared_from_this(), id = e.extent] {
      static_cast<void>(me->database->put(storage::table::kv, committed_key(id), bytes{1}, storage::durability::lazy));
    }, {});
  }
  void run(discard_extent& e) {
    post(lane_of(e.extent), [me = shared_from_this(), id = e.extent] { me->extents->discard(id); }, {});
  }
  void run(drop_extent& e) {
    post(lane_of(e.extent), [me = shared_from_this(), id = e.extent] { static_cast<void>(me->drop(id)); }, {});
  }

  // -- reading ----------------------------------------------------------------------------------------------------

  void run(read_fragment& e) {
    post(lane_of(e.extent, e.ordinal), [me = shared_from_this(), e] {
      me->answer(fragment_answer{e.ticket, me->fragment(e.extent, e.ordinal)});
    }, [this, ticket = e.ticket](error why) { answer(fragment_answer{ticket, fail(std::move(why))}); });
  }

  result<stored_fragment> fragment(const extent_id& id, std::uint32_t ordinal) const {
    auto metadata = extents->read_meta(id, ordinal);
    if (!metadata) return fail(translated(metadata.error()));
    auto data = extents->read(id, ordinal, 0, storage::fragment_bytes_max);
    if (!data) return fail(translated(data.error()));
    auto whole = fragment_from(*metadata, std::move(*data));
    if (!whole) return fail(errc::damaged, whole.error().message());
    return whole;
  }

  void run(read_extent& e) {
    post(lane_of(e.extent), [me = shared_from_this(), e] { me->answer(extent_answer{e.ticket, me->extent(e.extent)}); },
         [this, ticket = e.ticket](error why) { answer(extent_answer{ticket, fail(std::move(why))}); });
  }

  void run(read_inventory& e) {
    post(lane_of(e.after), [me = shared_from_this(), e] {
      inventory_answer found{e.ticket, {}};
      auto cursor = std::optional(e.after.is_zero() ? e.after : following(e.after));
      while (cursor && found.found.size() < e.count) {
        auto page = me->extents->list(*cursor, e.count - found.found.size());
        if (!page) break;
        for (const auto& info : page->extents) {
          if (auto known = me->decoded(info)) found.found.push_back(std::move(known->header));
        }
        cursor = page->next;
      }
      me->answer(std::move(found));
    }, [this, ticket = e.ticket](const error&) { answer(inventory_answer{ticket, {}}); });
  }

  // -- starting ---------------------------------------------------------------------------------------------------

  recovery_answer recovered() {
    recovery_answer found;
    extents_held = 0;
    auto cursor = std::optional(extent_id{});
    while (cursor) {
      auto page = extents->list(*cursor, 1024);
      if (!page) {
        found.read = fail(translated(page.error()));
        return found;
      }
      for (const auto& info : page->extents) recover(info, found);
      for (const auto& id : page->damaged) {
        ++found.lost;
        static_cast<void>(drop(id));
      }
      cursor = page->next;
    }
    return found;
  }

  void recover(const storage::extent_info& info, recovery_answer& found) {
    ++extents_held;
    auto missing = lost_fragments(info.extent);
    auto extent = decoded(info);
    if (!extent || (!missing.empty() && missing.size() == info.blocks)) {
      ++found.lost;
      static_cast<void>(drop(info.extent));
      return;
    }
    if (!missing.empty()) found.damaged.emplace(info.extent, std::move(missing));
    if (extent->header.state != extent_state::committed) found.uncommitted.push_back({extent->header, {}});
  }

  /// Where segments are gone, each fragment is looked for; where none is, nothing is read.
  std::set<std::uint32_t> lost_fragments(const extent_id& id) const {
    std::set<std::uint32_t> lost;
    if (extents->missing_segments().empty()) return lost;
    auto blocks = extents->blocks(id);
    if (!blocks) return lost;
    for (auto block : *blocks) {
      auto there = extents->read_meta(id, block);
      if (!there && there.error().is(storage::errc::corrupt)) lost.insert(block);
    }
    return lost;
  }
};

archive_store::archive_store(std::shared_ptr<storage::extent_store> extents, std::shared_ptr<storage::database> database,
                             std::shared_ptr<work_pool> threads, std::function<void(store_answer)> answer)
    : shared_(std::make_shared<shared>()) {
  shared_->extents = std::move(extents);
  shared_->database = std::move(database);
  shared_->threads = std::move(threads);
  shared_->answer = std::move(answer);
}

// The syncs' thread must not be the one that ends itself, so it is ended here; what other threads still do keeps the rest.
archive_store::~archive_store() { shared_->syncs->close(); }

void archive_store::carry_out(store_effect effect) {
  std::visit([this](auto& e) { shared_->run(e); }, effect);
}

void archive_store::recover() {
  for (const auto& extent : shared_->extents->open_extents()) carry_out(discard_extent{extent});
  shared_->post(0, [me = shared_] { me->answer(me->recovered()); },
                [this](error why) { shared_->answer(recovery_answer{fail(std::move(why)), {}, {}, 0}); });
}

void archive_store::look_up(std::uint64_t question, std::vector<extent_id> extents) {
  extents.resize(std::min(extents.size(), look_up_max));
  shared_->post(question, [me = shared_, question, extents = std::move(extents)] {
    headers_answer found{question, {}, {}};
    for (const auto& id : extents) {
      auto known = me->extent(id);
      if (known) found.held.emplace(id, std::move(known->header));
      // One whose record is damaged is as good as not here, and can be filled in anew.
      else if (!known.error().is(errc::not_found) && !known.error().is(errc::damaged)) found.read = fail(known.error());
    }
    me->answer(std::move(found));
  }, [this, question](error why) { shared_->answer(headers_answer{question, {}, fail(std::move(why))}); });
}

void archive_store::measure(std::uint64_t capacity_bytes_max) {
  shared_->post(0, [me = shared_, capacity_bytes_max] {
    auto usage = me->extents->usage();
    auto capacity = usage.segment_bytes + usage.free_bytes;
    me->answer(usage_answer{me->extents_held, usage.segment_bytes, capacity_bytes_max > 0 ? std::min(capacity, capacity_bytes_max) : capacity});
  }, [](const error&) {});  // it is measured again soon
}

}  // namespace holdfast::actors

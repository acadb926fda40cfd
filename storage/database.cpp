#include "storage/database.hpp"

#include <atomic>
#include <filesystem>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

namespace holdfast::storage {
namespace {

/// Asked before each write; about a microsecond.
outcome disk_has_room(const std::string& path) {
  std::error_code unknown;
  auto space = std::filesystem::space(path, unknown);
  if (unknown || space.available >= database_free_bytes_min) return {};
  return fail(errc::no_space, "the disk of " + path + " is full: it has " + std::to_string(space.available >> 20) + " MiB left, and " +
                                  std::to_string(database_free_bytes_min >> 20) + " are needed");
}

constexpr std::array<const char*, table_count> table_names = {"kv", "blocks", "versions", "extents", "extent_blocks", "extent_segments"};

rocksdb::Slice slice(bytes_view data) {
  if (data.empty()) return {};  // RocksDB's own empty slice points somewhere; ours may not
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}
bytes_view view(const rocksdb::Slice& s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

error error_of(const rocksdb::Status& status, std::string_view doing) {
  auto code = errc::io_failed;
  if (status.IsNotFound()) code = errc::not_found;
  if (status.IsCorruption()) code = errc::corrupt;
  if (status.IsNoSpace()) code = errc::no_space;
  return {code, std::string(doing) + ": " + status.ToString()};
}

}  // namespace

struct database_memory::parts {
  std::shared_ptr<rocksdb::Cache> cache;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
};

database_memory::database_memory(std::size_t budget_bytes) : parts_(std::make_unique<parts>()) {
  parts_->cache = rocksdb::NewLRUCache(budget_bytes);
  parts_->write_buffers = std::make_shared<rocksdb::WriteBufferManager>(budget_bytes / 2, parts_->cache);  // charged to the cache: one budget
}
database_memory::~database_memory() = default;

struct database::state {
  std::string path;
  std::shared_ptr<database_memory> memory;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::atomic<bool> broken = false, damaged = false;

  ~state() {
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
  }

  rocksdb::ColumnFamilyHandle* at(table t) const { return handles[static_cast<std::size_t>(t)]; }

  error failure(const rocksdb::Status& status, std::string_view doing) {
    auto e = error_of(status, doing);
    if (e.is(errc::corrupt)) damaged = true;
    return e;
  }

  /// After a failed write or sync nothing tells which writes are durable: RocksDB might recover by itself, our promises could not.
  outcome settle(const rocksdb::Status& status, std::string_view doing) {
    if (status.ok()) return {};
    auto e = failure(status, doing);
    broken = true;
    return fail(e.within(path));
  }

  outcome usable() const {
    if (!broken) return disk_has_room(path);
    return fail(errc::io_failed, "the database in " + path + " stopped after a failed write; check the disk and start the node again");
  }
};

namespace {

rocksdb::WriteOptions write_options(durability d) {
  rocksdb::WriteOptions options;
  options.sync = d == durability::synced;
  options.disableWAL = d == durability::rebuilt;
  return options;
}

rocksdb::DBOptions database_options(const database_memory::parts& memory) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.write_buffer_manager = memory.write_buffers;
  options.max_background_jobs = 2;
  options.max_open_files = 256;
  options.max_total_wal_size = 64u << 20;
  options.keep_log_file_num = 2;
  options.info_log_level = rocksdb::WARN_LEVEL;
  // The default would open with everything behind a damaged entry silently left out; only a tail cut short by a crash is innocent.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  return options;
}

rocksdb::ColumnFamilyOptions table_options(const database_memory::parts& memory, bool of_blocks) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = memory.cache;
  blocks.cache_index_and_filter_blocks = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  options.compression = rocksdb::kNoCompression;  // most values are ciphertext
  options.write_buffer_size = 16u << 20;
  if (of_blocks) {  // bulk that never changes: merged late and many tables at once, so that it is rewritten once or twice, not five times
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.level0_file_num_compaction_trigger = 16;
    options.level0_slowdown_writes_trigger = 40;
    options.level0_stop_writes_trigger = 64;
  }
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const database_memory::parts& memory) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, table_options(memory, false)}};
  for (std::size_t i = 0; i < table_count; ++i) families.emplace_back(table_names[i], table_options(memory, static_cast<table>(i) == table::blocks));
  return families;
}

/// A table's number in the log is known to RocksDB's repair from the table's files alone, so each has one from the beginning.
rocksdb::Status begin_tables(rocksdb::DB& db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  rocksdb::WriteBatch nothing;
  for (auto* handle : handles) {
    if (auto status = nothing.Delete(handle, "begun"); !status.ok()) return status;
  }
  if (auto status = db.Write(rocksdb::WriteOptions(), &nothing); !status.ok()) return status;
  return db.Flush(rocksdb::FlushOptions(), handles);
}

}  // namespace

outcome database::repair(const std::string& path) {
  database_memory memory(16u << 20);
  auto status = rocksdb::RepairDB(path, database_options(memory.get()), column_families(memory.get()));
  if (!status.ok()) return fail(error_of(status, "mending the database in " + path));
  return {};
}

outcome database::destroy(const std::string& path) {
  database_memory memory(16u << 20);
  rocksdb::Options options(database_options(memory.get()), table_options(memory.get(), false));
  auto status = rocksdb::DestroyDB(path, options, column_families(memory.get()));
  if (!status.ok()) return fail(error_of(status, "deleting the database in " + path));
  return {};
}

result<std::unique_ptr<database>> database::open(const std::string& path, std::shared_ptr<database_memory> memory) {
  std::error_code ignored;
  std::filesystem::create_directories(path, ignored);
  if (auto room = disk_has_room(path); !room) return fail(room.error());
  auto s = std::make_unique<state>();
  s->path = path;
  s->memory = memory ? std::move(memory) : std::make_shared<database_memory>();
  rocksdb::Env::Default()->SetBackgroundThreads(1, rocksdb::Env::LOW);
  rocksdb::Env::Default()->SetBackgroundThreads(1, rocksdb::Env::HIGH);
  auto families = column_families(s->memory->get());
  bool fresh = !std::filesystem::exists(path + "/CURRENT", ignored);
  rocksdb::DB* db = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  auto status = rocksdb::DB::Open(database_options(s->memory->get()), path, families, &handles, &db);
  if (!status.ok()) {
    if (status.ToString().find("lock") != std::string::npos && status.IsIOError())
      return fail(errc::locked, path + " is open in another process; end that process or use another directory");
    auto why = error_of(status, "opening the database in " + path);
    // What one file of it names is not there, or not as it must be: no disk that failed, but a database that is not whole.
    if (status.IsPathNotFound() || status.IsInvalidArgument() || status.IsNotFound()) return fail(errc::corrupt, why.message());
    return fail(why);
  }
  s->db.reset(db);
  if (fresh) {
    if (auto begun = begin_tables(*db, handles); !begun.ok()) return fail(error_of(begun, "making the database in " + path));
  }
  s->db->DestroyColumnFamilyHandle(handles.front());  // RocksDB insists on its default family; it stays empty
  s->handles.assign(handles.begin() + 1, handles.end());
  return std::unique_ptr<database>(new database(std::move(s)));
}

database::database(std::unique_ptr<state> s) : state_(std::move(s)) {}
database::~database() = default;

result<bytes> database::get(table t, bytes_view key) const {
  rocksdb::PinnableSlice value;
  auto status = state_->db->Get(rocksdb::ReadOptions(), state_->at(t), slice(key), &value);
  if (status.IsNotFound()) return fail(errc::not_found, "there is no such entry");
  if (!status.ok()) return fail(state_->failure(status, "reading from " + state_->path));
  return to_bytes(view(value));
}

outcome database::put(table t, bytes_view key, bytes_view value, durability d) {
  if (auto ready = state_->usable(); !ready) return ready;
  return state_->settle(state_->db->Put(write_options(d), state_->at(t), slice(key), slice(value)), "writing");
}

outcome database::erase(table t, bytes_view key, durability d) {
  if (auto ready = state_->usable(); !ready) return ready;
  return state_->settle(state_->db->Delete(write_options(d), state_->at(t), slice(key)), "erasing");
}

outcome database::write(const write_batch& batch, durability d) {
  if (auto ready = state_->usable(); !ready) return ready;
  rocksdb::WriteBatch all;
  for (const auto& change : batch.changes()) {
    auto* handle = state_->at(change.where);
    auto status = change.value ? all.Put(handle, slice(change.key), slice(*change.value)) : all.Delete(handle, slice(change.key));
    if (!status.ok()) return fail(error_of(status, "collecting changes"));
  }
  return state_->settle(state_->db->Write(write_options(d), &all), "writing");
}

outcome database::scan(table t, bytes_view prefix, bytes_view from,
                       const std::function<bool(bytes_view key, bytes_view value)>& visit) const {
  std::unique_ptr<rocksdb::Iterator> it(state_->db->NewIterator(rocksdb::ReadOptions(), state_->at(t)));
  auto start = std::max(as_text(prefix), as_text(from));
  for (it->Seek({start.data(), start.size()}); it->Valid() && it->key().starts_with(slice(prefix)); it->Next()) {
    if (!visit(view(it->key()), view(it->value()))) return {};
  }
  if (!it->status().ok()) return fail(state_->failure(it->status(), "reading from " + state_->path));
  return {};
}

outcome database::sync() {
  if (auto ready = state_->usable(); !ready) return ready;
  if (auto logged = state_->settle(state_->db->SyncWAL(), "syncing"); !logged) return logged;
  return state_->settle(state_->db->Flush(rocksdb::FlushOptions(), state_->handles), "syncing");
}

outcome database::check(const std::function<bool()>& go_on) const {
  constexpr std::size_t stride = 256;  // entries between two questions
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  for (auto* handle : state_->handles) {
    std::unique_ptr<rocksdb::Iterator> it(state_->db->NewIterator(options, handle));
    std::size_t read = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      if (++read % stride == 0 && !go_on()) return {};
    }
    if (!it->status().ok()) return fail(state_->failure(it->status(), "checking " + state_->path));
  }
  return {};
}

bool database::damaged() const { return state_->damaged; }

std::uint64_t database::bytes_on_disk() const {
  std::uint64_t sum = 0;
  for (auto* handle : state_->handles) {
    std::uint64_t part = 0;
    if (state_->db->GetIntProperty(handle, rocksdb::DB::Properties::kTotalSstFilesSize, &part)) sum += part;
  }
  return sum;
}

}  // namespace holdfast::storage

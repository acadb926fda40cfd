// Inline blocks, version records and small things that must last.
//
// Blocks and versions go to memory first and past the database's own log: the agreement log brings them back after a crash, until
// `sync` at a checkpoint makes them durable and the log may be released. Each value carries a CRC-32C over key and value: a flipped
// bit is an error, never an answer.
#pragma once

#include <span>
#include <utility>

#include "storage/database.hpp"

namespace holdfast::storage {

constexpr std::size_t block_store_key_bytes_max = 256;
constexpr std::size_t block_store_value_bytes_max = 16u << 20;

/// Bytes by key in one table of a database. Safe from any thread.
class checked_table {
 public:
  checked_table(database& db, table where, durability d) : db_(&db), where_(where), durability_(d) {}

  outcome put(bytes_view key, bytes_view value);
  outcome put_all(std::span<const std::pair<bytes_view, bytes_view>> entries);

  /// not_found if absent, corrupt if the value fails its check.
  result<bytes> get(bytes_view key) const;
  result<bool> has(bytes_view key) const;
  outcome erase(bytes_view key);

  /// Visits entries whose key begins with `prefix` and is >= `from`, until `visit` answers false; stops with corrupt at a damaged one.
  outcome scan(bytes_view prefix, bytes_view from, const std::function<bool(bytes_view key, bytes_view value)>& visit) const;

 private:
  database* db_;
  table where_;
  durability durability_;
};

/// Inline blocks by BGUID and version records by VGUID.
struct block_store {
  explicit block_store(database& db)
      : blocks(db, table::blocks, durability::rebuilt), versions(db, table::versions, durability::rebuilt), db_(&db) {}

  checked_table blocks;
  checked_table versions;

  /// All that was put before is durable on return: called before the agreement log is released.
  outcome sync() { return db_->sync(); }

 private:
  database* db_;
};

/// Small values, each durable when its `put` returns.
inline checked_table durable_kv(database& db) { return {db, table::kv, durability::synced}; }

}  // namespace holdfast::storage

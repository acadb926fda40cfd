// The one RocksDB instance of a data directory: small things by key, and the index of the extent store.
//
// RocksDB stays behind this border: keys and values in, `result` out. Writes go through its log; whether one is synced before the call
// returns is the caller's choice. All databases of a node share one cache and one write-buffer budget (OPERATIONS.md, "Memory").
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocols/base/bytes.hpp"
#include "storage/error.hpp"

namespace holdfast::storage {

/// Column families. Append at the end, never renumber: a name on disk belongs to each.
enum class table : std::uint8_t { kv, blocks, versions, extents, extent_blocks, extent_segments };
constexpr std::size_t table_count = 6;

enum class durability : std::uint8_t {
  rebuilt,  ///< in memory until the next `sync`, or until there is much of it: whoever wrote it can make it again
  lazy,    ///< survives the process, perhaps not the machine, until the next synced write or `sync`
  synced,  ///< on disk when the call returns
};

/// The memory that a node's databases share: block cache, and memtables that are charged to it.
class database_memory {
 public:
  explicit database_memory(std::size_t budget_bytes = 128u << 20);
  ~database_memory();
  struct parts;
  const parts& get() const { return *parts_; }

 private:
  std::unique_ptr<parts> parts_;
};

/// Several changes that happen together or not at all.
class write_batch {
 public:
  void put(table t, bytes_view key, bytes value) { changes_.push_back({t, to_bytes(key), std::move(value)}); }
  void erase(table t, bytes_view key) { changes_.push_back({t, to_bytes(key), std::nullopt}); }
  bool empty() const { return changes_.empty(); }

  struct change {
    table where;
    bytes key;
    std::optional<bytes> value;  ///< nothing: erased
  };
  const std::vector<change>& changes() const { return changes_; }

 private:
  std::vector<change> changes_;
};

/// What a disk must have left for anything to be written: RocksDB must never meet a full disk (it may abort the process), and needs room
/// for the tables that it makes of what its log holds.
constexpr std::uint64_t database_free_bytes_min = 128u << 20;

/// Safe from any thread.
class database {
 public:
  /// Opens or makes the database at `path` (a real directory). locked if another process has it; no_space below `database_free_bytes_min`.
  static result<std::unique_ptr<database>> open(const std::string& path, std::shared_ptr<database_memory> memory = nullptr);
  ~database();

  /// Rebuilds what a database at `path`, which nobody has open, says of itself from the files that can still be read. Entries may be
  /// missing afterwards, or be older ones.
  static outcome repair(const std::string& path);

  /// Deletes a database that nobody has open; none there is no error.
  static outcome destroy(const std::string& path);

  /// not_found if absent.
  result<bytes> get(table t, bytes_view key) const;

  /// Writes are refused with no_space, as a whole, while the disk has less than `database_free_bytes_min` left.
  outcome put(table t, bytes_view key, bytes_view value, durability d);
  outcome erase(table t, bytes_view key, durability d);
  outcome write(const write_batch& batch, durability d);

  /// Visits keys that begin with `prefix` and are >= `from`, in order, until `visit` answers false. The views live as long as the call.
  outcome scan(table t, bytes_view prefix, bytes_view from, const std::function<bool(bytes_view key, bytes_view value)>& visit) const;

  /// Everything written before is durable on return.
  outcome sync();

  std::uint64_t bytes_on_disk() const;

  /// Reads every entry once, past the cache, so that damage is found before it is asked for. Ends early, without error, when `go_on`
  /// answers false. corrupt: something fails its checksum.
  outcome check(const std::function<bool()>& go_on) const;

  /// True once anything failed its checksum. Damaged entries are never answered; what else the database holds may be used no more either,
  /// because nothing tells which entries are gone: set it aside and begin anew.
  bool damaged() const;

 private:
  struct state;
  explicit database(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace holdfast::storage

// A disk in memory that fails on demand, for tests and simulators.
//
// It knows for each file what was written and what was synced, and for each directory which names were. `crash` keeps the synced and,
// of the rest, nothing, everything or a random part in 512-byte sectors: what a power failure may leave under POSIX. A failed sync
// drops the unsynced writes while reads still show them, as Linux does, so that a retried sync which "succeeds" is caught.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>

#include "protocols/base/random.hpp"
#include "storage/file_system.hpp"

namespace holdfast::storage {

enum class after_crash : std::uint8_t {
  lose_unsynced,
  keep_unsynced,  ///< as when only the process dies
  tear_unsynced,  ///< a random part of the sectors, a random prefix of the changes of names
};

enum class disk_operation : std::uint8_t { write, sync, reserve, truncate, create, rename, remove, sync_directory };

class faulty_file_system final : public file_system {
 public:
  faulty_file_system();
  ~faulty_file_system() override;

  /// The disk's power fails: open files and locks become useless, content and names become what the rule leaves of them.
  void crash(after_crash rule, random_source& random);

  /// The `n`th (from 0) changing operation from now on, and all that follow, fail until `crash`: the machine stops there. A write that is
  /// the one to fail may have reached the disk.
  void stop_after(std::uint64_t n);

  /// The `n`th (from 0) operation of this kind from now on fails once with `code`.
  void fail_once(disk_operation kind, std::uint64_t n, errc code);

  /// Changing operations so far: what `stop_after` counts.
  std::uint64_t operations() const;

  /// Space for file contents; writes beyond it fail with no_space half way.
  void set_capacity(std::uint64_t bytes);

  /// Flips bits of a file where it lies, synced and visible alike. False if there is no such byte.
  bool flip(const std::string& path, std::uint64_t offset, std::uint8_t mask);

  /// Deletes a file as an outsider would: at once and durably.
  void vanish(const std::string& path);

  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override;
  result<bool> exists(const std::string& path) override;
  outcome create_directories(const std::string& path) override;
  result<std::vector<std::string>> list(const std::string& directory) override;
  outcome rename(const std::string& from, const std::string& to) override;
  outcome remove(const std::string& path) override;
  outcome sync_directory(const std::string& directory) override;
  result<disk_space> space(const std::string& path) override;
  result<std::unique_ptr<file_lock>> lock(const std::string& path) override;

 private:
  friend class faulty_file;
  friend class faulty_lock;

  struct pending_write {
    std::uint64_t offset = 0;
    bytes data;
  };
  struct node {
    bytes visible;  ///< what reads show
    bytes durable;  ///< what a crash leaves
    std::vector<pending_write> pending;
    std::optional<std::uint64_t> pending_size;  ///< a change of length that no sync has confirmed
  };
  struct name_change {
    std::string directory;
    std::map<std::string, std::shared_ptr<node>> set;
    std::set<std::string> erased;
  };
  struct planned_failure {
    disk_operation kind;
    std::uint64_t countdown;
    errc code;
  };

  /// Counts an operation and fails if it was planned to.
  outcome step(disk_operation kind, const std::string& path);
  void apply(std::map<std::string, std::shared_ptr<node>>& names, const name_change& change);
  void change_names(name_change change);
  std::uint64_t used() const;
  void settle(node& n, after_crash rule, random_source& random);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<node>> visible_;
  std::map<std::string, std::shared_ptr<node>> durable_;
  std::vector<name_change> unsynced_names_;
  std::set<std::string> directories_;
  std::set<std::string> locks_;
  std::vector<planned_failure> planned_;
  std::optional<std::uint64_t> stop_countdown_;
  bool stopped_ = false;
  std::uint64_t operations_ = 0;
  std::uint64_t capacity_ = ~0ull;
  std::uint64_t generation_ = 0;  ///< of handles: those from before a crash are dead
};

}  // namespace holdfast::storage

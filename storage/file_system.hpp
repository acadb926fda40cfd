// The few file operations that the stores rest on, as an interface, so that tests can crash a disk at every point.
//
// `real_file_system` is the machine's; `faulty_file_system` keeps files in memory and loses, tears and flips what a real disk may.
// What is promised after a crash is POSIX's least: bytes are durable after `file::sync`, names after `sync_directory`.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "protocols/base/bytes.hpp"
#include "storage/error.hpp"

namespace holdfast::storage {

/// One open file. Reads and writes name their offset, so several threads may use one file at once. Closed on destruction.
class file {
 public:
  virtual ~file() = default;

  /// Writes all parts one after another at `offset`. On an error any of the bytes may have reached the file.
  virtual outcome write(std::uint64_t offset, std::span<const bytes_view> parts) = 0;
  outcome write(std::uint64_t offset, bytes_view data) { return write(offset, std::span(&data, 1)); }

  /// Fills `out` from `offset`; fewer bytes only at the end of the file.
  virtual result<std::size_t> read(std::uint64_t offset, mutable_bytes_view out) = 0;

  /// All writes that returned before the call are durable when it succeeds (fdatasync).
  virtual outcome sync() = 0;

  /// Asks the disk to begin writing a range back, so that a later `sync` has less to wait for. A hint without promise.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t length) = 0;

  /// Sets aside space for the first `size` bytes, which read as zero until written; fails with no_space now rather than later.
  virtual outcome reserve(std::uint64_t size) = 0;

  virtual outcome truncate(std::uint64_t size) = 0;
  virtual result<std::uint64_t> size() = 0;
};

/// Held while it lives; the system releases it when the process dies.
class file_lock {
 public:
  virtual ~file_lock() = default;
};

enum class open_mode : std::uint8_t {
  read,        ///< must exist; for reading only
  write,       ///< must exist
  create_new,  ///< must not exist; made with mode 0600
  create,      ///< opened or made with mode 0600
};

struct disk_space {
  std::uint64_t total_bytes = 0;
  std::uint64_t available_bytes = 0;  ///< to a process without privileges
};

/// Safe from any thread. Paths are the system's; names in answers are without their directory.
class file_system {
 public:
  virtual ~file_system() = default;

  virtual result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) = 0;
  virtual result<bool> exists(const std::string& path) = 0;

  /// Makes the directory (mode 0700) and its missing parents, and their names durable; one that exists is left as it is.
  virtual outcome create_directories(const std::string& path) = 0;

  /// Names of the directory's entries, sorted.
  virtual result<std::vector<std::string>> list(const std::string& directory) = 0;

  /// Replaces `to` if it exists, atomically. Durable after `sync_directory`.
  virtual outcome rename(const std::string& from, const std::string& to) = 0;
  virtual outcome remove(const std::string& path) = 0;
  virtual outcome sync_directory(const std::string& directory) = 0;

  virtual result<disk_space> space(const std::string& path) = 0;

  /// Takes the lock file at `path` for this process alone, or fails with errc::locked at once.
  virtual result<std::unique_ptr<file_lock>> lock(const std::string& path) = 0;
};

/// The machine's own. Stateless.
file_system& real_file_system();

/// The whole file; refused with over_limit if larger than `bytes_max`.
result<bytes> read_file(file_system& files, const std::string& path, std::uint64_t bytes_max);

/// Replaces `directory`/`name` by `content`: after a crash it holds the old bytes or the new, never a mixture. Durable on return.
outcome replace_file(file_system& files, const std::string& directory, const std::string& name, bytes_view content);

}  // namespace holdfast::storage

// The segment files of the extent store: space given out, bytes written at disk speed, files synced, opened on demand and deleted.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <set>

#include "storage/file_system.hpp"

namespace holdfast::storage {

/// Safe from any thread.
class segment_files {
 public:
  segment_files(file_system& files, std::string directory, std::uint64_t segment_bytes);

  /// Lists what is there; the first segment written is above all of them and above `above`.
  outcome open(std::uint64_t above);

  struct space {
    std::shared_ptr<file> where;
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };

  /// Sets aside `length` bytes at the end of the newest segment, or in a new one when that is full. The segment is
  /// kept until `release`; the space is given out again only if a write to it failed.
  result<space> take(std::uint64_t length);

  /// Writes into space taken; starts the disk on every 8 MiB, so that little is left for the sync.
  outcome write(const space& s, std::span<const bytes_view> parts);

  /// One reason less to keep the segment.
  void release(std::uint64_t segment);

  /// Makes all that was written to these segments durable.
  outcome sync(const std::set<std::uint64_t>& segments);

  /// For reading; corrupt if the segment does not exist.
  result<std::shared_ptr<file>> get(std::uint64_t segment);

  /// Deletes the segment unless it is the newest or space in it is held. True if it is gone.
  result<bool> remove_unheld(std::uint64_t segment);

  /// Moves the file of a segment that nobody has used since `open` into another folder of the same disk, which is made if it is missing.
  outcome set_aside(std::uint64_t segment, const std::string& folder);

  std::set<std::uint64_t> present() const;
  std::uint64_t bytes() const;
  std::size_t count() const;

 private:
  struct segment {
    std::uint64_t size = 0;
    std::uint32_t holds = 0;
    std::shared_ptr<file> unsynced;  ///< written since the last sync
  };

  static std::string name_of(std::uint64_t number);
  std::string path(std::uint64_t number) const;
  outcome begin_segment();
  std::shared_ptr<file> remember(std::uint64_t number, std::shared_ptr<file> opened);

  file_system& files_;
  std::string directory_;
  std::uint64_t segment_bytes_;

  mutable std::mutex mutex_;
  std::map<std::uint64_t, segment> segments_;
  std::uint64_t total_ = 0;   ///< sum of the sizes
  std::uint64_t newest_ = 0;  ///< being written; 0: none yet
  std::uint64_t next_ = 1;
  std::shared_ptr<file> current_;
  std::list<std::pair<std::uint64_t, std::shared_ptr<file>>> opened_;  ///< most recently used first
};

}  // namespace holdfast::storage

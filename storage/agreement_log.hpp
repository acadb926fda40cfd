// The agreement log of one ring replica: what it has voted for, on disk before the vote leaves.
//
// Opaque records in segment files. Records appended between two syncs are a batch; each record carries the offset at which its batch
// began. On recovery, a damaged record with an intact one of a *later* batch behind it was durable once: the log is corrupt and the
// replica must know that it has forgotten something. Damage with nothing later behind it is the torn tail of a batch that was never
// acknowledged, and is cut off. Checksums are seeded with a random salt of the segment and the record's offset, so neither the remains
// of a recycled file nor bytes that a peer put inside a record pass for records.
//
// `log.state` names the segments that must exist, so a log whose files are gone is not taken for a new one; `log.mark` remembers
// without a sync of its own how far the log was durable, which exposes a lost tail after all but a power failure.
#pragma once

#include <functional>

#include "protocols/base/random.hpp"
#include "storage/file_system.hpp"

namespace holdfast::storage {

constexpr std::uint32_t log_segment_bytes = 64u << 20;
constexpr std::uint32_t log_record_bytes_max = 16u << 20;

struct log_options {
  std::uint32_t segment_bytes = log_segment_bytes;  ///< a batch that does not fit begins a new segment
  std::uint32_t spare_segments_max = 2;             ///< released segments kept for reuse: overwriting costs less than growing
};

/// Where a record lies: segment and offset. Good for `read` until its segment is released.
using log_position = std::uint64_t;

/// What recovery found.
struct log_recovery {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;     ///< of the records' contents
  bool torn = false;           ///< an unacknowledged tail was cut off
  std::uint64_t segments = 0;
};

/// Used by one thread at a time.
class agreement_log {
 public:
  using visitor = std::function<void(log_position at, bytes_view record)>;

  /// Makes a log where there is none; already_exists if `directory` holds one. `random` salts the segments and must outlive the log.
  static result<agreement_log> create(file_system& files, std::string directory, random_source& random, log_options options = {});

  /// Opens an existing log and hands each record to `visit`, in order. Errors: not_found (no log, or its directory is gone), corrupt (what
  /// was durable is damaged or missing: the replica is amnesiac; records visited so far are true but not all), io_failed, locked.
  static result<agreement_log> open(file_system& files, std::string directory, random_source& random, const visitor& visit,
                                    log_options options = {});

  /// Renames a damaged log out of the way, for people to look at, so that `create` may begin anew.
  static outcome set_aside(file_system& files, const std::string& directory);

  agreement_log(agreement_log&&) noexcept;
  agreement_log& operator=(agreement_log&&) noexcept;
  ~agreement_log();

  const log_recovery& recovery() const;

  /// Adds records to the batch; they count only after `sync`. Each is 1 byte to `log_record_bytes_max` long. On no_space nothing of the
  /// call is kept and the log remains usable; after io_failed every later call fails. Answers where each record lies.
  result<std::vector<log_position>> append(std::span<const bytes_view> records);
  result<std::vector<log_position>> append(bytes_view record) { return append(std::span(&record, 1)); }

  /// A record that was appended or recovered, checked again. corrupt if it is damaged; not_found if its segment was released.
  result<bytes> read(log_position at) const;

  /// Makes all appended records durable with one fdatasync; free if there are none.
  outcome sync();

  /// Begins a new segment (what was appended is synced first) and answers its number. Written before a checkpoint's records, the number
  /// is what `release_before` takes once the checkpoint is stable.
  result<std::uint64_t> roll();

  /// Forgets all segments below `segment`. Their records are not recovered again.
  outcome release_before(std::uint64_t segment);

  std::uint64_t segment() const;       ///< the one being written
  std::uint64_t bytes_on_disk() const;  ///< of the segments that recovery would read

 private:
  struct state;
  explicit agreement_log(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace holdfast::storage

// One machine's log disk: records are appended, durable only when an fsync that began after them ends, and a crash keeps what
// was durable and any number of bytes of the rest. Fsyncs can stall and fail; a failed one is final: the disk acknowledges
// nothing more.
//
// Every append, start of an fsync and end of an fsync is a persistence point. They are numbered, and a crash can be asked for
// at any one of them.
#pragma once

#include <optional>

#include "tests/simulation/core/event_queue.hpp"
#include "tests/simulation/core/options.hpp"

namespace holdfast::simulation {

/// A log as a program finds it at its start: records up to the first whose checksum is wrong.
struct log_content {
  std::vector<bytes> records;
  bool intact = true;  ///< false if something that had been durable is not readable
};

class log_disk {
 public:
  /// What the disk tells its node; all of it from the event loop, none from within `append`.
  struct listener {
    std::function<void(std::uint64_t ticket)> durable;  ///< everything up to and including this ticket
    std::function<void()> failed;
    std::function<void(std::uint64_t point)> point_passed;
  };

  log_disk(event_queue& events, disk_options options, std::uint64_t seed, listener listener)
      : events_(events), options_(options), random_(seed), listener_(std::move(listener)) {}

  /// Appends; `durable` follows, unless the machine crashes or the disk fails first. Tickets count up. Without `sync` the
  /// record waits for the next one with it.
  void append(std::uint64_t ticket, bytes_view record, bool sync = true);

  /// The machine stops. Of what was not durable any number of bytes survives, so the last record may be torn; with some
  /// chance a hole of zeros lies before its end, as when later sectors were written before earlier ones.
  void crash();

  /// Reads the log and cuts what is torn off its end.
  log_content recover();

  /// Loses all of it: a new disk in an old machine.
  void wipe();

  /// Forgets the newest `count` durable records: an old snapshot put back, a disk that lied.
  void roll_back(std::size_t count);

  /// Flips a bit somewhere in what is durable.
  void flip_bit();

  /// From now on a good disk.
  void heal() { options_.stall = options_.failure = 0; }

  std::uint64_t points_passed() const { return points_; }

 private:
  struct pending {
    std::uint64_t ticket;
    std::size_t end;  ///< in bytes of content
    bool sync;
  };

  void begin_sync();
  void end_sync(std::size_t covered_bytes);
  void pass_point();
  std::vector<std::size_t> record_ends() const;

  event_queue& events_;
  disk_options options_;
  seeded_random random_;
  listener listener_;
  bytes content_;
  std::size_t durable_bytes_ = 0;
  std::vector<pending> pending_;
  bool syncing_ = false, failed_ = false;
  std::uint64_t life_ = 0;  ///< grows at each crash; an fsync of an earlier life ends nothing
  std::uint64_t points_ = 0;
};

}  // namespace holdfast::simulation

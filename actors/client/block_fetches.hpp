// Blocks on their way in, from archive servers or a replica or both: what is right first counts.
//
// A reader asks through its `block_fetches` and waits there; what comes lies in its `block_inbox`, which the archive desk and the
// replicas fill; `block_reads` is the desk's half, with the collector.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/client/replica_access.hpp"
#include "actors/client/server_memory.hpp"
#include "protocols/archive/collector.hpp"

namespace holdfast::actors {

/// A block that came or failed, or word that its replica is late.
struct arrived_block : archive::fetched_block {
  std::optional<node_id> replica;  ///< it came from there, and no fragment was fetched
  bool overdue = false;            ///< nothing has come: the archive servers are to be asked, beside the replica if that still may answer
};

/// Where one reader's blocks arrive, and what may yet come for each. Safe from any thread.
class block_inbox {
 public:
  enum class source : std::uint8_t { archive, replica };

  /// The source has been asked for a block that nobody else is asked for.
  void expect(std::uint64_t tag, source from);

  /// The archive servers are to be asked, too; false if the block has come meanwhile.
  bool expect_archive_too(std::uint64_t tag);

  void from_archive(archive::fetched_block block);
  void from_replica(std::uint64_t tag, std::optional<replica_answer> answer);
  void overdue(std::uint64_t tag);

  /// What arrived next; `unavailable` if nothing does for minutes.
  result<arrived_block> next();

  /// The reader has gone.
  void cancel();
  bool cancelled() const;

 private:
  struct sources {
    bool archive = false, replica = false;  ///< may yet answer
    bool told_overdue = false;
    std::optional<arrived_block> failed;    ///< the archive's word, while the replica may yet answer
  };

  void tell_overdue(std::uint64_t tag, sources& of);
  void arrive(arrived_block block);

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::deque<arrived_block> arrived_;
  std::map<std::uint64_t, sources> under_way_;  ///< by tag
  bool cancelled_ = false;
};

/// A reader's question to the archive servers.
struct fetch_wanted {
  std::shared_ptr<block_inbox> reader;
  std::uint64_t tag = 0;
  archive::block_want want;
};

/// A reader's end. For one thread.
class block_fetches {
 public:
  explicit block_fetches(caf::actor desk) : inbox_(std::make_shared<block_inbox>()), desk_(std::move(desk)) {}
  ~block_fetches();
  block_fetches(block_fetches&&) = default;
  block_fetches& operator=(block_fetches&&) = default;

  /// `tag` comes back in `fetched_block::fetch`.
  void ask(std::uint64_t tag, archive::block_want want);
  void ask(std::uint64_t tag, replica_access& replicas, const replica::get_block& wanted);

  /// After word that the replica is late. Nothing, if its answer has come meanwhile.
  void ask_too(std::uint64_t tag, archive::block_want want);

  /// What happened next; something must be under way. May be of a block that has arrived before.
  result<arrived_block> next() { return inbox_->next(); }

 private:
  std::shared_ptr<block_inbox> inbox_;
  caf::actor desk_;
};

/// The desk's half: one collector for all readers. For one thread.
class block_reads {
 public:
  using transmitter = std::function<void(const std::vector<archive::outgoing_request>&)>;

  block_reads(transmitter transmit, std::shared_ptr<server_memory> memory) : transmit_(std::move(transmit)), memory_(std::move(memory)) {}

  void fetch(clock_reading at, fetch_wanted wanted);

  void on_reply(clock_reading at, const node_id& from, const archive::service_reply& reply);
  void on_peer_lost(clock_reading at, const node_id& peer);
  void on_timer(clock_reading at);
  bool busy() const { return !collector_.idle() || !waiting_.empty(); }

 private:
  struct reader {
    std::shared_ptr<block_inbox> inbox;
    std::uint64_t tag = 0;
  };

  void carry(clock_reading at, archive::collector_step step);
  void begin_fetches(clock_reading at);

  transmitter transmit_;
  std::shared_ptr<server_memory> memory_;
  archive::collector collector_{0};
  std::deque<fetch_wanted> waiting_;
  std::map<std::uint64_t, reader> readers_;  ///< by the collector's number
  std::uint64_t last_ = 0;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::fetch_wanted)

// Where this process's archive business with servers runs: one actor with a disperser for each extent on its way out and a
// collector for the blocks on their way in. Threads that read, seal and code hand their work over here and wait for room.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/actor.hpp>

#include "actors/client/replica_access.hpp"
#include "protocols/archive/collector.hpp"
#include "protocols/archive/disperser.hpp"

namespace holdfast::actors {

/// One extent on its way out. `add` and `close` are for one thread.
class extent_stream : public std::enable_shared_from_this<extent_stream> {
 public:
  extent_stream(caf::actor desk, archive::disperser_config config, directory_ptr directory);

  /// Hands over the next block once there is room; fails when the extent has failed.
  outcome add(archive::coded_block block);
  void close();

  /// Waits for the servers' receipts. After `close`.
  result<archive::extent_claim> claim();

  /// The update with the claim has committed: the servers may know. Or it never will.
  void settle();
  void give_up();

 private:
  friend class archive_desk;

  bool wait_until(const std::function<bool()>& condition);

  caf::actor desk_;
  const archive::disperser_config config_;
  const directory_ptr directory_;  ///< outlives the disperser that refers to it

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::size_t handed_over_ = 0;  ///< blocks sent to the desk and not yet taken
  bool wants_more_ = true;
  std::optional<result<archive::extent_claim>> outcome_;
};
using extent_stream_ptr = std::shared_ptr<extent_stream>;

/// A block that came or failed, or word that its replica is late.
struct arrived_block : archive::fetched_block {
  std::optional<node_id> replica;  ///< it came from there, and no fragment was fetched
  bool overdue = false;            ///< nothing has come: the archive servers are to be asked, beside the replica if that still may answer
};

/// Blocks on their way in for one reader, from archive servers or a replica or both: what is right first counts. For one thread.
class block_fetches {
 public:
  explicit block_fetches(caf::actor desk) : shared_(std::make_shared<shared>()), desk_(std::move(desk)) {}
  ~block_fetches();
  block_fetches(block_fetches&&) = default;
  block_fetches& operator=(block_fetches&&) = default;

  /// `tag` comes back in `fetched_block::fetch`.
  void ask(std::uint64_t tag, archive::block_want want);
  void ask(std::uint64_t tag, replica_access& replicas, const replica::get_block& wanted);

  /// What happened next; something must be under way.
  arrived_block next();

 private:
  friend class archive_desk;
  struct sources {
    bool archive = false, replica = false;  ///< may yet answer
    bool told_overdue = false;
    std::optional<arrived_block> failed;    ///< the archive's word, while the replica may yet answer
  };
  struct shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<arrived_block> arrived;
    std::map<std::uint64_t, sources> under_way;  ///< by tag
    bool cancelled = false;

    void from_archive(archive::fetched_block block);
    void from_replica(std::uint64_t tag, std::optional<replica_answer> answer);
    void overdue(std::uint64_t tag);
    void arrive(arrived_block block);
  };

  std::shared_ptr<shared> shared_;
  caf::actor desk_;
};

/// Servers that failed this process a moment ago: others are chosen first.
class server_memory {
 public:
  void failed(const node_id& server);
  void well(const node_id& server);
  bool suspect(const node_id& server) const;

 private:
  static constexpr duration rest = std::chrono::seconds(10);
  mutable std::mutex mutex_;
  std::map<node_id, instant> failed_;
};

/// Starts an extent's way out.
extent_stream_ptr begin_extent(const caf::actor& desk, archive::disperser_config config, directory_ptr directory);

caf::actor spawn_archive_desk(caf::actor_system& system, link_port_ptr links, std::shared_ptr<server_memory> memory);

}  // namespace holdfast::actors

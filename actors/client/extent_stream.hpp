// Extents on their way out. A thread that reads, seals and codes hands its blocks to an extent's stream and waits there for room and
// for receipts; the archive desk runs the disperser behind each.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include <caf/actor.hpp>
#include <caf/atom.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/client/server_memory.hpp"
#include "actors/membership/trust_store.hpp"
#include "protocols/archive/disperser.hpp"

namespace holdfast::actors {

/// One extent on its way out. `add` and `close` are for one thread.
class extent_stream : public std::enable_shared_from_this<extent_stream> {
 public:
  extent_stream(caf::actor desk, archive::disperser_config config, directory_ptr directory);

  /// Hands over the next block once there is room; fails when the extent has failed.
  outcome add(archive::coded_block block);
  void close();

  /// Waits for the servers' receipts, for as long as there is progress. After `close`.
  result<archive::extent_claim> claim();

  /// The update with the claim has committed: the servers may know. Or it never will.
  void settle();
  void give_up();

 private:
  friend class extent_uploads;

  bool wait_until(const std::function<bool()>& condition);

  caf::actor desk_;
  const archive::disperser_config config_;
  const directory_ptr directory_;  ///< outlives the disperser that refers to it

  std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::size_t handed_over_ = 0;  ///< blocks sent to the desk and not yet taken
  bool wants_more_ = true;
  instant progress_{};           ///< when servers were last heard of
  std::optional<result<archive::extent_claim>> outcome_;
};
using extent_stream_ptr = std::shared_ptr<extent_stream>;

/// Starts an extent's way out.
extent_stream_ptr begin_extent(const caf::actor& desk, archive::disperser_config config, directory_ptr directory);

// What streams tell the desk.
using extent_begin_atom = caf::atom_constant<caf::atom("extbegin")>;
using extent_close_atom = caf::atom_constant<caf::atom("extclose")>;
using settle_atom = caf::atom_constant<caf::atom("settle")>;
using give_up_atom = caf::atom_constant<caf::atom("giveup")>;

/// Handed over whole: the receiver takes the content out, so there must be one receiver.
struct block_handed_over {
  extent_stream_ptr stream;
  std::shared_ptr<archive::coded_block> block;
};

/// The desk's half: a disperser for each stream. For one thread.
class extent_uploads {
 public:
  using transmitter = std::function<void(const std::vector<archive::outgoing_request>&)>;

  /// Requests of the upload numbered k have ids from k << `id_shift` on; k is never 0.
  static constexpr std::uint32_t id_shift = 40;

  extent_uploads(transmitter transmit, std::shared_ptr<server_memory> memory) : transmit_(std::move(transmit)), memory_(std::move(memory)) {}

  void begin(clock_reading at, const extent_stream_ptr& stream);
  void take(clock_reading at, const block_handed_over& handed);
  void close(clock_reading at, const extent_stream_ptr& stream);
  void settle(const extent_stream_ptr& stream);
  /// Nobody waits for it any more. What servers hold of it unsealed goes at once, what is sealed expires by itself.
  void forget(const extent_stream_ptr& stream);

  void on_reply(clock_reading at, const node_id& from, const archive::service_reply& reply);
  void on_peer_lost(clock_reading at, const node_id& peer);
  void on_timer(clock_reading at);
  bool busy() const { return !uploads_.empty(); }

 private:
  struct upload_state {
    extent_stream_ptr stream;
    std::unique_ptr<archive::disperser> engine;
  };

  upload_state* find(const extent_stream_ptr& stream);
  void carry(upload_state& upload, archive::disperser_step step);
  void publish(upload_state& upload);

  transmitter transmit_;
  std::shared_ptr<server_memory> memory_;
  std::map<std::uint64_t, upload_state> uploads_;  ///< by number
  std::map<const extent_stream*, std::uint64_t> numbers_;
  std::uint64_t last_ = 0;
};

}  // namespace holdfast::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::extent_stream_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actors::block_handed_over)

// The writer's half of dispersal: streams one extent's fragments to n servers at once and collects their receipts.
//
// Memory is bounded by a window per server: `wants_more` turns false when a live server's queue is full, so the slowest healthy
// server sets the pace. What a server has not acknowledged is kept; so a slot whose server fails before acknowledging anything moves
// to the next spare, and a link that merely broke is resumed. A slot lost later is given up: the extent succeeds as long as
// enough receipts come together, and the ring has the rest filled in. A frozen server is one that makes no progress while
// others do, for far longer than they take; it is never waited for once enough receipts are there.
#pragma once

#include <deque>

#include "protocols/archive/claim.hpp"
#include "protocols/archive/fragment_tree.hpp"
#include "protocols/base/engine.hpp"

namespace holdfast::archive {

struct disperser_config {
  ring_id ring;
  extent_origin origin;
  coding code;
  std::uint64_t bytes_expected = extent_bytes_max;  ///< ciphertext at most; reserved at each server
  std::vector<node_id> order;      ///< `placement_order`, servers known to be down moved behind: first n, then spares
  std::uint8_t margin = 1;         ///< receipts beyond m; from the cluster's policy
  std::uint64_t window_bytes = 4u << 20;   ///< sent to a server and not acknowledged
  std::uint64_t queue_bytes = 8u << 20;    ///< kept for a server in all; beyond, `wants_more` is false
  std::uint64_t request_base = 0;          ///< requests are numbered from here on, so that one actor can tell its engines' answers apart
  duration open_timeout = std::chrono::milliseconds(1000);   ///< an opening not answered by then goes to a spare
  duration stalled_after = std::chrono::milliseconds(2000);  ///< no progress while others make it, at the least: the slot is lost
  duration grace = std::chrono::milliseconds(300);           ///< for the remaining receipts once enough are there
  duration give_up_after = std::chrono::seconds(30);         ///< no progress of any server: the extent fails
};

/// A slot changed hands or was given up.
struct slot_event {
  std::uint8_t slot = 0;
  node_id server;
  std::optional<node_id> replaced_by;
  error why;
};

struct disperser_step {
  std::vector<outgoing_request> requests;
  std::vector<slot_event> events;
};

class disperser {
 public:
  /// How often `on_timer` is due.
  static constexpr duration tick = std::chrono::milliseconds(50);

  /// `directory` is the one `order` was computed from; it must outlive the disperser.
  disperser(disperser_config config, const identity::directory& directory);

  disperser_step start(clock_reading at);

  /// True if a further block may be added without exceeding memory.
  bool wants_more() const;
  /// True if the extent has room for a block of this length; otherwise close it and begin the next.
  bool has_room_for(std::uint32_t ciphertext_bytes) const;

  /// The extent's next block, coded by this extent's coding. Its index in the extent is `blocks().size()` before the call.
  disperser_step add(clock_reading at, coded_block block);

  /// No more blocks; there must be at least one.
  disperser_step close(clock_reading at);

  disperser_step on_reply(clock_reading at, const node_id& from, const service_reply& reply);
  disperser_step on_peer_lost(clock_reading at, const node_id& peer);
  disperser_step on_timer(clock_reading at);

  /// Set once: the claim with at least the receipts needed, or why there is none: `over_limit` if all that failed were full, else
  /// `unavailable`.
  const std::optional<result<extent_claim>>& outcome() const { return outcome_; }

  const std::vector<block_entry>& blocks() const { return entries_; }

  /// After the update with the claim has committed: tells the servers, so that they need not wait for their own question.
  std::vector<outgoing_request> settle_requests() const;
  /// If there will be no update: servers need not keep what is not sealed.
  std::vector<outgoing_request> abandon_requests() const;

  /// When any server last made progress.
  instant last_progress() const { return last_progress_; }

  std::uint64_t queued_bytes() const;

 private:
  enum class phase : std::uint8_t { opening, streaming, sealing, sealed, lost };

  struct queued_fragment {
    std::uint32_t ordinal = 0;
    block_header header;
    bytes data;
    bool kept = false;  ///< said by the server, ahead of an earlier one
  };

  struct slot {
    std::uint8_t index = 0;
    phase at = phase::opening;
    node_id server;
    std::deque<queued_fragment> queue;  ///< sent ones first
    std::size_t sent = 0;               ///< how many of `queue` are under way
    std::uint64_t queued_bytes = 0, sent_bytes = 0;
    std::uint32_t acknowledged = 0;     ///< blocks the server said it keeps
    std::uint64_t request = 0;          ///< id of the open or seal request under way
    std::optional<instant> open_at;     ///< when to ask for the opening, after a refusal that passes
    std::uint8_t reopened = 0;
    instant progress;                   ///< last sign of life, or when it first had something to do
    duration pace{};                    ///< between two acknowledgements, when they come slowly; 0: not known yet
    bool live() const { return at != phase::lost; }
    bool busy() const { return at == phase::opening || at == phase::sealing || sent > 0; }
  };

  void open(slot& s, duration rest = {});
  void ask_to_open(slot& s);
  void pump(slot& s);
  void acknowledge(slot& s, std::uint32_t blocks);
  void send_fragment(slot& s, const queued_fragment& f);
  void replied(slot& s, const extent_progress& progress);
  void replied(slot& s, const fragment_kept& kept);
  void replied(slot& s, const extent_sealed& sealed);
  void replied(slot& s, std::uint64_t id, const refusal& why);
  void fail_slot(slot& s, const error& why);
  void conclude();
  bool receipt_is_right(const slot& s, const receipt& r) const;
  std::size_t live() const;
  duration patience_with(const slot& s) const;
  bool standstill() const;
  void request(const node_id& to, std::uint64_t id, request_body body);
  disperser_step finish();

  disperser_config config_;
  const identity::directory& directory_;
  extent_id extent_;
  std::vector<slot> slots_;
  std::size_t next_spare_ = 0;
  std::vector<block_entry> entries_;
  std::uint64_t bytes_ = 0;
  digest list_;
  bool closed_ = false;
  std::vector<signed_receipt> receipts_;
  std::set<node_id> touched_;            ///< servers that may hold an unsealed part of this extent
  std::vector<node_id> sealed_by_;
  std::optional<instant> enough_since_;
  instant last_progress_;                ///< of any slot
  std::optional<error> last_trouble_;
  std::size_t failures_ = 0, full_ = 0;  ///< of slots; those for want of space
  std::optional<result<extent_claim>> outcome_;
  std::uint64_t requests_ = 0;
  clock_reading at_{};
  disperser_step step_;
};

}  // namespace holdfast::archive

// Filling in: a server rebuilds the fragments that an extent's slot should hold, from what other servers hold.
//
// The block list comes from any holder and must hash to the coding record's list; each block is fetched like any reader fetches
// it and checked by name; coded again, it must have the very fragment root of the list, so what is stored here is bit for bit
// what the writer made. A root that differs is evidence against who dispersed the extent.
#pragma once

#include "protocols/archive/archive_store_types.hpp"
#include "protocols/archive/collector.hpp"

namespace holdfast::archive {

struct filler_config {
  coding_record record;
  ring_id ring;
  node_id self;
  std::uint8_t slot = 0;
  std::uint64_t role_epoch = 1;
  std::chrono::milliseconds receipt_life = std::chrono::hours(24);
  std::vector<std::uint32_t> only;      ///< ascending ordinals of damaged fragments to replace; empty: the whole extent
  std::uint64_t request_base = 0;       ///< requests are numbered from here on
  std::uint64_t ticket_base = 0;        ///< store tickets too; apart from the archive server's own
  std::size_t blocks_under_way_max = 4; ///< each holds at most n fragments in memory
};

/// The dispersed fragments are not what the block codes to: whoever dispersed the extent did it falsely.
struct dispersal_evidence {
  extent_id extent;
  std::uint32_t ordinal = 0;
  block_entry entry;
  digest recoded_root;
};

struct filler_step {
  std::vector<outgoing_request> requests;
  std::vector<store_effect> effects;
  std::vector<dispersal_evidence> evidence;
};

/// What was filled in. A whole extent's header is sealed and durable: `archive_server::adopt` takes it over and gives the receipt.
struct filled_extent {
  extent_header header;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;  ///< of fragments written
};

class filler {
 public:
  static constexpr duration tick = collector::tick;

  explicit filler(filler_config config);

  filler_step start(clock_reading at);
  filler_step on_reply(clock_reading at, const node_id& from, const service_reply& reply);
  filler_step on_stored(clock_reading at, store_ticket ticket, const holdfast::outcome& stored);
  filler_step on_peer_lost(clock_reading at, const node_id& peer);
  filler_step on_timer(clock_reading at);

  /// Set once. `unavailable`: too few fragments can be had now, try again later; `damaged`: they do not rebuild the extent.
  const std::optional<result<filled_extent>>& outcome() const { return outcome_; }

  std::uint32_t blocks_done() const { return done_; }

 private:
  void ask_list();
  void list_arrived(const list_part& part);
  void list_complete();
  void next_holder(std::string why);
  void fetch_more();
  void take(collector_step step);
  void rebuilt(const fetched_block& fetched);
  void store_ready();
  void end(error why);
  void close();
  std::uint32_t ordinal_at(std::size_t position) const;
  std::size_t positions() const;
  filler_step finish();

  filler_config config_;
  reed_solomon codec_;
  collector collector_;
  std::vector<node_id> holders_;
  std::size_t holder_ = 0;            ///< whom the list is being asked of
  std::uint64_t list_request_ = 0;
  instant list_asked_, list_begun_;
  std::vector<block_entry> entries_;
  bool list_known_ = false;
  std::size_t fetched_ = 0;           ///< positions begun
  std::size_t stored_ = 0;            ///< positions given to the store, in order
  std::map<std::size_t, stored_fragment> ready_;  ///< rebuilt ahead of their turn
  std::set<store_ticket> writing_;
  std::optional<store_ticket> sealing_;
  std::uint32_t done_ = 0;
  std::uint64_t tickets_;
  std::string list_trouble_;
  filled_extent filled_;
  std::optional<result<filled_extent>> outcome_;
  clock_reading at_{};
  filler_step step_;
};

}  // namespace holdfast::archive

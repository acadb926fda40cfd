// The archive server: verifies, keeps, serves and signs receipts for extents.
//
// Nothing is believed: a fragment is kept only if it proves itself against its block's fragment root, an extent is sealed only
// if the list that the server computed itself is the writer's, and a receipt leaves only after the store has said that all of
// it is durable. What a receipt promises is kept until a signed root later than its expiry proves that no update used it.
#pragma once

#include "protocols/archive/uncommitted_table.hpp"
#include "protocols/archive/under_way.hpp"
#include "protocols/identity/identity_types.hpp"

namespace holdfast::archive {

struct server_config {
  cluster_id cluster;
  node_id self;
  std::uint64_t role_epoch = 1;
  server_limits limits;
};

struct outgoing_reply {
  link::endpoint to;  ///< the process that asked
  service_reply reply;
};

/// What the server noticed: for the observer and for repair.
struct server_event {
  enum class kind : std::uint8_t {
    fragment_damaged,   ///< a stored fragment fails its check: fill it in anew
    extent_missed,      ///< asked for reading and not here: look whether it should be
    fragment_refused,   ///< a writer's fragment did not prove itself
    extent_sealed,
    extent_committed,
    extent_dropped,
    store_failed,       ///< the store failed to write: no more extents are taken
  };
  kind what;
  extent_id extent;
  std::uint32_t ordinal = 0;
  node_id peer;
  std::string sentence;
};
std::string_view to_string(server_event::kind k);

/// A fragment this server holds for a slot that the ring has vacant: a fill ready to be submitted.
struct fill_offer {
  extent_id extent;
  std::uint64_t record_version = 0;
  signed_receipt receipt;
};

/// What the engine wants done, in this order: effects, then replies.
struct server_step {
  std::vector<store_effect> effects;
  std::vector<outgoing_reply> replies;
  std::vector<extent_id> commitment_queries;  ///< ask the extent's ring and answer with `on_commitment`; no answer is fine
  std::vector<fill_offer> offers;
  std::vector<server_event> events;
};

/// What a ring said about an extent under a verified signed root.
struct commitment {
  std::optional<coding_record> record;  ///< absent: the root proves that there is none
  wall_time root_time;
};

class archive_server {
 public:
  /// How often `on_timer` is due.
  static constexpr duration tick = std::chrono::seconds(1);
  static constexpr std::size_t commitment_queries_max = 64;  ///< of those that `on_timer` finds due; who settles may name more
  static constexpr std::size_t seal_askers_max = 16;         ///< who wait for one seal

  /// `uncommitted` is what the store recovered: open extents with their entries, sealed ones.
  archive_server(server_config config, crypto::signing_key key, std::vector<stored_extent> uncommitted, clock_reading at);

  server_step on_request(clock_reading at, const link::endpoint& from, service_request request);
  server_step on_stored(clock_reading at, store_ticket ticket, const outcome& stored);
  server_step on_fragment(clock_reading at, store_ticket ticket, result<stored_fragment> found);
  server_step on_extent(clock_reading at, store_ticket ticket, result<stored_extent> found);
  server_step on_inventory(clock_reading at, store_ticket ticket, const std::vector<extent_header>& found);
  server_step on_commitment(clock_reading at, const extent_id& extent, const commitment& said);
  server_step on_timer(clock_reading at);

  /// The link to a process is down: its half-sent fragments are forgotten, it sends them again. What it left open waits a while for it.
  void on_peer_lost(clock_reading at, const link::endpoint& peer);

  /// Takes over an extent that the filler of this server has sealed, until the ring commits it.
  void adopt(clock_reading at, const extent_header& sealed);

  /// The disk's state, as last measured; openings beyond capacity are refused. Capacity 0: unknown.
  void set_usage(std::uint64_t stored_bytes, std::uint64_t capacity_bytes);
  void set_limits(const server_limits& limits) { table_.set_limits(limits); }
  const server_limits& limits() const { return table_.limits(); }

  /// The epoch that receipts from now on are given in, as the directory has it.
  void set_role_epoch(std::uint64_t epoch) { config_.role_epoch = epoch; }

  /// A receipt for a sealed extent. Deterministic: asked again, the same bytes.
  signed_receipt receipt_for(const extent_header& sealed) const;

  const uncommitted_table& uncommitted() const { return table_; }
  archive_stat stat() const;

 private:
  struct asker {
    link::endpoint end;
    std::uint64_t request = 0;

    const node_id& member() const { return end.member; }
    bool operator==(const asker&) const = default;
  };
  struct pending_append {
    asker from;
    extent_id extent;
    std::uint32_t ordinal = 0;
    std::uint64_t bytes = 0;
  };
  struct pending_seal {
    extent_id extent;
    extent_header header;
    std::vector<asker> from;  // all who asked while it was under way
  };
  struct pending_read {
    asker from;
    request_body body;  // what was asked, to be answered when the store has answered
    bool withdrawn = false;  // an opening whose extent was abandoned meanwhile
  };
  using pending = std::variant<pending_append, pending_seal, pending_read>;

  // requests that write
  void handle(const asker& from, open_extent& request);
  void handle(const asker& from, put_piece& request);
  void handle(const asker& from, seal_extent& request);
  void handle(const asker& from, settle& request);
  void handle(const asker& from, abandon& request);
  // requests that read
  void handle(const asker& from, get_fragment& request);
  void handle(const asker& from, get_chunk& request);
  void handle(const asker& from, get_list& request);
  void handle(const asker& from, get_inventory& request);
  void handle(const asker& from, get_stat& request);

  void begin_extent(const asker& from, const open_extent& request);
  void answer_open(const asker& from, const open_extent& request, const extent_header& header, std::size_t blocks);
  outcome take_piece(const link::endpoint& from, uncommitted_extent& extent, const put_piece& piece);
  void fragment_complete(const asker& from, uncommitted_extent& extent);
  void begin_seal(const asker& from, uncommitted_extent& extent, const seal_extent& request);
  void join_seal(const asker& from, const seal_extent& request);
  uncommitted_extent* writable(const asker& from, const extent_id& extent);
  void appended(const pending_append& append, const outcome& stored);
  void sealed(const pending_seal& seal, const outcome& stored);
  void give_up(const extent_id& extent, const error& why);
  void leave_unfinished(const extent_id& extent, std::string why);
  void withdraw_openings(const asker& from, const extent_id& extent);

  void found_extent(const pending_read& read, result<stored_extent> found);
  void send_fragment(const asker& from, stored_fragment fragment);
  void damaged(const asker& from, const extent_id& extent, std::uint32_t ordinal, const std::string& why);
  void refuse_read(const asker& from, const extent_id& extent, const error& why);
  /// A ticket for a question to the store, within the bounds; else refuses. The request waits for the answer.
  std::optional<store_ticket> begin_read(const asker& from, request_body body);

  std::optional<pending> take(store_ticket ticket);
  store_ticket issue(pending p);
  void reply(const asker& to, reply_body body);
  void refuse(const asker& to, const error& why);
  void report(server_event::kind what, const extent_id& extent, std::uint32_t ordinal, const node_id& peer, std::string sentence);
  server_step finish();

  server_config config_;
  crypto::signing_key key_;
  uncommitted_table table_;
  std::map<store_ticket, pending> pending_;
  under_way reads_;
  under_way lookups_;  // for openings and seals: however much is read, what is to be kept goes on
  std::uint64_t tickets_ = 0;
  std::uint64_t stored_bytes_ = 0, capacity_bytes_ = 0, damaged_ = 0;
  bool store_failed_ = false;
  clock_reading at_{};
  server_step step_;
};

}  // namespace holdfast::archive

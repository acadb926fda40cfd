// The reader's half: fetches blocks from any m of their n fragments.
//
// The m servers that have answered fastest are asked first; whoever is late, refuses or lies has another asked beside it, so a
// frozen server costs a short delay and no error. Every fragment must prove itself against the fragment root that comes with
// it, fragments of one root are decoded together, and what they decode to must hash to the block's name: the name decides,
// whatever servers and roots say. Servers whose fragments do not fit are reported.
#pragma once

#include "protocols/archive/fragment_tree.hpp"
#include "protocols/archive/server_latency.hpp"

namespace holdfast::archive {

/// A block to be fetched, and where its fragments should be.
struct block_want {
  extent_id extent;
  std::uint32_t ordinal = 0;
  bguid block;
  std::uint32_t length = 0;
  coding code;
  std::vector<std::optional<node_id>> slots;
  std::optional<digest> fragment_root;  ///< if the extent's list is known: other roots are lies
  bool every_fragment = false;          ///< fetch all n and report on each: `verify`, not a plain read
};

enum class fragment_fate : std::uint8_t {
  unasked,      ///< not needed
  used,         ///< decoded from
  intact,       ///< arrived and proved itself, not needed
  vacant,       ///< the slot has no server: on the repair list
  late,         ///< asked, no answer by the time the block was there
  unreachable,  ///< the link or the server failed
  missing,      ///< the server says that it has no such fragment
  damaged,      ///< the server says that its fragment is damaged
  false_proof,  ///< the server sent what does not prove itself, or proves another block
};
std::string_view to_string(fragment_fate f);

struct fetched_block {
  std::uint64_t fetch = 0;              ///< as given to `fetch`
  result<bytes> ciphertext;             ///< hashes to the wanted name; or `unavailable`, `damaged`
  coding code;
  std::vector<fragment_fate> fates;     ///< by slot
  std::vector<std::optional<node_id>> slots;
  std::optional<block_entry> entry;     ///< of the root that was decoded from
  bool root_mismatch = false;           ///< re-encoding gives another root: evidence against who dispersed (every_fragment only)

  std::size_t count(fragment_fate f) const { return static_cast<std::size_t>(std::count(fates.begin(), fates.end(), f)); }
  /// "decoded from 4 of 6"; with what is wrong behind: "decoded from 4 of 6 (1 late, 1 damaged)".
  std::string describe() const;
};

struct collector_step {
  std::vector<outgoing_request> requests;
  std::vector<fetched_block> fetched;
};

class collector {
 public:
  /// How often `on_timer` is due while anything is under way.
  static constexpr duration tick = std::chrono::milliseconds(20);
  static constexpr std::size_t fetches_max = 64;  ///< under way; each holds at most n fragments in memory

  explicit collector(std::uint64_t request_base = 0, duration give_up_after = std::chrono::seconds(15));

  bool wants_more() const { return fetches_.size() < fetches_max; }
  bool idle() const { return fetches_.empty(); }

  /// Begins to fetch a block; `fetch` is a number of the caller's, unique among those under way.
  collector_step fetch(clock_reading at, std::uint64_t fetch, block_want want);
  void cancel(std::uint64_t fetch);

  collector_step on_reply(clock_reading at, const node_id& from, const service_reply& reply);
  collector_step on_peer_lost(clock_reading at, const node_id& peer);
  collector_step on_timer(clock_reading at);

 private:
  enum class phase : std::uint8_t { unasked, asked, resting, arrived, failed };

  struct slot_state {
    phase at = phase::unasked;
    fragment_fate fate = fragment_fate::unasked;
    std::uint64_t request = 0;
    instant since;                         ///< asked or resting since
    std::uint8_t attempts = 0;
    bool hedged = false;                   ///< late, and another was asked in its stead
    std::optional<block_header> header;
    bytes data;
  };

  struct fetch_state {
    block_want want;
    std::vector<slot_state> slots;
    instant begun;
    std::uint32_t decodings = 0;
  };

  using fetch_iterator = std::map<std::uint64_t, fetch_state>::iterator;

  void advance(fetch_iterator f);
  void ask_as_needed(std::uint64_t id, fetch_state& f);
  std::optional<std::size_t> best_unasked(const fetch_state& f) const;
  void ask(std::uint64_t id, fetch_state& f, std::size_t slot);
  void piece_arrived(std::uint64_t id, std::size_t slot, const fragment_piece& piece);
  void refused(fetch_state& f, std::size_t slot, const refusal& why);
  void lost(fetch_state& f, std::size_t slot);
  void unanswered(fetch_state& f, std::size_t slot, fragment_fate fate);
  std::size_t gathered(const fetch_state& f) const;
  std::optional<bytes> try_decode(fetch_state& f, std::size_t newest, std::vector<std::size_t>& used);
  std::optional<bytes> decode_from(const fetch_state& f, const std::vector<std::size_t>& slots);
  void conclude(fetch_iterator f, result<bytes> outcome, const std::vector<std::size_t>& used);
  reed_solomon& codec(coding code);
  collector_step finish();

  struct asked_slot {
    std::uint64_t fetch = 0;
    std::size_t slot = 0;
    node_id server;
  };

  duration give_up_after_;
  std::map<std::uint64_t, fetch_state> fetches_;
  std::map<std::uint64_t, asked_slot> requests_;
  std::map<std::pair<std::uint8_t, std::uint8_t>, reed_solomon> codecs_;  ///< few: codings in use
  server_latency latency_;
  std::uint64_t last_request_;
  clock_reading at_{};
  collector_step step_;
};

}  // namespace holdfast::archive

// A secondary replica: holds blocks, version records and heads that were read here lately, and serves them to whoever reads next.
//
// It fills by being read through: what is asked for and not held is fetched once for all who ask meanwhile, heads and records from
// the ring, blocks from the archive servers' fragments. Everything is verified before it is held or served: blocks and records by
// their names, heads by their path to a certified root; and no head that is shown is older than one shown before.
//
// Bounds: what is held and what is on its way stay within one budget of bytes; beyond it, or beyond the fetches and readers it can
// have at once, it refuses at once and the reader goes to the source. What was asked for twice is announced under its object's name:
// one pointer for all of an object's blocks, and none for what is read once, so that neither big objects nor scans flood the mesh.
// The announcement is withdrawn with the last piece of the object.
#pragma once

#include <array>
#include <memory>

#include "protocols/archive/collector.hpp"
#include "protocols/replica/replica_messages.hpp"
#include "protocols/replica/segmented_cache.hpp"
#include "protocols/ring/service_messages.hpp"

namespace holdfast::replica {

/// An encoded `service_reply`: held, shared and sent as these bytes.
using reply_bytes = std::shared_ptr<const bytes>;

struct replica_config {
  cluster_id cluster;
  identity::ring_description ring;           ///< the object ring
  std::uint64_t budget_bytes = 64ull << 20;  ///< of what is held and on its way
  std::uint64_t request_base = 0;            ///< archive requests are numbered from here on
};

struct replica_step {
  struct answer {
    std::uint64_t reader = 0;  ///< as given to `on_request`
    reply_bytes reply;
  };
  /// To be asked of the ring and answered by `on_ring`, once: a certified read, a version record, or an inline block.
  struct ring_question {
    std::uint64_t number = 0;
    std::variant<ring::place, vguid, bguid> what;
  };
  std::vector<answer> answers;
  std::vector<ring_question> questions;
  std::vector<archive::outgoing_request> requests;
  std::vector<aguid> announce, withdraw;
};

/// What it has done since it started, and what it holds now.
struct replica_counts {
  std::uint64_t hits = 0, misses = 0, refusals = 0;  ///< readers served from what was held; for whom it was fetched; neither
  std::uint64_t heads = 0, records = 0, blocks = 0;  ///< held
};

class secondary_replica {
 public:
  /// How often `on_timer` is due while it is `busy`.
  static constexpr duration tick = archive::collector::tick;
  static constexpr std::size_t fetches_max = archive::collector::fetches_max;
  static constexpr std::size_t waiting_max = 1024;        ///< readers of what is being fetched
  static constexpr std::size_t waiting_by_peer_max = 128; ///< of them, of one member
  static constexpr std::size_t announced_max = 4096;      ///< objects: a pointer is 400 bytes at each of three roots, renewed every 5 min
  static constexpr std::size_t codings_max = 1024;        ///< extents whose place is remembered, at most 2 KiB each
  static constexpr std::uint64_t entry_overhead = 256;    ///< bytes that an entry costs beside its data

  explicit secondary_replica(replica_config config);

  /// `reader` comes back with the answer: exactly one, at once or later.
  replica_step on_request(clock_reading at, std::uint64_t reader, const node_id& from, const service_request& request);

  replica_step on_ring(clock_reading at, std::uint64_t number, const result<ring::service_reply>& answer);
  replica_step on_archive(clock_reading at, const node_id& from, const archive::service_reply& reply);
  replica_step on_peer_lost(clock_reading at, const node_id& peer);
  replica_step on_timer(clock_reading at);

  /// Fragments are on their way.
  bool busy() const { return !collector_.idle(); }

  const replica_counts& counts() const { return counts_; }
  std::uint64_t held_bytes() const { return cache_.bytes(); }
  std::uint64_t reserved_bytes() const { return reserved_; }  ///< for what is on its way
  std::uint64_t budget_bytes() const { return cache_.budget(); }

  /// The objects announced now.
  std::vector<aguid> announced() const;
  std::size_t announced_count() const { return announced_; }

 private:
  enum class kind : std::uint8_t { head, record, block };
  struct held_key {
    kind what = kind::head;
    std::array<std::uint8_t, 32> name{};
    auto operator<=>(const held_key&) const = default;
  };
  struct held {
    aguid object;
    reply_bytes reply;
    std::uint64_t version = 0;  ///< of a head: the object's version, and the date it was certified
    wall_time time;
  };
  using cache = segmented_cache<held_key, held>;

  struct waiter {
    std::uint64_t reader = 0;
    node_id from;
  };
  struct fetch {
    aguid object;
    std::optional<get_block> block;
    std::vector<waiter> waiters;
    std::uint64_t reserved = 0;
    std::uint64_t newest = 0;      ///< the newest root known when it began
    bool placed_anew = false;      ///< its extent's coding record was asked for again: fragments may have moved
  };
  using fetch_iterator = std::map<held_key, fetch>::iterator;
  struct object_state {
    std::size_t entries = 0;
    bool announced = false;
  };

  void handle(const waiter& who, const get_head& wanted);
  void handle(const waiter& who, const get_record& wanted);
  void handle(const waiter& who, const get_block& wanted);

  bool serve(const waiter& who, const held_key& key);
  /// The fetch to begin, or nothing: the reader waits for one that is under way, or was refused.
  std::optional<fetch_iterator> join(const waiter& who, const held_key& key, const aguid& object, std::uint64_t bytes_expected);
  void ask_ring(const held_key& key, std::variant<ring::place, vguid, bguid> what);
  void locate(fetch_iterator at);
  void collect(fetch_iterator at, const archive::coding_record& record);
  void carry(archive::collector_step step);

  outcome take(fetch_iterator at, const ring::service_reply& answer);
  outcome take_head(fetch_iterator at, const ring::entry_reply& answer);
  outcome take_coding(fetch_iterator at, const ring::entry_reply& answer);
  outcome take_content(fetch_iterator at, bytes data);

  void finish(fetch_iterator at, held what, bool hold);
  void fail_fetch(fetch_iterator at, const error& why);
  void answer_all(const fetch& f, const reply_bytes& reply);
  void refuse(const waiter& who, errc code, std::string sentence);
  void let_go(const std::vector<cache::item>& gone);
  void announce(const aguid& object);
  std::uint64_t& count_of(kind k);
  replica_step finish_step() { return std::exchange(step_, {}); }

  replica_config config_;
  cache cache_;
  archive::collector collector_;
  std::map<held_key, fetch> fetches_;
  std::map<std::uint64_t, held_key> asked_;     ///< questions to the ring and fetches of the collector, by number
  std::map<extent_id, archive::coding_record> codings_;
  std::map<aguid, object_state> objects_;
  std::map<node_id, std::size_t> waiting_by_peer_;
  std::size_t waiting_ = 0, announced_ = 0;
  std::uint64_t reserved_ = 0, last_number_ = 0;
  std::uint64_t newest_ = 0;                    ///< sequence of the newest root seen
  replica_counts counts_;
  clock_reading at_{};
  replica_step step_;
};

}  // namespace holdfast::replica

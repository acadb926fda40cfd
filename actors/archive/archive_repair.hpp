// Filling in: finds what this archive server should hold and does not, and has it rebuilt from what the others hold.
//
// Three things lead here: the ring's repair list (slots without a server), the ring's records of all extents (a slot that is
// this server's while its data is gone: a wiped disk), and fragments found damaged on a read. Lists come unproven from one
// ring member and only say where to look: an extent is dropped, or waits to be rebuilt, only by its record as the ring proves it. What
// has waited may be filled already by somebody else; then the ring does not take the fill, and the next look finds it surplus.
//
// A server that is linked and yet does not fill what it should (it is full, or lies) must not keep a slot vacant: the longer an extent
// has been on the list, the more choices of server have their turn. Those after the first help only while they have no work of their own.
//
// Not an actor: belongs to the archive role, which lends it its ways to ask, send and store.
#pragma once

#include <deque>
#include <functional>

#include "actors/archive/archive_store.hpp"
#include "actors/membership/trust_store.hpp"
#include "introspection/status/status_types.hpp"
#include "protocols/archive/archive_server.hpp"
#include "protocols/archive/filler.hpp"
#include "protocols/archive/sweep_planner.hpp"
#include "protocols/ring/object_operation.hpp"
#include "protocols/ring/service_messages.hpp"

namespace holdfast::actors {

/// What the role lends. Answers to questions come later, on the role's own thread.
struct repair_ports {
  std::function<void(ring::page_request, std::function<void(result<ring::page_reply>)>)> page;
  std::function<void(extent_id, std::function<void(result<archive::commitment>)>)> record;  ///< proven by the ring
  std::function<void(std::uint64_t question, std::vector<extent_id>)> look_up;              ///< answered by `on_headers`
  std::function<void(archive::outgoing_request)> send;
  std::function<void(archive::store_effect)> keep;
  std::function<bool(const extent_id&)> being_written;  ///< a client is dispersing it to this server
  std::function<void(const archive::commitment&)> tell;  ///< what the ring proves of an extent that is being written
  /// A whole extent was filled in and is durable, or was found held and named by this record.
  std::function<void(const archive::extent_header&, std::optional<archive::commitment>)> adopt;
  std::function<void(introspection::severity, std::string kind, std::string subject, std::string sentence)> note;
};

struct repair_config {
  node_id self;
  ring_id ring;
  std::chrono::milliseconds receipt_life = std::chrono::hours(24);
};

/// The cluster as this server sees it now.
struct surroundings {
  directory_ptr directory;
  std::set<node_id> reachable;  ///< archive servers, itself included
  std::uint64_t role_epoch = 1;
};

class archive_repair {
 public:
  static constexpr std::size_t fillers_max = 2;                            ///< extents rebuilt at once
  static constexpr std::size_t tasks_max = 1024;                           ///< waiting to be rebuilt; the lists are read on when fewer wait
  static constexpr std::size_t records_asked_max = 16;                     ///< at once
  static constexpr std::size_t examined_max = 4096;                        ///< waiting for their record to be asked for
  static constexpr duration sweep_interval = std::chrono::seconds(2);      ///< how often `sweep` is due
  static constexpr duration full_sweep_interval = std::chrono::minutes(30);  ///< over all extents of the ring
  static constexpr duration settling = std::chrono::seconds(3);            ///< a slot may be vacant this long: its server may be on its way
  static constexpr duration turn = std::chrono::minutes(1);                ///< until one more choice of server has its turn, beside
  static constexpr std::uint64_t turn_bytes_a_second = 8u << 20;           ///< what a fill takes at this pace
  static constexpr std::size_t missed_max = 16;                            ///< extents looked at between two sweeps because readers missed them

  archive_repair(repair_config config, repair_ports ports) : config_(std::move(config)), ports_(std::move(ports)) {}

  void sweep(clock_reading at, surroundings around);
  void found_damaged(const extent_id& extent, std::uint32_t ordinal);

  /// Somebody asked for it to read it, and it is not here.
  void missed(const extent_id& extent);

  /// It was dropped: what was damaged of it matters no more.
  void forget(const extent_id& extent) { damaged_.erase(extent); }

  void on_headers(clock_reading at, const headers_answer& found);
  void on_reply(clock_reading at, const node_id& from, const archive::service_reply& reply);
  /// False: not a filler's ticket.
  bool on_stored(clock_reading at, store_ticket ticket, const outcome& stored);
  void on_peer_lost(clock_reading at, const node_id& peer);
  /// Due every `archive::filler::tick` while `filling`.
  void on_timer(clock_reading at);

  bool filling() const { return !fillers_.empty(); }
  bool filling(const extent_id& extent) const;
  std::size_t rebuilding() const { return fillers_.size() + tasks_.size(); }
  std::uint64_t damaged() const;

 private:
  struct task {
    archive::fill_task what;
    std::vector<std::uint32_t> only;  ///< damaged fragments; empty: the whole extent
  };
  struct running {
    task what;
    std::unique_ptr<archive::filler> engine;
  };
  struct page_question {
    std::vector<archive::coding_record> records;  ///< unproven
    std::optional<ring::map_key> next;
  };
  using question = std::variant<page_question, archive::commitment>;
  using running_iterator = std::map<std::uint64_t, running>::iterator;

  /// On the repair list, as this server has seen it.
  struct shortness {
    instant since;
    std::uint64_t listed = 0;  ///< in which reading of the whole list it was seen last
  };

  bool has_room() const;
  void sweep_short();
  void short_page(const ring::page_reply& page);
  void sweep_all();
  void all_page(const ring::page_reply& page);
  void all_page_held(const page_question& asked, const std::map<extent_id, archive::extent_header>& held);

  void examine(const extent_id& extent);
  void ask_records();
  void examined(const archive::commitment& proven, const std::map<extent_id, archive::extent_header>& held);
  std::size_t turns(const archive::coding_record& record) const;
  void queue(task t);
  bool busy(const extent_id& extent) const;
  void rest(const extent_id& extent, duration time);

  void start_fillers();
  void carry(running_iterator at, archive::filler_step step);
  void conclude(running_iterator at);
  running_iterator by_number(std::uint64_t number);
  std::uint64_t free_number();

  repair_config config_;
  repair_ports ports_;
  surroundings around_;
  clock_reading at_{};

  bool asking_short_ = false, asking_all_ = false;
  ring::map_key short_from_{};
  std::uint64_t short_readings_ = 0;
  std::optional<ring::map_key> all_from_;  ///< where the sweep over all extents goes on; nothing between two of them
  std::optional<instant> all_swept_;
  std::map<extent_id, shortness> short_;
  std::map<extent_id, instant> resting_;  ///< until when not to be looked at again
  std::map<extent_id, std::set<std::uint32_t>> damaged_;
  std::deque<extent_id> to_examine_;
  std::set<extent_id> examining_;  ///< in the queue above, or asked for
  std::size_t records_asked_ = 0;
  std::size_t missed_ = 0;         ///< since the last sweep
  std::map<std::uint64_t, question> questions_;
  std::uint64_t last_question_ = 0;
  std::map<extent_id, task> tasks_;
  std::map<std::uint64_t, running> fillers_;  ///< by number
  std::uint64_t last_filler_ = 0;
};

}  // namespace holdfast::actors

// What an archive server's engines want kept, carried out on the node's store threads: `archive::store_effect` on the extent
// store and the database.
//
// An extent's writes keep their order (one store thread for each extent); reads spread over all of them. Extents that are to
// be sealed wait for each other on a thread of their own: while one sync runs the next extents gather, and share the next sync.
// A sealed extent's header and block list are its `meta` in the extent store; that it is committed is one small key beside it,
// so that no bulk is rewritten. Open extents are in memory alone and a crash forgets them: no receipt speaks of them.
#pragma once

#include <functional>
#include <mutex>
#include <set>

#include "actors/base/work_pool.hpp"
#include "protocols/archive/archive_store_types.hpp"
#include "storage/extent_store.hpp"

namespace holdfast::actors {

struct stored_answer {
  store_ticket ticket;
  outcome stored;
};
struct fragment_answer {
  store_ticket ticket;
  result<archive::stored_fragment> found;
};
struct extent_answer {
  store_ticket ticket;
  result<archive::stored_extent> found;
};
struct inventory_answer {
  store_ticket ticket;
  std::vector<archive::extent_header> found;
};
/// To `recover`: what an earlier life left behind.
struct recovery_answer {
  outcome read;
  std::vector<archive::stored_extent> uncommitted;  ///< without their entries
  std::map<extent_id, std::set<std::uint32_t>> damaged;  ///< fragments whose segment is gone, of extents that have others
  std::uint64_t lost = 0;                           ///< extents that were all gone, and are forgotten
};
/// To `look_up`: the headers of those that are here.
struct headers_answer {
  std::uint64_t question = 0;
  std::map<extent_id, archive::extent_header> held;
  outcome read;  ///< failed: what is here is not known
};
/// To `measure`.
struct usage_answer {
  std::uint64_t extents = 0, bytes = 0, capacity_bytes = 0;
};
using store_answer =
    std::variant<stored_answer, fragment_answer, extent_answer, inventory_answer, recovery_answer, headers_answer, usage_answer>;

/// For one engine's life. Safe from any thread; nothing here waits for the disk. Work under way keeps what it needs alive.
class archive_store {
 public:
  /// Fragments handed over and not written yet, of all extents; more are refused with `over_limit`.
  static constexpr std::uint64_t writing_bytes_max = 128u << 20;
  static constexpr std::size_t waiting_max = work_pool::queued_max / 2;  ///< the rest of the threads' queue is the rings'
  static constexpr std::size_t look_up_max = 256;

  /// `answer` is called on a store thread; it only sends a message.
  archive_store(std::shared_ptr<storage::extent_store> extents, std::shared_ptr<storage::database> database, std::shared_ptr<work_pool> threads,
                std::function<void(store_answer)> answer);

  /// Waits for the syncs under way.
  ~archive_store();

  /// When too much waits for the disk, an effect that is answered is refused with `over_limit`; the others are kept, and so is their order
  /// before what comes after them.
  void carry_out(archive::store_effect effect);

  /// Open extents of an earlier life are forgotten: nobody here knows them.
  void recover();
  void look_up(std::uint64_t question, std::vector<extent_id> extents);
  /// Due now and then: what was kept waiting goes on, too.
  void measure(std::uint64_t capacity_bytes_max);

  struct shared;

 private:
  std::shared_ptr<shared> shared_;
};

}  // namespace holdfast::actors

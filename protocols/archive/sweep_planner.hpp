// What an archive server should do about its own holdings: coding records say what belongs here, the store says what is here.
#pragma once

#include "protocols/archive/archive_store_types.hpp"
#include "protocols/archive/placement.hpp"

namespace holdfast::archive {

struct fill_task {
  coding_record record;
  std::uint8_t slot = 0;
  bool vacant = false;  ///< the record has no server there: the fill must be submitted to the ring with a receipt
  std::size_t turn = 0; ///< of a vacant slot: how many choices come before this server
};

struct sweep_plan {
  std::vector<fill_task> fill;          ///< most endangered first: by how many slots are vacant
  std::vector<extent_id> confirm;       ///< held as uncommitted, and the record names this server: committed
  std::vector<extent_id> surplus;       ///< held as committed, and the record names another server for that slot, or another list
};

/// Compares records with what the store holds. Records that do not concern this server yield nothing; extents without a record
/// among `records` are left alone.
///   reachable  the servers this one believes alive, itself included: decides who fills a vacant slot
///   turns      how many choices of server for a vacant slot have their turn by now: one that is full, or lies, must not keep it vacant
sweep_plan plan_sweep(const node_id& self, const std::vector<coding_record>& records, const std::map<extent_id, extent_header>& held,
                      const identity::directory& directory, const std::set<node_id>& reachable, std::size_t turns = 1);

/// Who fills each vacant slot of a record: slot and server. Slots for which no free server is reachable are left out; `passed_over` are
/// servers that had their turn.
std::vector<std::pair<std::uint8_t, node_id>> assign_fillers(coding_record record, const identity::directory& directory,
                                                             const std::set<node_id>& reachable, const std::set<node_id>& passed_over = {});

}  // namespace holdfast::archive

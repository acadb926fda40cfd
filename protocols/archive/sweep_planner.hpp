// What an archive server should do about its own holdings: coding records say what belongs here, the store says what is here.
#pragma once

#include "protocols/archive/archive_store_types.hpp"
#include "protocols/archive/placement.hpp"

namespace holdfast::archive {

struct fill_task {
  coding_record record;
  std::uint8_t slot = 0;
  bool vacant = false;  ///< the record has no server there: the fill must be submitted to the ring with a receipt
};

struct sweep_plan {
  std::vector<fill_task> fill;          ///< most endangered first: by how many slots are vacant
  std::vector<extent_id> confirm;       ///< held as uncommitted, and the record names this server: committed
  std::vector<extent_id> surplus;       ///< held as committed, and the record names another server or list
};

/// Compares records with what the store holds. Records that do not concern this server yield nothing; extents without a record
/// among `records` are left alone.
///   reachable  the servers this one believes alive, itself included: decides who fills a vacant slot
sweep_plan plan_sweep(const node_id& self, const std::vector<coding_record>& records, const std::map<extent_id, extent_header>& held,
                      const identity::directory& directory, const std::set<node_id>& reachable);

/// Who fills each vacant slot of a record: slot and server. Slots for which no free server is reachable are left out.
std::vector<std::pair<std::uint8_t, node_id>> assign_fillers(coding_record record, const identity::directory& directory,
                                                             const std::set<node_id>& reachable);

}  // namespace holdfast::archive

// The object ring's state machine: updates, fills of vacant slots, directories.
//
// The writer builds and signs content; this machine decides the order, checks every signature and receipt, and makes the
// version record. It keeps heads, coding records, results and accounts; blocks and version records leave as effects.
#pragma once

#include <list>
#include <set>

#include "protocols/ring/object_operation.hpp"
#include "protocols/ring/state_machine.hpp"

namespace holdfast::ring {

class object_state final : public state_machine {
 public:
  /// `configuration` is of the verified chain: the ring's own description, and the root ring's for the directories it signs.
  explicit object_state(const identity::configuration_entry& configuration, const identity::policy& rules);

  outcome check(bytes_view request) const override;
  std::optional<place> outcome_of(bytes_view request) const override;
  execution apply(std::uint64_t sequence, wall_time time, const std::vector<bytes>& requests) override;
  const authenticated_map& map() const override { return map_; }

  /// The newest directory adopted; null before the first.
  std::shared_ptr<const identity::directory> directory() const;

 private:
  struct parsed;
  struct batch;
  using parsed_ptr = std::shared_ptr<const parsed>;

  result<parsed_ptr> parse(bytes_view request) const;
  result<parsed_ptr> remembered(bytes_view request) const;

  applied run(const parsed& operation, batch& now);
  applied run_update(const parsed& operation, batch& now);
  applied run_fill(const archive::receipt& claimed, const archive::signed_receipt& receipt, const batch& now);
  applied run_adoption(const identity::directory& newer);

  identity::configuration_entry configuration_;
  identity::policy rules_;
  authenticated_map map_;
  std::map<std::uint64_t, std::shared_ptr<const identity::directory>> directories_;  ///< by version; as in the map
  std::map<node_id, std::set<std::pair<session_id, crypto::public_key>>> sessions_;  ///< by client; as in the map
  wall_time last_time_;

  // Requests checked already, oldest first out: checked at arrival and before the vote, they need not be checked a third time.
  mutable std::map<digest, parsed_ptr> checked_;
  mutable std::list<digest> checked_order_;
};

}  // namespace holdfast::ring

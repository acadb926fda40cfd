// The object ring's state machine: updates, fills of vacant slots, directories.
//
// The writer builds and signs content; this machine decides the order, checks every signature and receipt, and makes the
// version record. It keeps heads, coding records, results and accounts; blocks and version records leave as effects.
#pragma once

#include <set>

#include "protocols/ring/object_request.hpp"
#include "protocols/ring/state_machine.hpp"

namespace holdfast::ring {

class object_state final : public state_machine {
 public:
  /// `configuration` is of the verified chain: the ring's own description, and the root ring's for the directories it signs.
  /// `rules` are genesis' until a directory brings newer ones.
  object_state(const identity::configuration_entry& configuration, const identity::policy& rules);

  outcome check(const agreement::named_request& request) const override;
  std::optional<place> outcome_of(const agreement::named_request& request) const override;
  execution apply(std::uint64_t sequence, wall_time time, const std::vector<agreement::named_request>& requests) override;
  const authenticated_map& map() const override { return map_; }

  /// The newest directory adopted; null before the first.
  std::shared_ptr<const identity::directory> directory() const;

 private:
  struct batch {
    std::uint64_t sequence;
    wall_time time;
    execution done;
  };
  using slots = std::vector<std::optional<node_id>>;

  applied run(const checked_update& request, batch& now);
  applied run(const checked_fill& request, batch& now);
  applied run(const checked_directory& request, batch& now);

  outcome open_session(const object::update& u);
  void forget_session(const node_id& client, const session_id& session, const crypto::public_key& writer);
  operation_result decide(const checked_update& request, batch& now);
  outcome execute(const checked_update& request, std::size_t guard, object::head& head, batch& now);
  result<std::vector<archive::coding_record>> admit_extents(const object::update& u, wall_time now) const;
  result<slots> admit_claim(const archive::extent_claim& claim, wall_time now) const;
  outcome charge(const node_id& client, std::uint64_t more_bytes);
  void keep_record(const archive::coding_record& record);
  void vacate_slots_of_revoked(const std::map<node_id, wall_time>& before, const std::map<node_id, wall_time>& now);

  const identity::policy& rules() const;

  identity::configuration_entry configuration_;
  identity::policy genesis_rules_;
  authenticated_map map_;
  std::map<std::uint64_t, std::shared_ptr<const identity::directory>> directories_;  ///< by version; as in the map
  std::map<node_id, std::set<std::pair<session_id, crypto::public_key>>> sessions_;  ///< by client; as in the map
  mutable checked_requests checked_;
};

}  // namespace holdfast::ring

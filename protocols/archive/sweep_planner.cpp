#include "protocols/archive/sweep_planner.hpp"

namespace holdfast::archive {

std::vector<std::pair<std::uint8_t, node_id>> assign_fillers(coding_record record, const identity::directory& directory,
                                                             const std::set<node_id>& reachable, const std::set<node_id>& passed_over) {
  std::vector<std::pair<std::uint8_t, node_id>> assigned;
  for (std::size_t slot = 0; slot < record.slots.size(); ++slot) {
    if (record.slots[slot]) continue;
    auto server = filler_for(record, directory, reachable, passed_over);
    if (!server) break;
    record.slots[slot] = server;
    assigned.emplace_back(static_cast<std::uint8_t>(slot), *server);
  }
  return assigned;
}

namespace {

/// The vacant slot that is this server's to fill once `turns` choices have their turn.
std::optional<fill_task> own_turn(const node_id& self, const coding_record& record, const identity::directory& directory,
                                  const std::set<node_id>& reachable, std::size_t turns) {
  std::set<node_id> passed_over;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    auto assigned = assign_fillers(record, directory, reachable, passed_over);
    if (assigned.empty()) break;
    for (const auto& [slot, server] : assigned) {
      if (server == self) return fill_task{record, slot, true, turn};
      passed_over.insert(server);
    }
  }
  return std::nullopt;
}

}  // namespace

sweep_plan plan_sweep(const node_id& self, const std::vector<coding_record>& records, const std::map<extent_id, extent_header>& held,
                      const identity::directory& directory, const std::set<node_id>& reachable, std::size_t turns) {
  sweep_plan plan;
  for (const auto& record : records) {
    auto here = held.find(record.extent);
    auto own = std::find(record.slots.begin(), record.slots.end(), self);
    bool fits = here != held.end() && here->second.state != extent_state::open && here->second.list == record.list;
    if (own != record.slots.end()) {
      auto slot = static_cast<std::uint8_t>(own - record.slots.begin());
      if (!fits || here->second.index != slot) {
        plan.fill.push_back({record, slot, false});
      } else if (here->second.state == extent_state::sealed) {
        plan.confirm.push_back(record.extent);
      }
      continue;
    }
    // Sealed, it is offered as it is; committed, the record is older than what this server was told when it marked it so.
    if (fits && here->second.index < record.slots.size() && !record.slots[here->second.index]) continue;
    if (here != held.end() && here->second.state == extent_state::committed) plan.surplus.push_back(record.extent);
    if (auto fill = own_turn(self, record, directory, reachable, turns)) plan.fill.push_back(std::move(*fill));
  }
  std::stable_sort(plan.fill.begin(), plan.fill.end(),
                   [](const fill_task& a, const fill_task& b) { return a.record.missing() > b.record.missing(); });
  return plan;
}

}  // namespace holdfast::archive

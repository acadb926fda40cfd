#include <algorithm>
#include <bitset>
#include <set>

#include "tests/history/history_checker.hpp"

namespace holdfast::history {

namespace {

using chosen_set = std::bitset<linearizable_operations_max>;

/// The object between two operations: its newest version and that version's content.
struct state {
  std::uint64_t version = 0;
  std::string hash;
  auto operator<=>(const state&) const = default;
};

struct visited_less {
  bool operator()(const std::pair<chosen_set, state>& a, const std::pair<chosen_set, state>& b) const {
    if (a.second != b.second) return a.second < b.second;
    auto difference = a.first ^ b.first;
    return difference.any() && b.first[difference._Find_first()];
  }
};

/// The state that follows when `op` takes effect: none if its answer is impossible here.
std::optional<state> apply(const operation& op, const state& before) {
  bool known = op.outcome != operation_outcome::unknown;
  if (op.kind == operation_kind::get) {
    if (!known) return before;
    if (op.outcome == operation_outcome::not_found) return before.version == 0 ? std::optional(before) : std::nullopt;
    return before.version == op.version && before.hash == op.hash ? std::optional(before) : std::nullopt;
  }
  bool holds = !op.if_version || *op.if_version == before.version;
  if (op.outcome == operation_outcome::conflict) return holds ? std::nullopt : std::optional(before);
  if (!holds) return known ? std::nullopt : std::optional(before);
  state after{before.version + 1, op.hash};
  return !known || op.version == after.version ? std::optional(after) : std::nullopt;
}

/// Depth first: any operation that no unchosen one precedes in real time may be next.
class search {
 public:
  search(std::vector<operation> operations, std::size_t states_max) : operations_(std::move(operations)), states_max_(states_max) {
    std::sort(operations_.begin(), operations_.end(), [](const auto& a, const auto& b) { return a.call_us < b.call_us; });
  }

  linearizability run() {
    if (explore({}, {})) return linearizability::linearizable;
    return visited_.size() >= states_max_ ? linearizability::undecided : linearizability::violated;
  }

 private:
  bool explore(const chosen_set& chosen, const state& now) {
    auto first_end = std::numeric_limits<std::int64_t>::max();
    bool only_unknown = true;
    for (std::size_t i = 0; i < operations_.size(); ++i) {
      if (chosen[i]) continue;
      first_end = std::min(first_end, operations_[i].end_us());
      only_unknown = only_unknown && operations_[i].outcome == operation_outcome::unknown;
    }
    if (only_unknown) return true;  // those need not happen
    if (visited_.size() >= states_max_ || !visited_.insert({chosen, now}).second) return false;
    for (std::size_t i = 0; i < operations_.size() && operations_[i].call_us <= first_end; ++i) {
      if (chosen[i]) continue;
      auto after = apply(operations_[i], now);
      if (!after) continue;
      auto next = chosen;
      next[i] = true;
      if (explore(next, *after)) return true;
    }
    return false;
  }

  std::vector<operation> operations_;
  std::size_t states_max_;
  std::set<std::pair<chosen_set, state>, visited_less> visited_;
};

}  // namespace

linearizability check_linearizable(const std::vector<operation>& operations, std::size_t states_max) {
  std::vector<operation> relevant;
  std::copy_if(operations.begin(), operations.end(), std::back_inserter(relevant),
               [](const operation& op) { return op.outcome != operation_outcome::failed; });
  if (relevant.size() > linearizable_operations_max) return linearizability::undecided;
  return search(std::move(relevant), states_max).run();
}

}  // namespace holdfast::history

// How many of something are under way: of each member, and of all.
#pragma once

#include <map>

#include "protocols/names/names.hpp"

namespace holdfast::archive {

class under_way {
 public:
  /// Counts one more; false at a bound.
  bool begin(const node_id& member, std::uint32_t member_max, std::uint32_t all_max) {
    auto own = by_member_.find(member);
    if (all_ >= all_max || (own == by_member_.end() ? 0 : own->second) >= member_max) return false;
    ++all_;
    ++by_member_[member];
    return true;
  }

  void end(const node_id& member) {
    --all_;
    if (auto own = by_member_.find(member); --own->second == 0) by_member_.erase(own);
  }

 private:
  std::map<node_id, std::uint32_t> by_member_;
  std::uint32_t all_ = 0;
};

}  // namespace holdfast::archive

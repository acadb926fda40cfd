#include "protocols/object/object_types.hpp"

namespace holdfast::object {

aguid id_for(const crypto::public_key& owner, const std::array<std::uint8_t, 32>& salt) {
  return crypto::hash<aguid>("holdfast/object/v1", {owner.raw, salt});
}

std::optional<hop> hop_towards(std::uint64_t target, std::uint64_t version, const vguid& previous, const std::vector<vguid>& skips) {
  if (target == 0 || target >= version) return std::nullopt;
  // The highest power of two with a multiple in [target, version): its greatest multiple below `version` is the longest step
  // that does not pass the target, and every further step is by a lower power.
  for (auto k = std::min(skips.size(), skips_max); k > 0; --k) {
    auto below = (version - 1) >> k << k;
    if (below >= target) return hop{below, skips[k - 1]};
  }
  return hop{version - 1, previous};
}

void extend_skips(std::vector<vguid>& skips, std::uint64_t made, const vguid& record) {
  for (std::size_t k = 0; k < skips_max && made % (std::uint64_t{2} << k) == 0; ++k) {
    if (k == skips.size()) skips.emplace_back();
    skips[k] = record;
  }
}

}  // namespace holdfast::object

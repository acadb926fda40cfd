#include "protocols/mesh/surrogate.hpp"

namespace holdfast::mesh {

namespace {

constexpr std::size_t digits = 64;

template <class Kind>
unsigned digit(const name256<Kind>& name, std::size_t at) {
  auto pair = name.raw[at / 2];
  return at % 2 == 0 ? pair >> 4 : pair & 15;
}

/// How far above the GUID's digit a node's digit is, going round.
unsigned above(const node_id& node, const guid& what, std::size_t at) { return (digit(node, at) + 16 - digit(what, at)) % 16; }

guid salted(const guid& what, std::uint8_t salt) {
  return salt == 0 ? what : crypto::hash<guid>("holdfast/mesh-salt/v1", {bytes_view(what.raw), bytes_view(&salt, 1)});
}

}  // namespace

std::optional<node_id> surrogate_root(const std::set<node_id>& nodes, const guid& what) {
  std::vector<node_id> left(nodes.begin(), nodes.end());
  for (std::size_t at = 0; at < digits && left.size() > 1; ++at) {
    unsigned nearest = 16;
    for (const auto& node : left) nearest = std::min(nearest, above(node, what, at));
    std::erase_if(left, [&](const node_id& node) { return above(node, what, at) != nearest; });
  }
  return left.empty() ? std::nullopt : std::optional(left.front());
}

std::vector<node_id> roots_of(const std::set<node_id>& nodes, const guid& what) {
  std::vector<node_id> roots;
  for (std::uint8_t salt = 0; salt < roots_per_guid; ++salt) {
    auto root = surrogate_root(nodes, salted(what, salt));
    if (root && std::find(roots.begin(), roots.end(), *root) == roots.end()) roots.push_back(*root);
  }
  return roots;
}

}  // namespace holdfast::mesh

// The process at the other end of a link. A node is one process, because its data directory is locked, and keeps its lanes over
// restarts. A client may run many at once with one profile, and each has lanes, credit and answers of its own. Rights and quotas
// go by the member alone.
#pragma once

#include <compare>

#include "protocols/names/names.hpp"

namespace holdfast::link {

struct endpoint {
  node_id member;          ///< a stranger's is the hash of its TLS key
  std::uint64_t boot = 0;  ///< as the process drew it for its hello; 0 for a node

  endpoint() = default;
  /// A node is named by its id alone.
  endpoint(const node_id& node) : member(node) {}  // NOLINT(google-explicit-constructor): wherever a node is meant
  endpoint(const node_id& who, std::uint64_t drawn) : member(who), boot(drawn) {}

  auto operator<=>(const endpoint&) const = default;
  std::string brief() const { return member.brief(); }
};

}  // namespace holdfast::link

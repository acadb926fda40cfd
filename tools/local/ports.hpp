// Ports of this machine that nobody listens on.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "protocols/base/error.hpp"

namespace holdfast::tools {

/// Different free ports of 127.0.0.1, outside `taken`. They are held while they are chosen and free again on return; the manifest
/// then keeps them.
result<std::vector<std::uint16_t>> pick_free_ports(std::size_t count, const std::set<std::uint16_t>& taken);

}  // namespace holdfast::tools

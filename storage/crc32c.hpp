// CRC-32C (Castagnoli) in hardware, through ISA-L: finds accidents on the disk, not attackers; names and signatures are for those.
#pragma once

#include "protocols/base/bytes.hpp"

namespace holdfast::storage {

/// Continues `from` over `data`; the value of consecutive parts is the value of the whole.
std::uint32_t crc32c(bytes_view data, std::uint32_t from = 0);

}  // namespace holdfast::storage

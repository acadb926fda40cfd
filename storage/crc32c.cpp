#include "storage/crc32c.hpp"

#include <isa-l/crc.h>

namespace holdfast::storage {

std::uint32_t crc32c(bytes_view data, std::uint32_t from) {
  // ISA-L neither inverts nor takes more than an int's worth; it reads only, though its parameter is not const.
  constexpr std::size_t piece_max = 1u << 30;
  auto crc = ~from;
  while (!data.empty()) {
    auto piece = data.first(std::min(data.size(), piece_max));
    crc = crc32_iscsi(const_cast<unsigned char*>(piece.data()), static_cast<int>(piece.size()), crc);
    data = data.subspan(piece.size());
  }
  return ~crc;
}

}  // namespace holdfast::storage

#include "protocols/archive/archive_types.hpp"

#include <cassert>

namespace holdfast::archive {

coding coding_for(std::size_t servers) {
  assert(servers > 0);
  switch (servers) {
    case 1: return {1, 1};
    case 2: return {1, 2};
    case 3: return {1, 3};
    case 4:
    case 5: return {2, 4};
    default: return {4, 6};
  }
}

digest list_hash(const std::vector<block_entry>& blocks) {
  return crypto::hash("holdfast/block-list/v1", {codec::encode(blocks)});
}

}  // namespace holdfast::archive

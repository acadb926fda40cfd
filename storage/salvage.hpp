// What is still good in a damaged database, carried over into an empty one.
//
// Entries bear checksums of their own or are looked at again by whoever uses them, so nothing wrong can come along; what may happen is
// that something is missing, or old. An extent counts as good only with all its fragments' places: the others are for repair to fill in.
// What cannot be read is looked for once more after RocksDB's own repair: it gives up whole files, but what other files hold in the same
// stretch of keys comes to light.
#pragma once

#include "storage/database.hpp"

namespace holdfast::storage {

struct salvaged {
  std::uint64_t entries = 0;          ///< small values
  std::uint64_t extents = 0;          ///< with all their places
  std::uint64_t extents_partial = 0;  ///< left behind: not all of their places are known any more
  std::uint64_t unread = 0;           ///< stretches of keys that could not be read: nobody knows what was in them
};

/// Opens the database at `path`, which nobody has open, mended by its own means if it must be, and copies what is good into `into`. Errors are
/// those of `into`, and corrupt if nothing can be read at all.
result<salvaged> salvage(const std::string& path, database& into);

}  // namespace holdfast::storage

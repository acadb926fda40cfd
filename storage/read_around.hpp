// Reading a table of a damaged database: around the places that cannot be read, not only up to the first of them.
//
// One bad block hides the entries in it, and nothing tells where it ends. Behind the last good key the next place that can be read is
// sought in steps that double, then by halves, so a stretch left out is hardly longer than what is damaged.
#pragma once

#include <map>

#include "storage/database.hpp"

namespace holdfast::storage {

/// Keys from `from` on and before `to`; without that, to the table's end.
struct key_stretch {
  bytes from;
  std::optional<bytes> to;
};

/// Parts of a database.
using stretches = std::map<table, std::vector<key_stretch>>;

/// Visits what can be read of a stretch, in order, until `visit` answers false. Answers the stretches that cannot be read: what behind the
/// 4096th lies counts as one with it.
std::vector<key_stretch> read_around(const database& from, table where, const key_stretch& within,
                                     const std::function<bool(bytes_view key, bytes_view value)>& visit);

}  // namespace holdfast::storage

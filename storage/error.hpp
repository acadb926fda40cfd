// What can go wrong on one machine's disks. A caller acts differently on each code, so each is told apart.
#pragma once

#include "protocols/base/error.hpp"

namespace holdfast::storage {

enum class errc : std::uint16_t {
  io_failed = 1,   ///< the system refused or failed; after a failed write or sync the store answers nothing else (never retried as success)
  no_space,        ///< the disk is full or the store's limit is reached; nothing of the call was kept
  corrupt,         ///< bytes that were durable fail their check, or a file that must exist is gone
  not_found,       ///< no such key, extent, block or file
  already_exists,  ///< exists where absence was required
  foreign_disk,    ///< the directory belongs to another cluster or node
  newer_format,    ///< written by a newer program
  locked,          ///< another process has it open
  over_limit,      ///< larger than a record, block or key may be
};

/// The code's name as printed and as found in tables: "no_space".
std::string_view to_string(errc code);

}  // namespace holdfast::storage

namespace holdfast {

template <>
struct error_room<storage::errc> {
  static constexpr std::string_view name = "storage";
};

}  // namespace holdfast

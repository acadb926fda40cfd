// What clients saw: one line of JSON an operation, as chaos clients write it and the checkers read it.
//
//   {"client":1,"op":"put","object":"a","version":3,"hash":"9f2c","call_us":10,"return_us":35,"outcome":"ok"}
//
// Times are of one clock. An operation without an answer has the outcome "unknown"; it may happen at any time after its call.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "protocols/base/error.hpp"

namespace holdfast::history {

enum class operation_kind : std::uint8_t { put, get };

enum class operation_outcome : std::uint8_t {
  ok,         ///< done; `version` (and for a get `hash`) is what it made or saw
  conflict,   ///< a put whose `if_version` did not hold: nothing changed
  not_found,  ///< a get of an object without any version
  failed,     ///< certainly not done, and never will be
  unknown,    ///< no answer: done, to be done, or not
};

std::string_view to_string(operation_kind kind);
std::string_view to_string(operation_outcome outcome);

struct operation {
  std::uint32_t client = 0;
  operation_kind kind = operation_kind::get;
  std::string object;
  std::optional<std::uint64_t> if_version;  ///< a conditional put's; 0: the object must be absent
  std::uint64_t version = 0;                ///< counts from 1; 0 where there is none
  std::string hash;                         ///< of the content written or read, in any notation; different contents differ
  std::int64_t call_us = 0;
  std::int64_t return_us = 0;               ///< of no meaning if the outcome is unknown
  operation_outcome outcome = operation_outcome::unknown;

  /// When it was over as far as others can tell.
  std::int64_t end_us() const { return outcome == operation_outcome::unknown ? std::numeric_limits<std::int64_t>::max() : return_us; }
};

/// One line, without its end.
std::string to_line(const operation& op);

/// All lines of a history; the first line that is not an operation is the error, with its number. Empty lines are skipped.
result<std::vector<operation>> read(std::istream& input);

}  // namespace holdfast::history

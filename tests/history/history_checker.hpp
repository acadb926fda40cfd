// Judges of a history: is there an order in which a correct store could have answered so?
//
// `check_version_order` is a sweep in O(n log n) that uses what our store tells beyond a register: each version has a number.
// `check_linearizable` is the general search of Wing and Gong, for short histories of one object; it grows exponentially.
#pragma once

#include "tests/history/history.hpp"

namespace holdfast::history {

/// One sentence a violation, naming the operations by their lines.
using violations = std::vector<std::string>;

/// What `check_version_order` holds a history against; every object begins without a version.
struct expectations {
  bool reads_monotone = true;   ///< a read never sees less than one that ended before it began
  bool gets_never_fail = true;  ///< a failed or unknown get is a violation
};

/// Checks, for each object:
///  - a put that began after another was acknowledged has a higher version, and no two acknowledged puts share one;
///  - a get sees no version older than the newest acknowledged before it began (and, if asked, seen before it began);
///  - what a get sees of a version is what was written as that version, by a put that had begun; never a failed put's content;
///  - there are no more versions than puts that had begun: none was executed twice;
///  - a conditional put that was acknowledged made the version behind the one it named.
violations check_version_order(const std::vector<operation>& operations, const expectations& expected = {});

constexpr std::size_t linearizable_operations_max = 256;

enum class linearizability : std::uint8_t { linearizable, violated, undecided };

/// Whether the history of one object, at most `linearizable_operations_max` operations, has a sequential order that respects
/// real time. Undecided after `states_max` states (about 100 bytes each).
linearizability check_linearizable(const std::vector<operation>& operations, std::size_t states_max = 2'000'000);

}  // namespace holdfast::history

// Planted bugs: proof that a test can fail. A test build (HOLDFAST_PLANTED_BUGS) asks a switch that the test sets; in every
// other build `planted` is the constant false and the branch is not there.
#pragma once

#include <cstdint>

namespace holdfast {

enum class planted_bug : std::uint8_t {
  none,
  vote_before_fsync,
  skipped_hash_check,
  accepted_duplicate,
  prepare_counted_twice,
  view_change_forgets_prepared,
  receipt_before_durable,
  read_without_quorum,
  head_goes_back,
  absence_before_execution,
};

#ifdef HOLDFAST_PLANTED_BUGS
inline planted_bug& planted_now() {
  static thread_local planted_bug bug = planted_bug::none;
  return bug;
}
inline bool planted(planted_bug bug) { return planted_now() == bug; }
#else
constexpr bool planted(planted_bug) { return false; }
#endif

}  // namespace holdfast

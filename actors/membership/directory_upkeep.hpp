// A node and the directory: learning each version, handing it on to the object ring, linking with everybody it lists, and keeping the
// node's own entry true.
#pragma once

#include "actors/membership/membership_context.hpp"

namespace holdfast::actors {

class directory_upkeep {
 public:
  explicit directory_upkeep(membership_context& context) : context_(context) {}

  /// Keeps links to everybody the directory lists, or before there is one to the founding members.
  void dial_members();
  /// The next steps, once the rings can be asked.
  void go_on(const identity::configuration_entry& configuration);

 private:
  void learn(const identity::configuration_entry& configuration);
  void hand_on(const identity::configuration_entry& configuration);
  bool is_primary_of(const ring_id& ring) const;
  void advertise();
  void learn_counter();

  membership_context& context_;
  std::uint64_t rounds_ = 0;
  std::uint64_t dialled_ = 0;                     ///< the version whose members are linked
  std::uint64_t handed_on_ = 0;                   ///< the version that the object ring has
  std::uint64_t seen_version_ = 0, seen_at_ = 0;  ///< the newest to hand on, and the round in which it was first seen
  std::uint64_t counter_min_ = 0;                 ///< of the next advertisement: the ring has had all below
  instant advertise_at_{};                        ///< not before: the last one was refused
  bool asked_ = false, handing_on_ = false, advertising_ = false;
};

}  // namespace holdfast::actors

// The admission this node shows: the ring's proof in place of the founder's word, renewed in time, saved and shown on all links.
#pragma once

#include "actors/membership/membership_context.hpp"

namespace holdfast::actors {

class own_admission {
 public:
  explicit own_admission(membership_context& context) : context_(context) {}

  /// Tells the links what to show.
  void show();
  /// The next step of its upkeep, once the root ring can be asked.
  void go_on();

 private:
  void ask_for_proof();
  void renew(const identity::admission& current);
  void wear(ring::ring_admission admission);

  membership_context& context_;
  std::uint64_t rounds_ = 0;
  bool asked_ = false;
};

}  // namespace holdfast::actors

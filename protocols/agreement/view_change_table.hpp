// The view changes heard of: each seat's newest, checked. One a seat, so bounded by the ring's size.
#pragma once

#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

class view_change_table {
 public:
  struct entry {
    signed_view_change signed_bytes;
    view_change_statement statement;
  };

  /// The view a seat asks for; 0 if it was not heard.
  std::uint64_t asked_by(seat_index seat) const;

  /// Kept if it is for a later view than the seat's last.
  void add(entry e);

  /// How many seats ask for exactly this view.
  std::size_t count(std::uint64_t view) const;
  /// How many ask for this view or a later one.
  std::size_t count_from(std::uint64_t view) const;

  /// `quorum` of those for this view, `own` among them if it asks for it, ascending by seat; fewer if there are not enough.
  std::vector<const entry*> reasons(std::uint64_t view, std::size_t quorum, seat_index own) const;

  /// The view that `weak_quorum` seats other than `own` ask for at least, if it is beyond `view`: one honest seat is there.
  std::optional<std::uint64_t> joined_by_others(std::uint64_t view, std::size_t weak_quorum, seat_index own) const;

  void drop_through(std::uint64_t view);

 private:
  std::map<seat_index, entry> newest_;
};

}  // namespace holdfast::agreement

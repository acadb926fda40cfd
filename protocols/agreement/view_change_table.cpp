#include "protocols/agreement/view_change_table.hpp"

namespace holdfast::agreement {

std::uint64_t view_change_table::asked_by(seat_index seat) const {
  auto found = newest_.find(seat);
  return found == newest_.end() ? 0 : found->second.statement.view;
}

void view_change_table::add(entry e) {
  auto seat = e.statement.seat;
  if (e.statement.view > asked_by(seat)) newest_.insert_or_assign(seat, std::move(e));
}

std::size_t view_change_table::count(std::uint64_t view) const {
  return static_cast<std::size_t>(std::count_if(newest_.begin(), newest_.end(), [&](const auto& e) { return e.second.statement.view == view; }));
}

std::size_t view_change_table::count_from(std::uint64_t view) const {
  return static_cast<std::size_t>(std::count_if(newest_.begin(), newest_.end(), [&](const auto& e) { return e.second.statement.view >= view; }));
}

std::vector<const view_change_table::entry*> view_change_table::reasons(std::uint64_t view, std::size_t quorum, seat_index own) const {
  auto places = quorum;
  if (asked_by(own) == view && places > 0) --places;
  std::vector<const entry*> chosen;
  for (const auto& [seat, e] : newest_) {
    if (e.statement.view != view) continue;
    if (seat != own) {
      if (places == 0) continue;
      --places;
    }
    chosen.push_back(&e);
  }
  return chosen;
}

std::optional<std::uint64_t> view_change_table::joined_by_others(std::uint64_t view, std::size_t weak_quorum, seat_index own) const {
  std::vector<std::uint64_t> beyond;
  for (const auto& [seat, e] : newest_) {
    if (seat != own && e.statement.view > view) beyond.push_back(e.statement.view);
  }
  if (beyond.size() < weak_quorum) return std::nullopt;
  std::sort(beyond.rbegin(), beyond.rend());
  return beyond[weak_quorum - 1];
}

void view_change_table::drop_through(std::uint64_t view) {
  std::erase_if(newest_, [&](const auto& e) { return e.second.statement.view <= view; });
}

}  // namespace holdfast::agreement

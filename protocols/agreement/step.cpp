#include "protocols/agreement/step.hpp"

namespace holdfast::agreement {

std::vector<named_request> delivery::requests() const {
  std::vector<named_request> all;
  all.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) all.emplace_back(content->requests[i], names[i]);
  return all;
}

std::string_view to_string(timer_id id) {
  constexpr std::string_view names[] = {"request", "view_change", "status", "catch_up", "propose"};
  return names[static_cast<std::size_t>(id)];
}

std::string_view to_string(event_kind k) {
  constexpr std::string_view names[] = {"view_change_started", "view_entered", "caught_up", "falling_behind", "stable_checkpoint",
                                        "equivocation",        "diverged",     "muted",     "unmuted",        "refused"};
  return names[static_cast<std::size_t>(k)];
}

}  // namespace holdfast::agreement

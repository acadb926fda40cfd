#include "protocols/supervision/supervision_types.hpp"

#include <set>

namespace holdfast::supervision {

std::string_view to_string(restart r) {
  constexpr std::string_view names[] = {"permanent", "transient", "temporary"};
  return names[static_cast<std::size_t>(r)];
}

std::string_view to_string(strategy s) {
  constexpr std::string_view names[] = {"one-for-one", "rest-for-one", "one-for-all"};
  return names[static_cast<std::size_t>(s)];
}

std::string_view to_string(context c) {
  constexpr std::string_view names[] = {"start-error", "child-terminated", "shutdown-error"};
  return names[static_cast<std::size_t>(c)];
}

outcome check(const supervisor_spec& spec) {
  auto refuse = [&](const std::string& why) { return fail(errc::malformed, "supervisor \"" + spec.id + "\": " + why); };
  if (spec.id.empty() || spec.id.size() > 64) return refuse("its id must have 1 to 64 bytes");
  if (spec.intensity > 1000) return refuse("more than 1000 deaths are never normal");
  if (spec.window <= duration::zero() || spec.window > std::chrono::hours(24)) return refuse("its window must be within a day");
  const auto& w = spec.wait;
  if (w.first <= duration::zero() || w.longest < w.first || w.longest > std::chrono::hours(1) || w.settled < duration::zero()) {
    return refuse("its back-off must be positive, at most an hour, and its longest no shorter than its first");
  }
  if (spec.children.size() > children_max) return refuse("it has more than " + std::to_string(children_max) + " children");
  std::set<std::string> ids;
  for (const auto& child : spec.children) {
    if (child.id.empty() || child.id.size() > 64) return refuse("a child's id must have 1 to 64 bytes");
    if (child.stop_grace <= duration::zero()) return refuse("child \"" + child.id + "\" must be given time to stop");
    if (!ids.insert(child.id).second) return refuse("two children are called \"" + child.id + "\"");
  }
  return {};
}

}  // namespace holdfast::supervision

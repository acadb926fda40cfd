// What monitors ask each other and what a person's status command asks a monitor.
#pragma once

#include <variant>

#include "introspection/status/status_types.hpp"

namespace holdfast::introspection {

/// The whole cluster as this node's monitor sees it, as the JSON of `full_json`.
struct view_request {};
template <class F>
bool inspect(F& f, view_request&) {
  return f.fields();
}

using monitor_request = std::variant<report_request, view_request>;

struct view_reply {
  std::string json;
};
template <class F>
bool inspect(F& f, view_reply& x) {
  return f.fields("json", x.json);
}

/// The monitor has nothing to show yet.
struct no_view {};
template <class F>
bool inspect(F& f, no_view&) {
  return f.fields();
}

using monitor_reply = std::variant<report, view_reply, no_view>;

}  // namespace holdfast::introspection

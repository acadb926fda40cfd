// What monitors ask each other and what a person's status command asks a monitor.
#pragma once

#include <variant>

#include "introspection/status/status_types.hpp"

namespace holdfast::introspection {

/// The whole cluster as this node's monitor sees it, as the JSON of `view_text`.
struct view_request {};
template <class F>
bool inspect(F& f, view_request&) {
  return f.fields();
}

/// The address that signs a browser in to this node's dashboard. Answered to admitted members alone.
struct sign_in_request {};
template <class F>
bool inspect(F& f, sign_in_request&) {
  return f.fields();
}

using monitor_request = std::variant<report_request, view_request, sign_in_request>;

struct view_reply {
  std::string json;
};
template <class F>
bool inspect(F& f, view_reply& x) {
  return f.fields("json", x.json);
}

/// Holds the dashboard's key: for the asker's terminal, never for a log.
struct sign_in_reply {
  std::string url;
};
template <class F>
bool inspect(F& f, sign_in_reply& x) {
  return f.fields("url", x.url);
}

/// The monitor has nothing to show (yet).
struct no_view {};
template <class F>
bool inspect(F& f, no_view&) {
  return f.fields();
}

using monitor_reply = std::variant<report, view_reply, sign_in_reply, no_view>;

}  // namespace holdfast::introspection

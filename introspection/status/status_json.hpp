// Views as JSON: one form for the dashboard, `holdfast status --json` and tests.
//
// Names are as in the types; 64-bit ids are hexadecimal text (a browser's numbers end at 2^53); times are milliseconds since
// 1970; what text a node sent is data here and is escaped where it is shown.
#pragma once

#include <nlohmann/json.hpp>

#include "introspection/status/cluster_view.hpp"

namespace holdfast::introspection {

using json = nlohmann::json;

json to_json(const actor_status& actor, const node_view& node);
/// `detail` adds its counters and what it thinks of each peer.
json to_json(const node_view& node, const cluster_view& view, bool detail = true);
json to_json(const event& e, const cluster_view& view);

json overview_json(const cluster_view& view, bool detail = true);  ///< health, sentence, troubles, nodes without their actors
json actors_json(const cluster_view& view);  ///< an array over all nodes; each has the unique `key` "node/actor"
json events_json(const cluster_view& view);  ///< newest first
json full_json(const cluster_view& view, bool detail = true);  ///< overview with `actors` and `events`

/// `full_json` as text of at most `bytes_max` bytes; where it is longer, what is left without actors and events, or without detail too.
/// Empty if even that is longer.
std::string view_text(const cluster_view& view, std::size_t bytes_max);

/// What turns a page's `before` into `now`: {overview without detail, actors: {changed, removed}, events: newer ones}.
json delta_json(const cluster_view& before, const cluster_view& now);

/// Text that is JSON whatever the strings held: bytes that are not UTF-8 become U+FFFD.
std::string dump(const json& value);

}  // namespace holdfast::introspection

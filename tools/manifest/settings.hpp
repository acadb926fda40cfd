// What a node may be told: the values of its manifest, and where each of them came from.
#pragma once

#include <set>

#include "protocols/identity/identity_types.hpp"
#include "tools/manifest/values.hpp"

namespace holdfast::tools {

/// The values a node runs with. The defaults are the ones documented in `manifest_keys`.
struct node_settings {
  std::string name;
  std::vector<std::string> data;       ///< absolute once loaded; the first holds identity, log and state
  address listen{"127.0.0.1", 7400};
  std::optional<address> advertise;    ///< what peers dial; `listen` if absent
  std::optional<address> dashboard = address{"127.0.0.1", 7480};  ///< absent: "off"
  std::map<std::string, std::string> labels;
  std::set<identity::role_kind> roles;
  std::uint64_t archive_capacity_bytes = 0;  ///< 0: what the disk has, less a tenth
  std::uint64_t secondary_cache_bytes = 64ull << 20;
  std::uint64_t memory_bytes = 400ull << 20;
  std::uint32_t ring_max = 7;
  std::uint64_t uncommitted_bytes = 256ull << 30;

  const address& dialled() const { return advertise ? *advertise : listen; }
};

enum class layer : std::uint8_t { standard, manifest, environment, flag };

/// Who had the last word on a key: the layer, and where in it ("node.toml:3:8", "HOLDFAST_LISTEN", "--listen").
struct origin {
  layer from = layer::standard;
  std::string where;
};

/// A fault in what was given, as it is printed: `FILE:LINE:COL: message`, or the variable or flag in place of the position.
struct complaint {
  std::string where;
  std::string message;
};
inline std::string to_string(const complaint& c) { return c.where + ": " + c.message; }

/// What reading a manifest and the layers above it yields. With any complaint, nothing starts.
struct configuration {
  node_settings settings;
  std::map<std::string, origin, std::less<>> origins;  ///< by key path; a key that is absent here has its standard value
  std::vector<complaint> complaints;
  bool readable = true;  ///< false: not even TOML, so that nothing was read
};

}  // namespace holdfast::tools

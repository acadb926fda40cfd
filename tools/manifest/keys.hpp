// Every key a manifest knows: its meaning, how it is checked and set, how it is shown. The one table behind parsing, the
// environment (HOLDFAST_LIMITS_MEMORY), flags, `node --check` and the documentation.
#pragma once

#include <functional>

#include "tools/manifest/settings.hpp"

namespace holdfast::tools {

enum class value_shape : std::uint8_t { text, list, size, count };

/// "a string", "a string or a list of strings", ...: for complaints.
std::string_view describe(value_shape shape);

struct manifest_key {
  std::string path;        ///< "roles.archive.capacity"
  value_shape shape;
  std::string meaning;     ///< one line
  bool required = false;

  /// Takes the value into the settings, or says what is wrong with it. Values come as text; only a list has more than one.
  std::function<std::optional<std::string>(node_settings&, const std::vector<std::string>&)> set;
  std::function<std::string(const node_settings&)> show;
};

const std::vector<manifest_key>& manifest_keys();
const manifest_key* find_key(std::string_view path);

/// "HOLDFAST_" and the path in capitals, dots and dashes as underscores.
std::string environment_name(const manifest_key& key);

/// Labels are free-form: what is wrong with this pair, or nothing.
std::optional<std::string> set_label(node_settings& to, const std::string& key, const std::string& value);

/// What no single key can see: what is missing, and what does not go together. By key path.
std::vector<std::pair<std::string, std::string>> check_together(const node_settings& s);

}  // namespace holdfast::tools

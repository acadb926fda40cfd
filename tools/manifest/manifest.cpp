#include "tools/manifest/manifest.hpp"

#include <algorithm>
#include <array>

#include <toml++/toml.h>

namespace holdfast::tools {

namespace {

constexpr std::array all_roles{identity::role_kind::router,    identity::role_kind::inner_ring,        identity::role_kind::archive,
                               identity::role_kind::secondary, identity::role_kind::responsible_party, identity::role_kind::monitor};

/// One walk over the parsed document.
class manifest_reader {
 public:
  explicit manifest_reader(std::string_view file) : file_(file) {}

  configuration read(const toml::table& document) {
    walk(document, "");
    if (const auto* roles = document.get("roles")) {
      out_.origins["roles"] = {layer::manifest, at(roles->source())};
    } else {
      out_.settings.roles.insert(all_roles.begin(), all_roles.end());
    }
    return std::move(out_);
  }

 private:
  std::string at(const toml::source_region& region) const {
    return file_ + ":" + std::to_string(region.begin.line) + ":" + std::to_string(region.begin.column);
  }

  void complain(const toml::source_region& region, std::string message) { out_.complaints.push_back({at(region), std::move(message)}); }

  void walk(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      auto path = prefix + std::string(name.str());
      if (prefix == "labels.") {
        label(std::string(name.str()), name, node);
      } else if (path == "labels" || path == "roles" || path == "limits") {
        descend(path, name, node);
      } else if (prefix == "roles.") {
        role(std::string(name.str()), path, name, node);
      } else if (const auto* key = find_key(path)) {
        value(*key, node);
      } else {
        unknown(path, prefix, name);
      }
    }
  }

  void descend(const std::string& path, const toml::key& name, const toml::node& node) {
    if (const auto* table = node.as_table()) return walk(*table, path + ".");
    complain(name.source(), "`" + path + "` is a table: [" + path + "]");
  }

  void role(const std::string& name, const std::string& path, const toml::key& key, const toml::node& node) {
    auto found = std::ranges::find(all_roles, name, [](auto each) { return identity::to_string(each); });
    if (found == all_roles.end()) return unknown(path, "roles.", key);
    out_.settings.roles.insert(*found);
    descend(path, key, node);
  }

  void label(const std::string& name, const toml::key& key, const toml::node& node) {
    auto text = node.value_exact<std::string>();
    if (!text) return complain(node.source(), "a label's value is a string");
    if (auto wrong = set_label(out_.settings, name, *text)) return complain(key.source(), *wrong);
    out_.origins["labels." + name] = {layer::manifest, at(node.source())};
  }

  void value(const manifest_key& key, const toml::node& node) {
    auto texts = as_texts(key.shape, node);
    if (!texts) return complain(node.source(), "`" + key.path + "` is " + std::string(describe(key.shape)));
    if (auto wrong = key.set(out_.settings, *texts)) return complain(node.source(), "`" + key.path + "`: " + *wrong);
    out_.origins[key.path] = {layer::manifest, at(node.source())};
  }

  static std::optional<std::vector<std::string>> as_texts(value_shape shape, const toml::node& node) {
    if (auto text = node.value_exact<std::string>(); text && shape != value_shape::count) return std::vector{*text};
    if (auto number = node.value_exact<std::int64_t>(); number && (shape == value_shape::size || shape == value_shape::count)) {
      return std::vector{std::to_string(*number)};
    }
    const auto* array = node.as_array();
    if (!array || shape != value_shape::list) return std::nullopt;
    std::vector<std::string> texts;
    for (const auto& element : *array) {
      auto text = element.value_exact<std::string>();
      if (!text) return std::nullopt;
      texts.push_back(*text);
    }
    return texts;
  }

  void unknown(const std::string& path, const std::string& prefix, const toml::key& name) {
    std::vector<std::string> siblings;
    if (prefix.empty()) siblings = {"labels", "roles", "limits"};
    if (prefix == "roles.") {
      for (auto each : all_roles) siblings.emplace_back(identity::to_string(each));
    }
    for (const auto& key : manifest_keys()) {
      if (!key.path.starts_with(prefix)) continue;
      auto rest = key.path.substr(prefix.size());
      if (rest.find('.') == std::string::npos) siblings.push_back(rest);
    }
    auto meant = nearest(name.str(), siblings);
    complain(name.source(), "unknown key `" + path + "`" + (meant ? "; did you mean `" + prefix + *meant + "`?" : ""));
  }

  std::string file_;
  configuration out_;
};

}  // namespace

configuration parse_manifest(std::string_view text, std::string_view file) {
  configuration refused;
  refused.readable = false;
  if (text.size() > manifest_bytes_max) {
    refused.complaints.push_back({std::string(file) + ":1:1", "longer than 1 MiB: this is no manifest"});
    return refused;
  }
  try {
    return manifest_reader(file).read(toml::parse(text));
  } catch (const toml::parse_error& e) {
    const auto& begin = e.source().begin;
    refused.complaints.push_back(
        {std::string(file) + ":" + std::to_string(begin.line) + ":" + std::to_string(begin.column), std::string(e.description())});
    return refused;
  }
}

}  // namespace holdfast::tools

// The layers over a manifest, and how the outcome is shown.
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tools/errors/tool_error.hpp"
#include "tools/manifest/manifest.hpp"

namespace holdfast::tools {

namespace {

constexpr std::string_view layer_names[] = {"default", "manifest", "environment", "flag"};

/// Paths as people list them in one variable: separated by colons.
std::vector<std::string> split_paths(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ':');) parts.push_back(part);
  return parts;
}

void lay(configuration& c, const manifest_key& key, const std::string& text, layer from, const std::string& where) {
  auto texts = key.shape == value_shape::list ? split_paths(text) : std::vector{text};
  if (auto wrong = key.set(c.settings, texts)) {
    c.complaints.push_back({where, *wrong});
  } else {
    c.origins[key.path] = {from, where};
  }
}

origin origin_of(const configuration& c, const std::string& path) {
  auto found = c.origins.find(path);
  return found == c.origins.end() ? origin{} : found->second;
}

/// As it stood on the command line: the keys at the top have flags of their own, those in tables are given by --set.
std::string flag_name(const std::string& path) { return path.find('.') == std::string::npos ? "--" + path : "--set " + path; }

std::string show_roles(const node_settings& s) {
  std::string out;
  for (auto role : s.roles) out += (out.empty() ? "" : ", ") + std::string(identity::to_string(role));
  return out;
}

/// Every value with its key and origin, in the order of the table; roles and labels behind them.
struct shown_value {
  std::string path, value;
  origin from;
};
std::vector<shown_value> shown_values(const configuration& c) {
  std::vector<shown_value> all;
  for (const auto& key : manifest_keys()) all.push_back({key.path, key.show(c.settings), origin_of(c, key.path)});
  all.push_back({"roles", show_roles(c.settings), origin_of(c, "roles")});
  for (const auto& [key, value] : c.settings.labels) all.push_back({"labels." + key, value, origin_of(c, "labels." + key)});
  return all;
}

}  // namespace

configuration overlay(configuration c, const std::string& manifest_path, const environment_reader& environment,
                      const std::map<std::string, std::string>& flags) {
  namespace fs = std::filesystem;
  auto manifest_folder = fs::absolute(manifest_path).parent_path();
  for (auto& path : c.settings.data) path = (manifest_folder / path).lexically_normal().string();
  for (const auto& key : manifest_keys()) {
    if (auto text = environment(environment_name(key))) lay(c, key, *text, layer::environment, environment_name(key));
    if (auto flag = flags.find(key.path); flag != flags.end()) lay(c, key, flag->second, layer::flag, flag_name(key.path));
  }
  for (auto& path : c.settings.data) path = fs::absolute(path).lexically_normal().string();
  for (auto& [path, message] : check_together(c.settings)) {
    auto refused = [&, &key = path](const complaint& earlier) { return earlier.message.find("`" + key + "`") != std::string::npos; };
    if (std::ranges::any_of(c.complaints, refused)) continue;  // it is not missing, it was bad
    auto where = origin_of(c, path).where;
    c.complaints.push_back({where.empty() ? manifest_path + ":1:1" : where, "`" + path + "`: " + message});
  }
  return c;
}

result<configuration> load_configuration(const std::string& manifest_path, const std::map<std::string, std::string>& flags) {
  std::error_code ignored;
  errno = 0;
  std::ifstream file(manifest_path, std::ios::binary);
  std::string text(manifest_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.gcount() == 0 && (!file.is_open() || file.bad() || std::filesystem::is_directory(manifest_path, ignored))) {
    auto why = std::filesystem::is_directory(manifest_path, ignored) ? EISDIR : errno;
    return fail(tool_errc::unreadable, "cannot read the manifest " + manifest_path + ": " + std::strerror(why));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  auto parsed = parse_manifest(text, manifest_path);
  // Of what did not read, saying that keys are missing would be noise.
  auto c = parsed.readable ? overlay(std::move(parsed), manifest_path, environment, flags) : std::move(parsed);
  if (c.complaints.empty()) return c;
  std::string lines;
  for (const auto& each : c.complaints) lines += (lines.empty() ? "" : "\n") + to_string(each);
  return fail(tool_errc::bad_manifest, lines);
}

std::string show(const configuration& c) {
  std::size_t path_width = 0, value_width = 0;
  auto all = shown_values(c);
  for (const auto& each : all) {
    path_width = std::max(path_width, each.path.size());
    value_width = std::max(value_width, std::min<std::size_t>(each.value.size(), 60));
  }
  std::ostringstream out;
  for (const auto& each : all) {
    out << each.path << std::string(path_width - each.path.size() + 2, ' ') << each.value
        << std::string(each.value.size() < value_width ? value_width - each.value.size() + 2 : 2, ' ')
        << layer_names[static_cast<std::size_t>(each.from.from)] << (each.from.where.empty() ? "" : " " + each.from.where) << '\n';
  }
  return out.str();
}

std::string show_json(const configuration& c) {
  nlohmann::ordered_json out;
  for (const auto& each : shown_values(c)) {
    out[each.path] = {{"value", each.value}, {"from", layer_names[static_cast<std::size_t>(each.from.from)]}, {"where", each.from.where}};
  }
  return out.dump(2);
}

}  // namespace holdfast::tools

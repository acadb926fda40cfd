#include "tools/manifest/keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::tools {

namespace {

using values = std::vector<std::string>;
using verdict = std::optional<std::string>;

constexpr std::size_t labels_max = 16, label_bytes_max = 64, name_bytes_max = 64, path_bytes_max = 4096;

bool is_name(const std::string& text) {
  auto fits = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, fits) && text.front() != '.' && text.front() != '-';
}

verdict set_name(node_settings& s, const values& v) {
  if (!is_name(v[0])) return "a name is 1 to 64 letters, digits, '-', '_' and '.', and starts with a letter, a digit or '_'";
  s.name = v[0];
  return {};
}

verdict set_data(node_settings& s, const values& v) {
  if (v.empty()) return "data is a path";
  if (v.size() > 1) return "several paths: this version keeps a node's data in one; run a node for each disk, or put the disks under one file system";
  const auto& path = v.front();
  if (path.empty() || path.size() > path_bytes_max || path.find('\0') != std::string::npos) return "a path is empty, too long or has a NUL";
  s.data = v;
  return {};
}

std::string show_list(const values& v) {
  std::string out;
  for (const auto& each : v) out += (out.empty() ? "" : ", ") + each;
  return out;
}

template <class Target>
verdict set_address(Target& to, const std::string& text) {
  auto parsed = parse_address(text);
  if (!parsed) return "\"" + text + "\" is no address: HOST:PORT or [V6]:PORT, with a port of 1 to 65535";
  to = *parsed;
  return {};
}

manifest_key address_key(std::string path, std::string meaning, address node_settings::*member) {
  return {std::move(path), value_shape::text, std::move(meaning), false,
          [member](node_settings& s, const values& v) { return set_address(s.*member, v[0]); },
          [member](const node_settings& s) { return to_string(s.*member); }};
}

manifest_key size_key(std::string path, std::string meaning, std::uint64_t node_settings::*member, std::uint64_t least_bytes) {
  return {std::move(path), value_shape::size, std::move(meaning), false,
          [member, least_bytes](node_settings& s, const values& v) -> verdict {
            auto parsed = parse_size(v[0]);
            if (!parsed) return "\"" + v[0] + "\" is no size: a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB";
            if (*parsed < least_bytes) return "it must be at least " + print_size(least_bytes);
            s.*member = *parsed;
            return {};
          },
          [member](const node_settings& s) { return print_size(s.*member); }};
}

verdict set_ring_max(node_settings& s, const values& v) {
  constexpr std::array<std::string_view, 5> sizes{"1", "3", "4", "7", "10"};
  auto found = std::ranges::find(sizes, v[0]);
  if (found == sizes.end()) return "a ring has 1, 3, 4, 7 or 10 members";
  std::from_chars(found->data(), found->data() + found->size(), s.ring_max);
  return {};
}

std::vector<manifest_key> make_keys() {
  std::vector<manifest_key> keys;
  keys.push_back({"name", value_shape::text, "what people call this node", true, set_name, [](const node_settings& s) { return s.name; }});
  keys.push_back({"data", value_shape::list, "where it keeps its data: a path, relative to the manifest's folder", true,
                  set_data, [](const node_settings& s) { return show_list(s.data); }});
  keys.push_back(address_key("listen", "the one inbound port, for all links", &node_settings::listen));
  keys.push_back({"advertise", value_shape::text, "what peers dial, where that differs from listen", false,
                  [](node_settings& s, const values& v) { return set_address(s.advertise, v[0]); },
                  [](const node_settings& s) { return to_string(s.dialled()); }});
  keys.push_back({"dashboard", value_shape::text, "where the dashboard, /metrics and /health answer; \"off\" for nowhere", false,
                  [](node_settings& s, const values& v) -> verdict {
                    if (v[0] != "off") return set_address(s.dashboard, v[0]);
                    s.dashboard.reset();
                    return {};
                  },
                  [](const node_settings& s) { return s.dashboard ? to_string(*s.dashboard) : "off"; }});
  keys.push_back(size_key("roles.archive.capacity", "bytes of fragments it keeps at most; 0: what the disk has, less a tenth",
                          &node_settings::archive_capacity_bytes, 0));
  keys.push_back(size_key("roles.secondary.cache", "memory for blocks read often", &node_settings::secondary_cache_bytes, 1 << 20));
  keys.push_back(size_key("limits.memory", "memory budget of the whole node", &node_settings::memory_bytes, 128 << 20));
  keys.push_back({"limits.ring-max", value_shape::count, "a ring grows to at most this many members: 1, 3, 4, 7 or 10", false, set_ring_max,
                  [](const node_settings& s) { return std::to_string(s.ring_max); }});
  keys.push_back(size_key("limits.uncommitted", "bytes kept of a client's uploads that are not committed yet", &node_settings::uncommitted_bytes,
                          64ull << 20));
  return keys;
}

}  // namespace

std::string_view describe(value_shape shape) {
  switch (shape) {
    case value_shape::text: return "a string";
    case value_shape::list: return "a string or a list of strings";
    case value_shape::size: return "a size, such as \"400 MiB\"";
    case value_shape::count: return "a whole number";
  }
  return "";
}

const std::vector<manifest_key>& manifest_keys() {
  static const auto keys = make_keys();
  return keys;
}

const manifest_key* find_key(std::string_view path) {
  auto found = std::ranges::find(manifest_keys(), path, &manifest_key::path);
  return found == manifest_keys().end() ? nullptr : &*found;
}

std::string environment_name(const manifest_key& key) {
  std::string name = "HOLDFAST_" + key.path;
  for (auto& c : name) c = c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

verdict set_label(node_settings& to, const std::string& key, const std::string& value) {
  if (!is_name(key)) return "a label's key is 1 to 64 letters, digits, '-', '_' and '.'";
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (value.empty() || value.size() > label_bytes_max || std::ranges::any_of(value, control)) return "a label's value is 1 to 64 bytes of text";
  if (to.labels.size() >= labels_max) return "a node has at most 16 labels";
  to.labels[key] = value;
  return {};
}

std::vector<std::pair<std::string, std::string>> check_together(const node_settings& s) {
  std::vector<std::pair<std::string, std::string>> wrong;
  if (s.name.empty()) wrong.emplace_back("name", "missing: what people call this node");
  if (s.data.empty()) wrong.emplace_back("data", "missing: where the node keeps its data");
  if (s.dialled().is_every_interface()) {
    wrong.emplace_back(s.advertise ? "advertise" : "listen",
                       "no peer can dial " + to_string(s.dialled()) + ": give the address they reach under `advertise`");
  }
  if (s.dashboard && *s.dashboard == s.listen) wrong.emplace_back("dashboard", "it has the address of `listen`; each needs a port of its own");
  if (s.secondary_cache_bytes > s.memory_bytes / 2) {
    wrong.emplace_back("roles.secondary.cache", "more than half of limits.memory (" + print_size(s.memory_bytes) + ")");
  }
  return wrong;
}

}  // namespace holdfast::tools

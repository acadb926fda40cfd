#include "tools/commands/status_text.hpp"

#include <array>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

namespace holdfast::tools {

namespace {

using nlohmann::json;

std::string text_of(const json& j, const char* key) {
  auto at = j.find(key);
  return at != j.end() && at->is_string() ? at->get<std::string>() : "";
}

std::uint64_t number_of(const json& j, const char* key) {
  auto at = j.find(key);
  return at != j.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
}

std::string size_of(std::uint64_t bytes) {
  constexpr const char* units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  std::ostringstream out;
  out << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << value << " " << units[unit];
  return out.str();
}

}  // namespace

std::string status_text(const std::string& view_json) {
  auto view = json::parse(view_json, nullptr, false);
  if (!view.is_object()) return "the node's answer is no status\n";
  std::ostringstream out;
  out << text_of(view, "sentence") << "\n\n";
  out << std::left;
  auto row = [&](const std::array<std::string, 7>& cells, const std::string& last) {
    constexpr std::array widths{14, 10, 13, 24, 12, 12, 12};
    for (std::size_t i = 0; i < cells.size(); ++i) out << std::setw(widths[i]) << cells[i];
    out << last << "\n";
  };
  row({"NODE", "ID", "STATE", "ADDRESS", "MEMORY", "STORED", "CACHED"}, "RINGS");
  for (const auto& node : view["nodes"]) {
    std::string rings;
    for (const auto& ring : node.value("rings", json::array())) {
      rings += (rings.empty() ? "" : ", ") + text_of(ring, "label") + ": view " + std::to_string(number_of(ring, "view")) + ", batch " +
               std::to_string(number_of(ring, "executed"));
    }
    auto archive = node.value("archive", json()), secondary = node.value("secondary", json());
    auto held = [](const json& where, const char* key) { return where.is_object() ? size_of(number_of(where, key)) : "-"; };
    row({text_of(node, "name"), text_of(node, "id").substr(0, 8), text_of(node, "state"), text_of(node, "address"),
         size_of(number_of(node, "memory_rss_bytes")), held(archive, "bytes"), held(secondary, "held_bytes")},
        rings);
  }
  auto troubles = view.value("troubles", json::array());
  if (!troubles.empty()) out << "\nWhat is wrong:\n";
  for (const auto& trouble : troubles) out << "  " << text_of(trouble, "sentence") << "\n";
  return out.str();
}

}  // namespace holdfast::tools

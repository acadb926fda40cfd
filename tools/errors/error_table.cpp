#include "tools/errors/error_table.hpp"

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

// The linker's view of the file: no generated source, and any length in no compile time.
__asm__(
    ".section .rodata\n"
    "holdfast_errors_begin: .incbin \"" HOLDFAST_ERRORS_TOML "\"\n"
    "holdfast_errors_end: .byte 0\n"
    ".previous\n");
extern "C" const char holdfast_errors_begin[], holdfast_errors_end[];

namespace holdfast::tools {

error_table::error_table() {
  auto table = toml::parse(std::string_view(holdfast_errors_begin, static_cast<std::size_t>(holdfast_errors_end - holdfast_errors_begin)));
  for (const auto& [room, entries] : table) {
    for (const auto& [name, value] : *entries.as_table()) {
      if (room == "exit") {
        exit_codes_[std::stoi(std::string(name.str()))] = value.value_or("");
        continue;
      }
      const auto& row = *value.as_table();
      auto code = static_cast<std::uint16_t>(row["code"].value_or(0));
      rows_[{std::string(room.str()), code}] = {std::string(room.str()) + "." + std::string(name.str()), row["exit"].value_or(1),
                                                row["sentence"].value_or(""), row["remedy"].value_or(""), {}};
      auto& special = rows_[{std::string(room.str()), code}].special;
      if (auto text = row["running_node"].value<std::string>()) special[situation::running_node] = *text;
      if (auto text = row["operating"].value<std::string>()) special[situation::operating] = *text;
    }
  }
}

const error_table& error_table::instance() {
  static const error_table table;
  return table;
}

const error_row* error_table::find(const error& e) const {
  auto found = rows_.find(std::pair(std::string(e.room()), e.code()));
  return found == rows_.end() ? nullptr : &found->second;
}

std::string error_table::exit_codes_help(const std::set<int>& only) const {
  std::string out = "Exit codes:\n";
  for (const auto& [code, meaning] : exit_codes_) {
    if (!only.empty() && !only.contains(code)) continue;
    auto number = std::to_string(code);
    out += "  " + std::string(3 - number.size(), ' ') + number + "  " + meaning + "\n";
  }
  return out;
}

int exit_code(const error& e) {
  const auto* row = error_table::instance().find(e);
  return row ? row->exit_code : 1;
}

std::string describe(const error& e, situation where) {
  const auto* row = error_table::instance().find(e);
  std::string out = "holdfast: " + (e.message().empty() && row ? row->sentence : e.message()) + "\n";
  if (row) out += "  " + row->remedy_in(where) + "\n";
  return out;
}

std::string describe_json(const error& e, situation where) {
  const auto* row = error_table::instance().find(e);
  nlohmann::ordered_json body;
  body["id"] = row ? row->id : std::string(e.room()) + "." + std::to_string(e.code());
  body["exit"] = row ? row->exit_code : 1;
  body["message"] = e.message();
  body["remedy"] = row ? row->remedy_in(where) : "";
  return nlohmann::ordered_json{{"error", body}}.dump();
}

}  // namespace holdfast::tools

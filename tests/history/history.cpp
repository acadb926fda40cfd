#include "tests/history/history.hpp"

#include <istream>

#include <nlohmann/json.hpp>

namespace holdfast::history {

namespace {

constexpr operation_kind kinds[] = {operation_kind::put, operation_kind::get};
constexpr operation_outcome outcomes[] = {operation_outcome::ok, operation_outcome::conflict, operation_outcome::not_found,
                                          operation_outcome::failed, operation_outcome::unknown};

template <class Enum, std::size_t N>
Enum from_text(const Enum (&values)[N], const std::string& text) {
  for (auto value : values) {
    if (to_string(value) == text) return value;
  }
  throw std::invalid_argument("\"" + text + "\" is not among the values of its field");
}

operation from_json(const nlohmann::json& line) {
  operation op;
  op.client = line.at("client").get<std::uint32_t>();
  op.kind = from_text(kinds, line.at("op").get<std::string>());
  op.object = line.at("object").get<std::string>();
  if (line.contains("if_version")) op.if_version = line.at("if_version").get<std::uint64_t>();
  op.version = line.value("version", std::uint64_t{0});
  op.hash = line.value("hash", std::string());
  op.call_us = line.at("call_us").get<std::int64_t>();
  op.return_us = line.at("return_us").get<std::int64_t>();
  op.outcome = from_text(outcomes, line.at("outcome").get<std::string>());
  return op;
}

}  // namespace

std::string_view to_string(operation_kind kind) { return kind == operation_kind::put ? "put" : "get"; }

std::string_view to_string(operation_outcome outcome) {
  switch (outcome) {
    case operation_outcome::ok: return "ok";
    case operation_outcome::conflict: return "conflict";
    case operation_outcome::not_found: return "not_found";
    case operation_outcome::failed: return "failed";
    case operation_outcome::unknown: return "unknown";
  }
  return "unknown";
}

std::string to_line(const operation& op) {
  nlohmann::ordered_json line{{"client", op.client}, {"op", to_string(op.kind)}, {"object", op.object}};
  if (op.if_version) line["if_version"] = *op.if_version;
  line["version"] = op.version;
  line["hash"] = op.hash;
  line["call_us"] = op.call_us;
  line["return_us"] = op.return_us;
  line["outcome"] = to_string(op.outcome);
  return line.dump();
}

result<std::vector<operation>> read(std::istream& input) {
  std::vector<operation> operations;
  std::string line;
  for (std::size_t number = 1; std::getline(input, line); ++number) {
    if (line.empty()) continue;
    try {
      operations.push_back(from_json(nlohmann::json::parse(line)));
    } catch (const std::exception& e) {
      return fail(errc::malformed, "line " + std::to_string(number) + " of the history is not an operation: " + e.what());
    }
  }
  return operations;
}

}  // namespace holdfast::history

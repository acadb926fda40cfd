#include "storage/checked_text.hpp"

#include <charconv>

#include "storage/crc32c.hpp"

namespace holdfast::storage {
namespace {

std::string check_line(std::string_view text) {
  auto crc = crc32c(as_bytes_view(text));
  std::array<std::uint8_t, 4> raw;
  for (int i = 0; i < 4; ++i) raw[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  return "check " + to_hex(raw) + "\n";
}

}  // namespace

std::string with_check_line(std::string text) {
  text += check_line(text);
  return text;
}

result<std::map<std::string, std::string>> parse_checked_text(std::string_view text, std::string_view title, const std::string& what) {
  constexpr std::size_t check_length = sizeof("check 00000000\n") - 1;
  auto damaged = fail(errc::corrupt, what + " is damaged: its check line does not match; restore it from a copy");
  if (text.size() < check_length) return damaged;
  auto body = text.substr(0, text.size() - check_length);
  if (text.substr(body.size()) != check_line(body)) return damaged;
  std::map<std::string, std::string> fields;
  for (bool first = true; !body.empty(); first = false) {
    auto end = body.find('\n');
    if (end == std::string_view::npos) return damaged;
    auto line = body.substr(0, end);
    body.remove_prefix(end + 1);
    if (first) {
      if (line != title) return fail(errc::corrupt, what + " is not what it should be: it begins with \"" + std::string(line) + "\"");
      continue;
    }
    auto space = line.find(' ');
    if (space == std::string_view::npos) return damaged;
    if (!fields.emplace(line.substr(0, space), line.substr(space + 1)).second) return damaged;
  }
  return fields;
}

result<std::uint64_t> parse_number(const std::map<std::string, std::string>& fields, const std::string& key, const std::string& what) {
  auto found = fields.find(key);
  std::uint64_t value = 0;
  if (found != fields.end()) {
    const auto& text = found->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && end == text.data() + text.size()) return value;
  }
  return fail(errc::corrupt, what + " has no number \"" + key + "\"");
}

}  // namespace holdfast::storage

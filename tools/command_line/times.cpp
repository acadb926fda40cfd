#include "tools/command_line/times.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace holdfast::tools {

namespace {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || why != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  constexpr std::int64_t longest_s = 100ll * 365 * 86'400;
  if (text.size() < 2) return std::nullopt;
  auto number = whole(text.substr(0, text.size() - 1));
  std::int64_t unit_s = 0;
  switch (text.back()) {
    case 's': unit_s = 1; break;
    case 'm': unit_s = 60; break;
    case 'h': unit_s = 3'600; break;
    case 'd': unit_s = 86'400; break;
    default: return std::nullopt;
  }
  if (!number || *number <= 0 || *number > longest_s / unit_s) return std::nullopt;
  return std::chrono::seconds(*number * unit_s);
}

namespace {

struct form {
  const char* pattern;
  std::int64_t unit_ms;  ///< of its last part
};
constexpr form forms[] = {{"%Y-%m-%d", 86'400'000}, {"%Y-%m-%dT%H:%M", 60'000},   {"%Y-%m-%d %H:%M", 60'000},
                          {"%Y-%m-%dT%H:%M:%S", 1'000}, {"%Y-%m-%d %H:%M:%S", 1'000}};

/// Nothing for what no calendar has: the 31st of February would silently become the 3rd of March.
std::optional<std::int64_t> seconds_at(std::tm parts, bool utc) {
  auto meant = parts;
  parts.tm_isdst = -1;
  std::int64_t seconds = utc ? ::timegm(&parts) : std::mktime(&parts);
  bool kept = parts.tm_mday == meant.tm_mday && parts.tm_mon == meant.tm_mon && parts.tm_year == meant.tm_year;
  return kept ? std::optional(seconds) : std::nullopt;
}

}  // namespace

std::optional<wall_time> parse_time(std::string_view text, wall_time now) {
  constexpr std::string_view ago = " ago";
  if (text == "now") return now;
  if (text.ends_with(ago)) {
    auto back = parse_duration(text.substr(0, text.size() - ago.size()));
    if (!back) return std::nullopt;
    return now - std::chrono::duration_cast<std::chrono::milliseconds>(*back);
  }
  bool utc = text.ends_with('Z');
  if (utc) text.remove_suffix(1);
  std::optional<std::int64_t> fraction_ms;
  if (auto point = text.find('.'); point != std::string_view::npos) {
    fraction_ms = whole(text.substr(point + 1));
    if (!fraction_ms || *fraction_ms < 0 || text.size() - point != 4 || std::count(text.begin(), text.end(), ':') != 2) return std::nullopt;
    text = text.substr(0, point);
  }
  std::string copy(text);
  for (const auto& [pattern, unit_ms] : forms) {
    std::tm parts{};
    const char* end = ::strptime(copy.c_str(), pattern, &parts);
    if (!end || *end != '\0') continue;
    auto seconds = seconds_at(parts, utc);
    if (!seconds) return std::nullopt;
    return wall_time{*seconds * 1000 + fraction_ms.value_or(unit_ms - 1)};
  }
  return std::nullopt;
}

std::string print_time(wall_time t) {
  std::time_t seconds = t.ms / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

}  // namespace holdfast::tools

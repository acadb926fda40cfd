#include "tools/manifest/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <numeric>
#include <utility>

namespace holdfast::tools {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<unit, 9> units{{{"B", 1},
                                     {"kB", 1'000},
                                     {"MB", 1'000'000},
                                     {"GB", 1'000'000'000},
                                     {"TB", 1'000'000'000'000},
                                     {"KiB", 1ull << 10},
                                     {"MiB", 1ull << 20},
                                     {"GiB", 1ull << 30},
                                     {"TiB", 1ull << 40}}};
constexpr std::size_t first_binary_unit = 5;

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || why != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::optional<address> parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.size() > 300) return std::nullopt;
  auto host = text.substr(0, colon);
  auto port = parse_whole<std::uint16_t>(text.substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
    auto foreign = [](char c) { return !std::isxdigit(static_cast<unsigned char>(c)) && c != ':' && c != '.'; };
    if (std::ranges::any_of(host, foreign)) return std::nullopt;
  } else {
    auto foreign = [](char c) { return !std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.' && c != '_'; };
    if (host.empty() || std::ranges::any_of(host, foreign)) return std::nullopt;
  }
  return address{std::string(host), *port};
}

std::string to_string(const address& a) {
  auto host = a.host.find(':') == std::string::npos ? a.host : "[" + a.host + "]";
  return host + ":" + std::to_string(a.port);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  auto number = parse_whole<std::uint64_t>(text.substr(0, digits));
  auto suffix = text.substr(digits);
  if (suffix.starts_with(' ')) suffix.remove_prefix(1);
  if (!number || (suffix.empty() && digits != text.size())) return std::nullopt;
  if (suffix.empty()) return number;
  auto found = std::ranges::find(units, suffix, &unit::name);
  std::uint64_t product = 0;
  if (found == units.end() || __builtin_mul_overflow(*number, found->bytes, &product)) return std::nullopt;
  return product;
}

std::string print_size(std::uint64_t size_bytes) {
  for (auto i = units.size(); i-- > first_binary_unit;) {
    if (size_bytes >= units[i].bytes && size_bytes % units[i].bytes == 0) {
      return std::to_string(size_bytes / units[i].bytes) + " " + std::string(units[i].name);
    }
  }
  return std::to_string(size_bytes) + " B";
}

std::string print_size_roughly(std::uint64_t size_bytes) {
  std::size_t i = units.size();
  while (i > first_binary_unit && size_bytes < units[i - 1].bytes) --i;
  if (i == first_binary_unit) return std::to_string(size_bytes) + " B";
  auto value = static_cast<double>(size_bytes) / static_cast<double>(units[i - 1].bytes);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
  return std::string(text.data()) + " " + std::string(units[i - 1].name);
}

std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& candidates) {
  auto best = std::ranges::min_element(candidates, {}, [&](const auto& c) { return edit_distance(typed, c); });
  if (best == candidates.end() || typed.size() > 100 || edit_distance(typed, *best) > std::max<std::size_t>(1, best->size() / 3)) return std::nullopt;
  return *best;
}

}  // namespace holdfast::tools

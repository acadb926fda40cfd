#include "introspection/dashboard/http_rules.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace holdfast::introspection {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls `take` with each piece of `text` between separators until it answers true.
template <class Take>
bool any_piece(std::string_view text, char separator, Take take) {
  while (true) {
    auto end = text.find(separator);
    if (take(text.substr(0, end))) return true;
    if (end == text.npos) return false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<std::string> host_name(std::string_view field) {
  field = trimmed(field);
  if (field.empty() || field.size() > 300) return std::nullopt;
  std::size_t end = 0;
  if (field[0] == '[') {
    end = field.find(']');
    if (end == field.npos) return std::nullopt;
    ++end;
    auto inside = field.substr(1, end - 2);
    auto fits = [](char c) { return digit(c) || letter(c) || c == ':' || c == '.'; };
    if (inside.empty() || !std::all_of(inside.begin(), inside.end(), fits)) return std::nullopt;
  } else {
    auto fits = [](char c) { return digit(c) || letter(c) || c == '-' || c == '.' || c == '_'; };
    while (end < field.size() && fits(field[end])) ++end;
    if (end == 0) return std::nullopt;
  }
  auto port = field.substr(end);
  if (!port.empty() && (port[0] != ':' || port.size() > 6 || !std::all_of(port.begin() + 1, port.end(), digit))) return std::nullopt;
  std::string name(field.substr(0, end));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

bool is_address(const std::string& host_name) {
  in6_addr room;
  if (!host_name.starts_with('[')) return inet_pton(AF_INET, host_name.c_str(), &room) == 1;
  return inet_pton(AF_INET6, host_name.substr(1, host_name.size() - 2).c_str(), &room) == 1;
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find_first_of("?#")); }

std::optional<std::string> query_value(std::string_view target, std::string_view name) {
  auto start = target.find('?');
  if (start == target.npos) return std::nullopt;
  std::optional<std::string> found;
  any_piece(target.substr(start + 1), '&', [&](std::string_view piece) {
    if (!piece.starts_with(name) || piece.size() <= name.size() || piece[name.size()] != '=') return false;
    auto value = piece.substr(name.size() + 1);
    auto plain = [](char c) { return digit(c) || letter(c) || c == '-' || c == '_'; };
    if (std::all_of(value.begin(), value.end(), plain)) found = std::string(value);
    return true;
  });
  return found;
}

std::optional<std::string> cookie_value(std::string_view field, std::string_view name) {
  std::optional<std::string> found;
  any_piece(field, ';', [&](std::string_view piece) {
    piece = trimmed(piece);
    if (!piece.starts_with(name) || piece.size() <= name.size() || piece[name.size()] != '=') return false;
    found = std::string(piece.substr(name.size() + 1));
    return true;
  });
  return found;
}

bool matches_etag(std::string_view field, std::string_view etag) {
  return any_piece(field, ',', [&](std::string_view piece) {
    piece = trimmed(piece);
    if (piece.starts_with("W/")) piece.remove_prefix(2);
    return piece == "*" || piece == etag;
  });
}

}  // namespace holdfast::introspection

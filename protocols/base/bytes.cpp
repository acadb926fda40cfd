#include "protocols/base/bytes.hpp"

namespace holdfast {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base32_digits = "abcdefghijklmnopqrstuvwxyz234567";

std::optional<std::uint8_t> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::string to_hex(bytes_view data) {
  std::string text;
  text.reserve(data.size() * 2);
  for (auto b : data) {
    text.push_back(hex_digits[b >> 4]);
    text.push_back(hex_digits[b & 15]);
  }
  return text;
}

std::optional<bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  bytes data;
  data.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    auto high = hex_value(text[i]), low = hex_value(text[i + 1]);
    if (!high || !low) return std::nullopt;
    data.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return data;
}

std::string to_base32(bytes_view data) {
  std::string text;
  text.reserve((data.size() * 8 + 4) / 5);
  std::uint32_t pending = 0;
  int bits = 0;
  for (auto b : data) {
    pending = pending << 8 | b;
    bits += 8;
    while (bits >= 5) {
      text.push_back(base32_digits[pending >> (bits - 5) & 31]);
      bits -= 5;
    }
    pending &= (1u << bits) - 1;
  }
  if (bits > 0) text.push_back(base32_digits[pending << (5 - bits) & 31]);
  return text;
}

std::optional<bytes> from_base32(std::string_view text) {
  auto tail = text.size() % 8;
  if (tail == 1 || tail == 3 || tail == 6) return std::nullopt;  // no whole byte ends there
  bytes data;
  data.reserve(text.size() * 5 / 8);
  std::uint32_t pending = 0;
  int bits = 0;
  for (char c : text) {
    auto value = base32_digits.find(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    if (value == std::string_view::npos) return std::nullopt;
    pending = pending << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits >= 8) {
      data.push_back(static_cast<std::uint8_t>(pending >> (bits - 8)));
      bits -= 8;
    }
    pending &= (1u << bits) - 1;
  }
  if (pending != 0) return std::nullopt;
  return data;
}

}  // namespace holdfast

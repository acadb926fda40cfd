// Byte strings: the one type for what is hashed, signed, stored and sent.
// A `bytes_view` never owns; whoever keeps bytes beyond a call copies them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

using bytes = std::vector<std::uint8_t>;
using bytes_view = std::span<const std::uint8_t>;
using mutable_bytes_view = std::span<std::uint8_t>;

/// Views a string's characters as bytes; valid as long as the string is.
inline bytes_view as_bytes_view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Views bytes as characters; valid as long as the bytes are.
inline std::string_view as_text(bytes_view data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

inline bytes to_bytes(bytes_view data) { return {data.begin(), data.end()}; }

inline void append(bytes& to, bytes_view more) { to.insert(to.end(), more.begin(), more.end()); }

/// Lower-case hexadecimal.
std::string to_hex(bytes_view data);

/// The bytes that `text` spells in hexadecimal of either case; nothing if it is odd in length or has any other character.
std::optional<bytes> from_hex(std::string_view text);

/// RFC 4648 base32, lower case without padding: what people copy by hand (tokens, capabilities).
std::string to_base32(bytes_view data);

/// The inverse of `to_base32`; nothing if a character is foreign or the trailing bits are not zero.
std::optional<bytes> from_base32(std::string_view text);

}  // namespace holdfast

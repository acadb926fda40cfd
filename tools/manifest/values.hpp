// How people write values: sizes ("400 MiB"), addresses ("host:7400", "[::1]:7400").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// Where a socket listens or is dialled. IPv6 literals are held without brackets and printed with them.
struct address {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const address&) const = default;

  /// True for 0.0.0.0 and ::, which can be listened on and never dialled.
  bool is_every_interface() const { return host == "0.0.0.0" || host == "::"; }
};

/// HOST:PORT or [V6]:PORT with a port of 1 to 65535; nothing for anything else.
std::optional<address> parse_address(std::string_view text);
std::string to_string(const address& a);

/// Bytes: a number, and B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024), with or without a blank.
/// A bare number is bytes. Nothing for anything else, and for what does not fit 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest exact form with a binary unit: "400 MiB", "1000 B".
std::string print_size(std::uint64_t size_bytes);

/// For people: three digits at most, "1.4 GiB".
std::string print_size_roughly(std::uint64_t size_bytes);

/// The candidate nearest to what was typed, if it is near enough to be meant.
std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace holdfast::tools

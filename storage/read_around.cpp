#include "storage/read_around.hpp"

#include <algorithm>

namespace holdfast::storage {
namespace {

constexpr std::size_t unread_max = 4096;    // seeking behind a bad place takes some milliseconds
constexpr std::size_t compared_bytes = 64;  // longer keys are told apart by their beginning

/// A key as a number of `compared_bytes` bytes, and 2^bit added to it; nothing if it becomes too large.
std::optional<bytes> ahead(bytes key, std::size_t bit) {
  key.resize(compared_bytes);
  unsigned carry = 1u << bit % 8;
  for (auto at = compared_bytes - bit / 8; at-- > 0 && carry > 0;) {
    carry += key[at];
    key[at] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  if (carry > 0) return std::nullopt;
  return key;
}

bool readable(const database& from, table where, bytes_view key) {
  return from.scan(where, {}, key, [](bytes_view, bytes_view) { return false; }).has_value();
}

/// The first place behind `key` from which the table can be read; nothing if there is none.
std::optional<bytes> next_readable(const database& from, table where, bytes key) {
  for (std::size_t step = 0; step < 8 * compared_bytes; ++step) {
    auto good = ahead(key, step);
    if (!good) return std::nullopt;
    if (!readable(from, where, *good)) continue;
    // It lies 2^step ahead, and half of that way ahead was bad still.
    auto bad = step == 0 ? std::optional(key) : ahead(key, step - 1);
    for (auto half = step == 0 ? 0 : step - 1; half-- > 0;) {
      auto between = ahead(*bad, half);
      if (!readable(from, where, *between)) bad = between;
    }
    return ahead(*bad, 0);
  }
  return std::nullopt;
}

}  // namespace

std::vector<key_stretch> read_around(const database& from, table where, const key_stretch& within,
                                     const std::function<bool(bytes_view key, bytes_view value)>& visit) {
  std::vector<key_stretch> unread;
  for (auto start = std::optional(within.from); start;) {
    auto behind = *start;  // all before it has been read
    bool over = false;
    auto read = from.scan(where, {}, *start, [&](bytes_view key, bytes_view value) {
      behind = to_bytes(key);
      behind.push_back(0);
      over = (within.to && !std::lexicographical_compare(key.begin(), key.end(), within.to->begin(), within.to->end())) || !visit(key, value);
      return !over;
    });
    if (read || over) break;
    start = unread.size() + 1 < unread_max ? next_readable(from, where, behind) : std::nullopt;
    if (within.to && start && *start >= *within.to) start.reset();
    unread.push_back({std::move(behind), start ? start : within.to});
  }
  return unread;
}

}  // namespace holdfast::storage

// Self-verifying 256-bit names (SHA-256), one C++ type a kind so that no two kinds mix.
//
// Whoever fetches by name checks the bytes against the name; helpers beside each kind's type compute it.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <optional>
#include <string>

#include "protocols/base/bytes.hpp"

namespace holdfast {

template <class Kind>
struct name256 {
  std::array<std::uint8_t, 32> raw{};

  auto operator<=>(const name256&) const = default;

  bytes_view view() const { return raw; }
  bool is_zero() const { return *this == name256{}; }

  /// All 64 hexadecimal digits.
  std::string hex() const { return to_hex(raw); }

  /// The first eight hexadecimal digits: enough for a person and a log.
  std::string brief() const { return to_hex(view().first(4)); }

  static std::optional<name256> from_hex(std::string_view text) {
    auto data = holdfast::from_hex(text);
    if (!data || data->size() != 32) return std::nullopt;
    return from(*data);
  }

  /// `data` must be 32 bytes long.
  static name256 from(bytes_view data) {
    name256 name;
    std::copy_n(data.begin(), 32, name.raw.begin());
    return name;
  }
};

template <class F, class Kind>
bool inspect(F& f, name256<Kind>& x) {
  return f.fields("raw", x.raw);
}

template <class Kind>
std::string to_string(const name256<Kind>& x) {
  return x.brief();
}

using digest = name256<struct digest_kind>;           ///< any tagged hash that names nothing by itself
using bguid = name256<struct bguid_kind>;             ///< a block: hash of its ciphertext, whatever its coding
using vguid = name256<struct vguid_kind>;             ///< a version: hash of its version record
using aguid = name256<struct aguid_kind>;             ///< an object: hash(owner's key, random salt)
using node_id = name256<struct node_id_kind>;         ///< a node or client: hash(identity key, nonce drawn by the root ring)
using cluster_id = name256<struct cluster_id_kind>;   ///< hash of the genesis statement
using ring_id = name256<struct ring_id_kind>;         ///< hash of the ring's members at its birth
using role_id = name256<struct role_id_kind>;         ///< hash(role kind, instance)
using extent_id = name256<struct extent_id_kind>;     ///< an upload's unit of placement and coding: hash(client, session, operation, ordinal)
using session_id = name256<struct session_id_kind>;   ///< a client process's session: its window of exactly-once

}  // namespace holdfast

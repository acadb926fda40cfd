// A ring's whole state: named submaps, each an authenticated radix tree, under one root that the ring signs.
#pragma once

#include "protocols/crypto/sign.hpp"
#include "protocols/ring/radix_tree.hpp"

namespace holdfast::ring {

/// The state's parts. Append only: the list is hashed in this order.
enum class submap : std::uint8_t {
  heads,          ///< object ring: AGUID -> object::head
  extents,        ///< object ring: extent -> archive::coding_record
  repair,         ///< object ring: extent -> repair_entry, while it has vacant slots
  dedup,          ///< object ring: slot of a session's window -> operation_result
  sessions,       ///< object ring: session -> session_record
  clients,        ///< object ring: client -> client_account
  directory,      ///< root ring: "current" -> identity::directory; object ring: the versions that placement may name
  configuration,  ///< both: "current" -> identity::configuration_entry
  admissions,     ///< root ring: node -> identity::admission
  invitations,    ///< root ring: token key -> invitation_record
  advertisements,  ///< root ring: node -> advertisement_record
};
constexpr std::size_t submap_count = 11;
constexpr bool known(submap s) { return static_cast<std::size_t>(s) < submap_count; }
std::string_view to_string(submap s);

/// Where a value lies in a ring's state.
struct place {
  submap map = submap::heads;
  map_key key{};
  bool operator==(const place&) const = default;
};
template <class F>
bool inspect(F& f, place& x) {
  return f.fields("map", x.map, "key", x.key);
}

template <class Kind>
place place_of(submap map, const name256<Kind>& name) {
  return {map, name.raw};
}
inline place place_of(submap map, const crypto::public_key& key) { return {map, key.raw}; }

/// Where single values lie: the key is the hash of their name. `place_named(submap::directory, "current")`.
place place_named(submap map, std::string_view name);

/// Proof of what the whole state holds at a place: a path in its submap, and the roots of all submaps.
struct map_proof {
  map_path path;
  std::array<digest, submap_count> roots;
  bool operator==(const map_proof&) const = default;
};
template <class F>
bool inspect(F& f, map_proof& x) {
  return f.fields("path", x.path, "roots", x.roots);
}

/// True if `proof` proves that the state of this root holds these bytes at `where`; or, if there are none, nothing.
bool verify(const map_proof& proof, const digest& root, const place& where, const std::optional<bytes>& value);

/// Copying is a snapshot: cheap, and independent of what follows.
class authenticated_map {
 public:
  const bytes* get(const place& where) const { return at(where.map).get(where.key); }
  void put(const place& where, bytes value) { at(where.map).put(where.key, std::move(value)); }
  void erase(const place& where) { at(where.map).erase(where.key); }

  /// The value decoded; nothing if absent. What a machine put there itself decodes.
  template <class T>
  std::optional<T> load(const place& where) const {
    auto* data = get(where);
    if (data == nullptr) return std::nullopt;
    auto value = codec::decode<T>(*data, "state entry");
    return value ? std::optional<T>(std::move(*value)) : std::nullopt;
  }
  template <class T>
  void store(const place& where, const T& value) {
    put(where, codec::encode(value));
  }

  const radix_tree& tree(submap map) const { return maps_[static_cast<std::size_t>(map)]; }

  digest root() const;
  map_proof prove(const place& where) const;

 private:
  const radix_tree& at(submap map) const { return maps_[static_cast<std::size_t>(map)]; }
  radix_tree& at(submap map) { return maps_[static_cast<std::size_t>(map)]; }

  std::array<radix_tree, submap_count> maps_;
};

}  // namespace holdfast::ring

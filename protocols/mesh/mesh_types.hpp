// Names in the mesh, the pointers that say who serves them, and what nodes say to each other about both.
//
// Whatever is to be found has a GUID of 256 bits. Each GUID has a few roots, by salting: nodes that the GUID itself chooses,
// where its pointers lie. A pointer is signed by the server it names and expires; its server renews it. An answer without a
// signed, unexpired pointer proves nothing, and that nothing is found needs the word of every root.
#pragma once

#include <variant>

#include "protocols/identity/identity_types.hpp"

namespace holdfast::mesh {

using guid = name256<struct mesh_guid_kind>;

/// The GUID of something that has a name of its own: a block, an object's head, an extent, a role.
template <class Kind>
guid guid_of(std::string_view what, const name256<Kind>& name) {
  return crypto::hash<guid>("holdfast/mesh-guid/v1", {as_bytes_view(what), bytes_view(name.raw)});
}

constexpr std::uint8_t roots_per_guid = 3;
constexpr std::size_t pointers_per_guid_max = 32;                      ///< at one root
constexpr std::size_t sentence_bytes_max = 512;
constexpr std::chrono::milliseconds pointer_life = std::chrono::minutes(10);
constexpr std::chrono::milliseconds clock_skew = std::chrono::minutes(1);

/// "I serve this until then."
struct pointer {
  static constexpr std::string_view type_tag = "holdfast/mesh-pointer/v1";
  cluster_id cluster;
  guid what;
  node_id server;
  std::uint64_t counter = 0;  ///< grows with every word of the server on this GUID; the newest counts
  wall_time expires;          ///< not later than `pointer_life` from now; already past: withdrawn
};
template <class F>
bool inspect(F& f, pointer& x) {
  return f.fields("cluster", x.cluster, "what", x.what, "server", x.server, "counter", x.counter, "expires", x.expires);
}
using signed_pointer = crypto::signed_statement<pointer>;

/// To a root: keep this pointer, or, if it is a withdrawal, forget the one before. Answered by `kept`.
struct keep_pointer {
  signed_pointer what;
};
template <class F>
bool inspect(F& f, keep_pointer& x) {
  return f.fields("what", x.what);
}

/// To a root: who serves this? Answered by `known_pointers`.
struct find_pointers {
  guid what;
};
template <class F>
bool inspect(F& f, find_pointers& x) {
  return f.fields("what", x.what);
}

/// To any router, by whoever is no router himself: who serves this, by the word of all its roots? Answered by `known_pointers`, or
/// `refused` with `not_found` if every root said that nobody does.
struct locate_pointers {
  guid what;
};
template <class F>
bool inspect(F& f, locate_pointers& x) {
  return f.fields("what", x.what);
}

using service_request = std::variant<keep_pointer, find_pointers, locate_pointers>;

struct kept {};
template <class F>
bool inspect(F& f, kept&) {
  return f.fields();
}

struct known_pointers {
  std::vector<signed_pointer> pointers;
};
template <class F>
bool inspect(F& f, known_pointers& x) {
  return f.fields("pointers", x.pointers) && x.pointers.size() <= pointers_per_guid_max;
}

struct refused {
  std::uint16_t code = 0;  ///< an `errc`
  std::string sentence;
};
template <class F>
bool inspect(F& f, refused& x) {
  return f.fields("code", x.code, "sentence", x.sentence) && x.sentence.size() <= sentence_bytes_max;
}

using service_reply = std::variant<kept, known_pointers, refused>;

/// The pointer, if a server of this directory signed it and was not revoked since. Its expiry is the caller's to judge.
result<pointer> open_pointer(const signed_pointer& s, const cluster_id& cluster, const identity::directory& directory);

}  // namespace holdfast::mesh

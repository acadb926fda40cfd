#include "protocols/ring/authenticated_map.hpp"

namespace holdfast::ring {

namespace {

using root_list = std::array<digest, submap_count>;

// The submaps' names are in the hash, so that a list of another make reads differently.
digest root_of(const root_list& roots) {
  crypto::hasher h("holdfast/state/v1");
  for (std::size_t i = 0; i < roots.size(); ++i) {
    auto name = codec::encode(std::string(to_string(static_cast<submap>(i))));
    h.update(name).update(roots[i].view());
  }
  return digest{h.finish()};
}

}  // namespace

std::string_view to_string(submap s) {
  constexpr std::string_view names[] = {"heads",     "extents",       "repair",     "dedup",       "sessions",      "clients",
                                        "directory", "configuration", "admissions", "invitations", "advertisements"};
  static_assert(std::size(names) == submap_count);
  return names[static_cast<std::size_t>(s)];
}

place place_named(submap map, std::string_view name) {
  return {map, crypto::hash("holdfast/map-key/v1", {as_bytes_view(name)}).raw};
}

bool verify(const map_proof& proof, const digest& root, const place& where, const std::optional<bytes>& value) {
  if (!known(where.map)) return false;
  auto present = value ? std::optional<digest>(hash_of_value(*value)) : std::nullopt;
  const auto& own = proof.roots[static_cast<std::size_t>(where.map)];
  return verify(proof.path, own, where.key, present) && root_of(proof.roots) == root;
}

digest authenticated_map::root() const {
  root_list roots;
  for (std::size_t i = 0; i < roots.size(); ++i) roots[i] = maps_[i].root();
  return root_of(roots);
}

map_proof authenticated_map::prove(const place& where) const {
  map_proof proof;
  proof.path = at(where.map).path(where.key);
  for (std::size_t i = 0; i < proof.roots.size(); ++i) proof.roots[i] = maps_[i].root();
  return proof;
}

}  // namespace holdfast::ring

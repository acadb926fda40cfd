// Merkle trees over lists of digests, in the shape of RFC 9162: an odd node rises unpaired. Leaves are tagged hashes of their
// own kind and inner nodes carry another tag, so neither can stand for the other; place and count are part of verification.
#pragma once

#include <optional>
#include <vector>

#include "protocols/crypto/hash.hpp"

namespace holdfast::archive {

/// The root over `leaves`, of which there is at least one. A single leaf is its own root.
digest merkle_root(std::vector<digest> leaves);

/// The siblings from leaf `index` up to the root.
std::vector<digest> merkle_path(std::vector<digest> leaves, std::size_t index);

/// All leaves' paths at once.
std::vector<std::vector<digest>> merkle_paths(const std::vector<digest>& leaves);

/// The root that `leaf`, as leaf `index` of `count`, has with this path; nothing if the path is not exactly as long as that takes.
std::optional<digest> merkle_climb(const digest& leaf, std::size_t index, std::size_t count, const std::vector<digest>& path);

/// True if `leaf` is leaf `index` of `count` under `root`.
bool merkle_verify(const digest& root, const digest& leaf, std::size_t index, std::size_t count, const std::vector<digest>& path);

}  // namespace holdfast::archive

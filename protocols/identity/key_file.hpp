// Keys at rest under a passphrase: Argon2id (RFC 9106, libsodium) stretches it, AES-256-GCM seals the content.
//
// The header, with the cost parameters, is authenticated together with the content. A file from outside may ask for any
// cost, so bounds are checked before a byte of memory is taken.
#pragma once

#include "protocols/base/error.hpp"
#include "protocols/base/random.hpp"
#include "protocols/codec/reader.hpp"

namespace holdfast::identity {

/// What one guess costs. Memory in KiB (8 .. 1 GiB), passes 1 .. 16.
struct stretching {
  std::uint32_t memory_kib = 64 << 10;
  std::uint32_t passes = 3;
  bool operator==(const stretching&) const = default;
};
template <class F>
bool inspect(F& f, stretching& x) {
  return f.fields("memory_kib", x.memory_kib, "passes", x.passes);
}

constexpr stretching everyday_stretching{};                    ///< about 0.2 s: a profile opened many times a day
constexpr stretching recovery_stretching{256u << 10, 4};       ///< about 1 s: a file that may lie in a drawer for years
constexpr std::size_t key_file_bytes_max = 1u << 20;

/// The content under the passphrase. `errc::over_limit` if the costs are out of bounds or the machine lacks the memory.
result<bytes> seal_key_file(std::string_view passphrase, bytes_view content, const stretching& costs, random_source& random);

/// The content again. `errc::denied`: wrong passphrase, or a changed file (the two cannot be told apart); `errc::malformed`:
/// not a key file; `errc::unsupported`: a newer format.
result<bytes> open_key_file(std::string_view passphrase, bytes_view file);

}  // namespace holdfast::identity

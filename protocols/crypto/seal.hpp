// AES-256-GCM (Botan): authenticated encryption of blocks, names and key files. The nonce is random, 96 bits, and travels
// before the ciphertext; a key seals far fewer than 2^32 messages (a key per object and key epoch).
#pragma once

#include "protocols/base/error.hpp"
#include "protocols/base/random.hpp"
#include "protocols/crypto/secret.hpp"

namespace holdfast::crypto {

using seal_key = secret<32>;

constexpr std::size_t seal_overhead_bytes = 12 + 16;  ///< nonce and tag

/// nonce ‖ ciphertext ‖ tag. `associated` is authenticated, not carried: both sides know it.
bytes seal(const seal_key& key, bytes_view associated, bytes_view plaintext, random_source& random);

/// The plaintext; `errc::damaged` if key, associated data or any bit differs.
result<bytes> open(const seal_key& key, bytes_view associated, bytes_view sealed);

}  // namespace holdfast::crypto

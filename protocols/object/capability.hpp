// Capabilities: what a holder can do with an object follows from what it knows. Write implies read implies verify.
//
// Every object has an owner key pair of its own, so that servers cannot tell which objects belong together. The seed of that
// pair is the write capability; the read key opens content; the public key and salt verify that the name is the owner's.
#pragma once

#include "protocols/object/block_cipher.hpp"

namespace holdfast::object {

struct capability {
  aguid object;
  crypto::public_key owner;
  std::array<std::uint8_t, 32> salt{};
  std::optional<read_key> read;
  std::optional<crypto::secret<32>> write_seed;

  /// True if the name is the hash of owner and salt, and the write seed, if any, is the owner's.
  bool consistent() const;
};
template <class F>
bool inspect(F& f, capability& x) {
  return f.fields("object", x.object, "owner", x.owner, "salt", x.salt, "read", x.read, "write_seed", x.write_seed);
}

/// A new object's capability, with everything in it. The object exists once its first update is ordered.
capability mint(random_source& random);

}  // namespace holdfast::object

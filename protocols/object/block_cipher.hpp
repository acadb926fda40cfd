// Blocks sealed at the owner: AES-256-GCM under the object's key of an epoch, bound to object, epoch and position, so that a
// server can neither read a block nor pass one off in another's place.
#pragma once

#include "protocols/crypto/seal.hpp"
#include "protocols/object/object_types.hpp"

namespace holdfast::object {

/// What may read an object's content: a random key per object and key epoch.
struct read_key {
  std::uint64_t epoch = 1;
  crypto::seal_key key;
};
template <class F>
bool inspect(F& f, read_key& x) {
  return f.fields("epoch", x.epoch, "key", x.key);
}

/// Where a block stands in its object's tree: level 0 holds the data, counted from the left.
struct block_position {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
};
template <class F>
bool inspect(F& f, block_position& x) {
  return f.fields("level", x.level, "index", x.index);
}

bytes seal_block(const aguid& object, const read_key& key, block_position at, bytes_view plaintext, random_source& random);

/// `errc::damaged` if the block was not sealed with this key for this place.
result<bytes> open_block(const aguid& object, const read_key& key, block_position at, bytes_view ciphertext);

}  // namespace holdfast::object

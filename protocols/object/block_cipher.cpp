#include "protocols/object/block_cipher.hpp"

namespace holdfast::object {

namespace {

bytes place(const aguid& object, const read_key& key, block_position at) {
  codec::writer w(to_bytes(object.view()));
  w.put(key.epoch);
  w.put(at);
  return w.take();
}

}  // namespace

bytes seal_block(const aguid& object, const read_key& key, block_position at, bytes_view plaintext, random_source& random) {
  return crypto::seal(key.key, place(object, key, at), plaintext, random);
}

result<bytes> open_block(const aguid& object, const read_key& key, block_position at, bytes_view ciphertext) {
  return crypto::open(key.key, place(object, key, at), ciphertext);
}

}  // namespace holdfast::object

#include "protocols/crypto/seal.hpp"

#include <botan/aead.h>

namespace holdfast::crypto {

namespace {

constexpr std::size_t nonce_bytes = 12;

std::unique_ptr<Botan::AEAD_Mode> cipher(Botan::Cipher_Dir direction, const seal_key& key, bytes_view associated) {
  auto mode = Botan::AEAD_Mode::create_or_throw("AES-256/GCM", direction);
  mode->set_key(key.view().data(), key.view().size());
  mode->set_associated_data(associated.data(), associated.size());
  return mode;
}

}  // namespace

bytes seal(const seal_key& key, bytes_view associated, bytes_view plaintext, random_source& random) {
  auto nonce = random.array<nonce_bytes>();
  auto mode = cipher(Botan::ENCRYPTION, key, associated);
  mode->start(nonce.data(), nonce.size());
  Botan::secure_vector<std::uint8_t> buffer(plaintext.begin(), plaintext.end());
  mode->finish(buffer);
  bytes sealed;
  sealed.reserve(nonce.size() + buffer.size());
  append(sealed, nonce);
  append(sealed, {buffer.data(), buffer.size()});
  return sealed;
}

result<bytes> open(const seal_key& key, bytes_view associated, bytes_view sealed) {
  if (sealed.size() < seal_overhead_bytes) return fail(errc::damaged, "sealed data is shorter than its nonce and tag");
  auto mode = cipher(Botan::DECRYPTION, key, associated);
  mode->start(sealed.data(), nonce_bytes);
  auto body = sealed.subspan(nonce_bytes);
  Botan::secure_vector<std::uint8_t> buffer(body.begin(), body.end());
  try {
    mode->finish(buffer);
  } catch (const Botan::Exception&) {
    return fail(errc::damaged, "sealed data does not open: wrong key, or it was changed");
  }
  return bytes(buffer.begin(), buffer.end());
}

}  // namespace holdfast::crypto

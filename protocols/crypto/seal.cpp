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

// Passes data[from ..] through the cipher in place, whole steps first, and the tail with the tag through a small buffer: Botan's
// own buffers are locked and wiped pages, which for a block of a megabyte costs more than the cipher does.
void finish_in_place(Botan::AEAD_Mode& mode, bytes& data, std::size_t from) {
  auto step = mode.update_granularity();
  auto size = data.size() - from;
  auto whole = size < mode.minimum_final_size() ? 0 : (size - mode.minimum_final_size()) / step * step;
  mode.process(data.data() + from, whole);
  auto tail_at = data.begin() + static_cast<std::ptrdiff_t>(from + whole);
  Botan::secure_vector<std::uint8_t> tail(tail_at, data.end());
  mode.finish(tail);
  data.erase(tail_at, data.end());
  append(data, {tail.data(), tail.size()});
}

}  // namespace

bytes seal(const seal_key& key, bytes_view associated, bytes_view plaintext, random_source& random) {
  auto nonce = random.array<nonce_bytes>();
  auto mode = cipher(Botan::ENCRYPTION, key, associated);
  mode->start(nonce.data(), nonce.size());
  bytes sealed;
  sealed.reserve(plaintext.size() + seal_overhead_bytes);
  append(sealed, nonce);
  append(sealed, plaintext);
  finish_in_place(*mode, sealed, nonce_bytes);
  return sealed;
}

result<bytes> open(const seal_key& key, bytes_view associated, bytes_view sealed) {
  if (sealed.size() < seal_overhead_bytes) return fail(errc::damaged, "sealed data is shorter than its nonce and tag");
  auto mode = cipher(Botan::DECRYPTION, key, associated);
  mode->start(sealed.data(), nonce_bytes);
  auto plaintext = to_bytes(sealed.subspan(nonce_bytes));
  try {
    finish_in_place(*mode, plaintext, 0);
  } catch (const Botan::Exception&) {
    wipe(plaintext);  // decrypted and not authenticated: nobody's to see
    return fail(errc::damaged, "sealed data does not open: wrong key, or it was changed");
  }
  return plaintext;
}

}  // namespace holdfast::crypto

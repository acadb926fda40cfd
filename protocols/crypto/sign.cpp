#include "protocols/crypto/sign.hpp"

#include <sodium.h>

namespace holdfast::crypto {

namespace {

bytes tagged(std::string_view tag, bytes_view message) {
  bytes all;
  all.reserve(1 + tag.size() + message.size());
  all.push_back(static_cast<std::uint8_t>(tag.size()));
  append(all, as_bytes_view(tag));
  append(all, message);
  return all;
}

}  // namespace

signing_key signing_key::generate(random_source& random) {
  secret<32> seed;
  random.fill(seed.span());
  return from_seed(seed);
}

signing_key signing_key::from_seed(const secret<32>& seed) {
  signing_key key;
  key.seed_ = seed;
  crypto_sign_seed_keypair(key.public_.raw.data(), key.expanded_.span().data(), seed.view().data());
  return key;
}

signature signing_key::sign(std::string_view tag, bytes_view message) const {
  auto all = tagged(tag, message);
  signature s;
  crypto_sign_detached(s.raw.data(), nullptr, all.data(), all.size(), expanded_.view().data());
  return s;
}

bool verify(const public_key& key, std::string_view tag, bytes_view message, const signature& s) {
  auto all = tagged(tag, message);
  return crypto_sign_verify_detached(s.raw.data(), all.data(), all.size(), key.raw.data()) == 0;
}

}  // namespace holdfast::crypto

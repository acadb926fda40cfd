// Ed25519 through libsodium, which refuses malleated signatures and small-order keys (Botan 2.19's plain verifier does not).
//
// What is signed is always a statement: a struct with a `type_tag`. `signed_statement<T>` keeps and forwards the very bytes
// that were signed; nothing is ever re-encoded to be verified. Signature bytes are never used as an id.
#pragma once

#include <array>
#include <string_view>

#include "protocols/base/error.hpp"
#include "protocols/base/random.hpp"
#include "protocols/codec/reader.hpp"
#include "protocols/crypto/secret.hpp"

namespace holdfast::crypto {

struct public_key {
  std::array<std::uint8_t, 32> raw{};
  auto operator<=>(const public_key&) const = default;
};

struct signature {
  std::array<std::uint8_t, 64> raw{};
  auto operator<=>(const signature&) const = default;
};

template <class F>
bool inspect(F& f, public_key& x) {
  return f.fields("raw", x.raw);
}

template <class F>
bool inspect(F& f, signature& x) {
  return f.fields("raw", x.raw);
}

/// An Ed25519 key pair; the secret half is wiped when it goes.
class signing_key {
 public:
  static signing_key generate(random_source& random);
  static signing_key from_seed(const secret<32>& seed);

  const public_key& pub() const { return public_; }
  const secret<32>& seed() const { return seed_; }

  /// Signs tag and message together: `len(tag) ‖ tag ‖ message`.
  signature sign(std::string_view tag, bytes_view message) const;

 private:
  signing_key() = default;

  secret<32> seed_;
  secret<64> expanded_;
  public_key public_;
};

/// True if `s` is `key`'s signature over tag and message.
bool verify(const public_key& key, std::string_view tag, bytes_view message, const signature& s);

/// A statement of type T as the bytes that were signed, with the signature. Who the signer must be is the reader's business.
template <class T>
struct signed_statement {
  bytes body;
  signature sig;

  bool operator==(const signed_statement&) const = default;

  static signed_statement make(const T& statement, const signing_key& key) {
    signed_statement s;
    s.body = codec::encode(statement);
    s.sig = key.sign(T::type_tag, s.body);
    return s;
  }

  /// Decodes without believing: for statements that name their own signer. Verify before use.
  result<T> peek() const { return codec::decode<T>(body, T::type_tag.data()); }

  /// The statement, if `key` signed it.
  result<T> open(const public_key& key) const {
    if (!verify(key, T::type_tag, body, sig)) {
      return fail(errc::bad_signature, std::string(T::type_tag) + " is not signed by the key it should be");
    }
    return peek();
  }
};

template <class F, class T>
bool inspect(F& f, signed_statement<T>& x) {
  return f.fields("body", x.body, "sig", x.sig);
}

}  // namespace holdfast::crypto

#include "protocols/link/tls_identity.hpp"

#include <botan/data_src.h>
#include <botan/ecdsa.h>
#include <botan/pkcs8.h>
#include <botan/x509cert.h>
#include <botan/x509self.h>

#include "protocols/crypto/hash.hpp"
#include "protocols/link/tls_random.hpp"

namespace holdfast::link {

tls_identity make_tls_identity(random_source& random) {
  tls_random rng(random);
  Botan::ECDSA_PrivateKey key(rng, Botan::EC_Group("secp256r1"));
  Botan::X509_Cert_Options options("holdfast");
  options.constraints = Botan::Key_Constraints(Botan::DIGITAL_SIGNATURE);
  // Dates mean nothing here: an admission expires, a key does not. Botan takes no year beyond 3100.
  options.start = Botan::X509_Time("20000101000000Z", Botan::ASN1_Tag::GENERALIZED_TIME);
  options.end = Botan::X509_Time("30001231235959Z", Botan::ASN1_Tag::GENERALIZED_TIME);
  auto certificate = Botan::X509::create_self_signed_cert(options, key, "SHA-256", rng);
  auto encoded = Botan::PKCS8::BER_encode(key);
  tls_identity identity{{encoded.begin(), encoded.end()}, certificate.BER_encode()};
  return identity;
}

digest tls_key_of_spki(bytes_view subject_public_key_info) { return crypto::hash("holdfast/tls-key/v1", {subject_public_key_info}); }

result<digest> tls_key_of(bytes_view certificate_der) try {
  Botan::X509_Certificate certificate(certificate_der.data(), certificate_der.size());
  return tls_key_of_spki(certificate.subject_public_key_info());
} catch (const std::exception& e) {
  return fail(errc::malformed, std::string("the TLS certificate does not decode: ") + e.what());
}

outcome check(const tls_identity& identity) try {
  Botan::DataSource_Memory source(identity.private_key.data(), identity.private_key.size());
  auto key = Botan::PKCS8::load_key(source);
  Botan::X509_Certificate certificate(identity.certificate.data(), identity.certificate.size());
  if (key->subject_public_key() != certificate.subject_public_key_info()) {
    return fail(errc::malformed, "the TLS key and its certificate do not belong together");
  }
  return {};
} catch (const std::exception& e) {
  return fail(errc::malformed, std::string("the TLS key or its certificate does not decode: ") + e.what());
}

}  // namespace holdfast::link

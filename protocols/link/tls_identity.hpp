// A process's TLS key and its self-signed certificate. The certificate proves nothing but the key: who may use this key is
// said by the admission, which names the key's digest.
#pragma once

#include "protocols/base/error.hpp"
#include "protocols/base/random.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::link {

/// ECDSA P-256. `private_key` is PKCS #8 in DER, secret: it is kept in files of mode 0600 and never printed.
struct tls_identity {
  bytes private_key;
  bytes certificate;  ///< X.509 in DER
};
template <class F>
bool inspect(F& f, tls_identity& x) {
  return f.fields("private_key", x.private_key, "certificate", x.certificate);
}

tls_identity make_tls_identity(random_source& random);

/// What admissions call `tls_key`: the tagged hash of the key's SubjectPublicKeyInfo.
digest tls_key_of_spki(bytes_view subject_public_key_info);

/// The same of a certificate; `malformed` if it is none.
result<digest> tls_key_of(bytes_view certificate_der);

/// Checks that the key and the certificate decode and belong together.
outcome check(const tls_identity& identity);

}  // namespace holdfast::link

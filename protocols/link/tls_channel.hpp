// TLS without a socket: bytes from the wire go in, plaintext and bytes for the wire come out.
//
// TLS 1.2 with one suite (ECDHE over X25519, ECDSA P-256, AES-256-GCM), both sides with a certificate; no renegotiation, no
// resumption, no tickets. Certificates are taken as they are: the admission says whose key it is. Botan's exceptions end here.
#pragma once

#include <functional>
#include <memory>

#include "protocols/base/error.hpp"
#include "protocols/link/tls_identity.hpp"

namespace holdfast::link {

enum class tls_side : std::uint8_t { client, server };

/// The parsed identity with the policy, shared by all connections of a process on one thread.
class tls_context {
 public:
  /// The identity must have passed `check`; `random` must outlive the context.
  tls_context(const tls_identity& identity, random_source& random);
  ~tls_context();

  struct implementation;
  implementation& inner() { return *implementation_; }

 private:
  std::unique_ptr<implementation> implementation_;
};

class tls_channel {
 public:
  using bytes_sink = std::function<void(bytes_view)>;

  /// `to_wire` gets what is to be sent, `plaintext` what was received; both are called from within the calls below.
  tls_channel(std::shared_ptr<tls_context> context, tls_side side, bytes_sink to_wire, bytes_sink plaintext);
  ~tls_channel();

  /// To be called first: the client speaks, the server listens.
  outcome start();

  /// Takes bytes from the wire. An error ends the connection: not TLS, not our suite, no certificate, a bad record.
  outcome received(bytes_view data);

  /// Encrypts; only once `is_active`.
  outcome send(bytes_view data);

  void close();
  bool is_active() const;
  /// The peer said goodbye, or TLS failed.
  bool is_closed() const;

  /// The digest of the peer's key; once active.
  const digest& peer_key() const;

 private:
  struct implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace holdfast::link

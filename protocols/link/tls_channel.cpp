#include "protocols/link/tls_channel.hpp"

#include <botan/certstor.h>
#include <botan/credentials_manager.h>
#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/tls_callbacks.h>
#include <botan/tls_client.h>
#include <botan/tls_exceptn.h>
#include <botan/tls_policy.h>
#include <botan/tls_server.h>
#include <botan/tls_session_manager.h>

#include "protocols/link/tls_random.hpp"

namespace holdfast::link {

namespace tls = Botan::TLS;

namespace {

class one_suite final : public tls::Policy {
 public:
  std::vector<std::string> allowed_ciphers() const override { return {"AES-256/GCM"}; }
  std::vector<std::string> allowed_macs() const override { return {"AEAD"}; }
  std::vector<std::string> allowed_key_exchange_methods() const override { return {"ECDH"}; }
  std::vector<std::string> allowed_signature_methods() const override { return {"ECDSA"}; }
  std::vector<std::string> allowed_signature_hashes() const override { return {"SHA-384", "SHA-256"}; }
  std::vector<tls::Group_Params> key_exchange_groups() const override {
    return {tls::Group_Params::X25519, tls::Group_Params::SECP256R1};  // P-256 because the certificates' curve must be listed
  }
  bool allow_tls10() const override { return false; }
  bool allow_tls11() const override { return false; }
  bool allow_tls12() const override { return true; }
  bool allow_dtls10() const override { return false; }
  bool allow_dtls12() const override { return false; }
  bool allow_client_initiated_renegotiation() const override { return false; }
  bool allow_server_initiated_renegotiation() const override { return false; }
  bool allow_insecure_renegotiation() const override { return false; }
  bool require_cert_revocation_info() const override { return false; }
  bool support_cert_status_message() const override { return false; }
  bool require_client_certificate_authentication() const override { return true; }
  std::size_t maximum_certificate_chain_size() const override { return 8192; }  // one self-signed certificate is about 500 bytes
  std::uint32_t session_ticket_lifetime() const override { return 0; }
};

class own_credentials final : public Botan::Credentials_Manager {
 public:
  explicit own_credentials(const tls_identity& identity) : certificate_(identity.certificate.data(), identity.certificate.size()) {
    Botan::DataSource_Memory source(identity.private_key.data(), identity.private_key.size());
    key_ = Botan::PKCS8::load_key(source);
    store_.add_certificate(certificate_);
  }
  std::vector<Botan::Certificate_Store*> trusted_certificate_authorities(const std::string&, const std::string&) override { return {&store_}; }
  std::vector<Botan::X509_Certificate> cert_chain(const std::vector<std::string>&, const std::string&, const std::string&) override {
    return {certificate_};
  }
  Botan::Private_Key* private_key_for(const Botan::X509_Certificate&, const std::string&, const std::string&) override { return key_.get(); }

 private:
  Botan::X509_Certificate certificate_;
  std::unique_ptr<Botan::Private_Key> key_;
  Botan::Certificate_Store_In_Memory store_;
};

}  // namespace

struct tls_context::implementation {
  implementation(const tls_identity& identity, random_source& random) : rng(random), credentials(identity) {}
  tls_random rng;
  own_credentials credentials;
  one_suite policy;
  tls::Session_Manager_Noop sessions;
};

tls_context::tls_context(const tls_identity& identity, random_source& random)
    : implementation_(std::make_unique<implementation>(identity, random)) {}
tls_context::~tls_context() = default;

struct tls_channel::implementation final : public tls::Callbacks {
  std::shared_ptr<tls_context> context;
  tls_side side;
  bytes_sink to_wire, plaintext;
  std::unique_ptr<tls::Channel> channel;
  bool active = false, closed = false;
  std::optional<digest> peer_key;

  void tls_emit_data(const std::uint8_t data[], std::size_t size) override { to_wire({data, size}); }
  void tls_record_received(std::uint64_t, const std::uint8_t data[], std::size_t size) override { plaintext({data, size}); }
  void tls_alert(tls::Alert alert) override {
    if (alert.is_fatal() || alert.type() == tls::Alert::CLOSE_NOTIFY) closed = true;
  }
  bool tls_session_established(const tls::Session&) override { return false; }
  void tls_session_activated() override { active = true; }
  // Self-signed on purpose. That the peer holds the key is proven by the handshake; whose it is, by the admission.
  void tls_verify_cert_chain(const std::vector<Botan::X509_Certificate>& chain, const std::vector<std::shared_ptr<const Botan::OCSP::Response>>&,
                             const std::vector<Botan::Certificate_Store*>&, Botan::Usage_Type, const std::string&, const tls::Policy&) override {
    if (chain.size() != 1) throw tls::TLS_Exception(tls::Alert::BAD_CERTIFICATE, "expected exactly one certificate");
    peer_key = tls_key_of_spki(chain.front().subject_public_key_info());
  }
};

namespace {

template <class Call>
outcome guarded(Call call) try {
  call();
  return {};
} catch (const std::exception& e) {
  return fail(errc::malformed, std::string("TLS: ") + e.what());
}

}  // namespace

tls_channel::tls_channel(std::shared_ptr<tls_context> context, tls_side side, bytes_sink to_wire, bytes_sink plaintext)
    : implementation_(std::make_unique<implementation>()) {
  implementation_->context = std::move(context);
  implementation_->side = side;
  implementation_->to_wire = std::move(to_wire);
  implementation_->plaintext = std::move(plaintext);
}
tls_channel::~tls_channel() = default;

outcome tls_channel::start() {
  return guarded([this] {
    auto& i = *implementation_;
    auto& c = i.context->inner();
    if (i.side == tls_side::server) {
      i.channel = std::make_unique<tls::Server>(i, c.sessions, c.credentials, c.policy, c.rng);
    } else {
      i.channel = std::make_unique<tls::Client>(i, c.sessions, c.credentials, c.policy, c.rng, tls::Server_Information("holdfast", 0),
                                                tls::Protocol_Version::TLS_V12);
    }
  });
}

outcome tls_channel::received(bytes_view data) {
  auto done = guarded([&] { implementation_->channel->received_data(data.data(), data.size()); });
  if (!done) {
    implementation_->closed = true;
  } else if (implementation_->active && !implementation_->peer_key) {
    return fail(errc::malformed, "TLS: the peer showed no certificate");
  }
  return done;
}

outcome tls_channel::send(bytes_view data) {
  return guarded([&] { implementation_->channel->send(data.data(), data.size()); });
}

void tls_channel::close() {
  if (is_active()) std::ignore = guarded([this] { implementation_->channel->close(); });
}

bool tls_channel::is_active() const { return implementation_->active && !implementation_->closed; }
bool tls_channel::is_closed() const { return implementation_->closed; }
const digest& tls_channel::peer_key() const { return *implementation_->peer_key; }

}  // namespace holdfast::link

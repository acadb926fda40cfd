#include "protocols/link/hello.hpp"

#include <array>

#include "protocols/codec/reader.hpp"
#include "protocols/crypto/hash.hpp"

namespace holdfast::link {

namespace {

constexpr std::size_t admission_bytes_max = 4096, text_bytes_max = 256;

}  // namespace

refusal_reason reason_for(const error& e) {
  if (e.is(errc::expired)) return refusal_reason::expired;
  if (e.is(errc::denied)) return refusal_reason::revoked;
  return refusal_reason::bad_admission;
}

std::string_view to_string(refusal_reason r) {
  constexpr std::array<std::string_view, refusal_reasons> names = {
      "none",      "version",         "wrong_cluster", "bad_admission", "expired",  "revoked",  "stranger_unwelcome",
      "wrong_peer", "wrong_class",    "malformed",     "too_large",     "credit_exceeded", "not_allowed", "tls_failed",
      "timeout",   "too_many_connections", "unreachable", "connection_lost", "replaced", "idle", "going_away"};
  return names[static_cast<std::size_t>(r)];
}

node_id stranger_id(const digest& tls_key) { return crypto::hash<node_id>("holdfast/stranger/v1", {tls_key.view()}); }

handshake::handshake(local_identity self, handshake_rules rules, peer_verifier verify)
    : self_(std::move(self)), rules_(std::move(rules)), verify_(std::move(verify)) {}

hello handshake::own_hello() const {
  return {protocol_oldest, protocol_newest, self_.features, self_.cluster, rules_.lane, self_.member,
          self_.admission, self_.boot,      self_.directory_version};
}

handshake::step handshake::start(const digest& tls_key) {
  tls_key_ = tls_key;
  step s;
  if (!rules_.dialled) return s;  // the class is the dialler's to say: the listener speaks when it has heard it
  s.send.push_back(codec::encode(greeting(own_hello())));
  return s;
}

bytes handshake::renew(local_identity self) {
  self_ = std::move(self);
  return codec::encode(greeting(own_hello()));
}

handshake::step handshake::refuse(refusal_reason reason, std::string text) {
  step s;
  text.resize(std::min(text.size(), text_bytes_max));
  s.failed = refusal{reason, std::move(text)};
  s.send.push_back(codec::encode(greeting(*s.failed)));
  return s;
}

std::optional<refusal> handshake::identify(const clock_reading& now, const hello& h) {
  const bool stranger_welcome = rules_.strangers_welcome && !rules_.expected;
  const bool stranger_class = rules_.lane == traffic_class::foreground;
  if (h.admission.empty()) {
    if (!stranger_welcome) return refusal{refusal_reason::stranger_unwelcome, "the peer has no admission; join with a token first"};
    if (!stranger_class) return refusal{refusal_reason::wrong_class, "strangers get a foreground link only"};
    peer_.id = stranger_id(tls_key_);
    return std::nullopt;
  }
  if (h.admission.size() > admission_bytes_max) return refusal{refusal_reason::bad_admission, "the admission exceeds 4 KiB"};
  auto verified = verify_(h.admission, tls_key_, now.wall);
  if (!verified && verified.error().is(errc::expired) && stranger_welcome && stranger_class) {
    peer_.id = stranger_id(tls_key_);
    peer_.expired = verified.error().message();
    return std::nullopt;
  }
  if (!verified) return refusal{reason_for(verified.error()), verified.error().message()};
  if (verified->unverified && !rules_.dialled) {
    if (!stranger_welcome || !stranger_class) return refusal{refusal_reason::wrong_class, "admissions cannot be verified here yet; try again later"};
    peer_.id = stranger_id(tls_key_);
    peer_.unverified = true;
    return std::nullopt;
  }
  peer_ = std::move(*verified);
  peer_.admitted = true;
  if (peer_.id != h.member) return refusal{refusal_reason::bad_admission, "the admission is for another member than the hello names"};
  return std::nullopt;
}

handshake::step handshake::judge(const clock_reading& now, const hello& h) {
  if (h.protocol_min > protocol_newest || h.protocol_max < protocol_oldest) {
    return refuse(refusal_reason::version, "no version in common: the peer speaks " + std::to_string(h.protocol_min) + " to " +
                                               std::to_string(h.protocol_max) + ", this program " + std::to_string(protocol_oldest) +
                                               " to " + std::to_string(protocol_newest));
  }
  if (h.cluster != self_.cluster) return refuse(refusal_reason::wrong_cluster, "the peer belongs to cluster " + h.cluster.brief());
  if (rules_.dialled && h.lane != rules_.lane) return refuse(refusal_reason::wrong_class, "the peer answers for another traffic class");
  rules_.lane = h.lane;
  if (auto why = identify(now, h)) return refuse(why->reason, why->text);
  if (rules_.expected && *rules_.expected != peer_.id) {
    return refuse(refusal_reason::wrong_peer, "dialled " + rules_.expected->brief() + " and reached " + peer_.id.brief());
  }
  peer_.tls_key = tls_key_;
  peer_.boot = h.boot;
  peer_.directory_version = h.directory_version;
  peer_.features = h.features & self_.features;
  peer_.protocol = std::min(h.protocol_max, protocol_newest);
  if (auto why = rules_.has_room ? rules_.has_room(peer_) : std::nullopt) return refuse(why->reason, why->text);
  accepted_ = true;
  step s;
  if (!rules_.dialled) s.send.push_back(codec::encode(greeting(own_hello())));
  s.send.push_back(codec::encode(greeting(welcome{peer_.protocol})));
  return s;
}

handshake::step handshake::judge_renewal(const clock_reading& now, const hello& h) {
  if (++renewals_ > renewals_max) return refuse(refusal_reason::not_allowed, "the admission changed too often on one link; dial anew");
  if (h.cluster != self_.cluster || h.lane != rules_.lane || h.boot != peer_.boot || h.admission.empty() ||
      h.admission.size() > admission_bytes_max) {
    return refuse(refusal_reason::malformed, "a hello that changes more than the admission");
  }
  auto verified = verify_(h.admission, tls_key_, now.wall);
  if (!verified) {
    bool still_renewing = !peer_.expired.empty() && verified.error().is(errc::expired);
    return peer_.admitted || still_renewing ? step{} : refuse(reason_for(verified.error()), verified.error().message());
  }
  if (verified->unverified && !rules_.dialled) return {};
  if (verified->id != h.member || (peer_.admitted && verified->id != peer_.id)) {
    return refuse(refusal_reason::bad_admission, "the admission is for another member");
  }
  auto before = std::exchange(peer_, std::move(*verified));
  peer_.admitted = true;
  peer_.tls_key = before.tls_key;
  peer_.boot = before.boot;
  peer_.directory_version = h.directory_version;
  peer_.features = before.features;
  peer_.protocol = before.protocol;
  if (auto why = rules_.has_room ? rules_.has_room(peer_) : std::nullopt) return refuse(why->reason, why->text);
  step s;
  s.renewed = true;
  return s;
}

handshake::step handshake::on_greeting(const clock_reading& now, bytes_view payload) {
  auto decoded = codec::decode<greeting>(payload, "hello");
  if (!decoded) return refuse(refusal_reason::malformed, decoded.error().message());
  if (auto* r = std::get_if<refusal>(&*decoded)) {
    step s;
    r->text.resize(std::min(r->text.size(), text_bytes_max));
    s.failed = std::move(*r);
    s.by_peer = true;
    return s;
  }
  if (auto* h = std::get_if<hello>(&*decoded)) {
    if (is_up()) return judge_renewal(now, *h);
    return accepted_ ? refuse(refusal_reason::malformed, "a second hello") : judge(now, *h);
  }
  if (!accepted_ || welcomed_) return refuse(refusal_reason::malformed, "a welcome out of turn");
  if (std::get<welcome>(*decoded).protocol != peer_.protocol) return refuse(refusal_reason::version, "the peer chose another version");
  welcomed_ = true;
  step s;
  s.up = true;
  return s;
}

}  // namespace holdfast::link

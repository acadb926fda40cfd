// The handshake behind TLS: who speaks, which class and which version, decided before anything else is read.
//
// The dialler sends a `hello` as its first frame, which names the class; the listener answers with its own, and each side
// answers the other's with `welcome` or `refusal`. The session is up for a side when it has welcomed and was welcomed: nothing
// is sent to a peer that would drop it unread. A process whose admission changes says hello again on the links it has: its peer
// verifies what it shows, and nothing under way is lost. A peer without an admission is a stranger: its name is the hash of its TLS key,
// and it may send `membership` messages alone. So is one whose admission has expired, where strangers are taken: over such a link it has
// its admission renewed, and shows the new one. A process that is behind may have nothing to verify an admission by: then whom it dials is
// taken at its word, so that it can be asked for what is missing, and who dials it is a stranger until that is here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "protocols/base/engine.hpp"
#include "protocols/base/error.hpp"
#include "protocols/identity/identity_types.hpp"
#include "protocols/link/endpoint.hpp"
#include "protocols/link/message_kind.hpp"
#include "protocols/names/names.hpp"

namespace holdfast::link {

inline constexpr std::uint16_t protocol_oldest = 1, protocol_newest = 1;

/// The first frame either way. `admission` is opaque here: the node's verifier reads it.
struct hello {
  std::uint16_t protocol_min = protocol_oldest, protocol_max = protocol_newest;
  std::uint64_t features = 0;
  cluster_id cluster;
  traffic_class lane = traffic_class::foreground;
  node_id member;                    ///< who the admission is for; zero from a stranger
  bytes admission;                   ///< at most 4 KiB; empty from a stranger
  std::uint64_t boot = 0;            ///< drawn at each start: tells the processes of a client apart, and a restarted node
  std::uint64_t directory_version = 0;
};
template <class F>
bool inspect(F& f, hello& x) {
  return f.fields("protocol_min", x.protocol_min, "protocol_max", x.protocol_max, "features", x.features, "cluster", x.cluster, "lane",
                  x.lane, "member", x.member, "admission", x.admission, "boot", x.boot, "directory_version", x.directory_version);
}

/// Why a connection is refused or closed; a counter each.
enum class refusal_reason : std::uint8_t {
  none,
  version,               ///< no protocol version in common
  wrong_cluster,         ///< the peer pins another cluster
  bad_admission,         ///< it does not decode or verify, or is not for this TLS key
  expired,               ///< an admission past its time; counted, too, where its member is taken as a stranger
  revoked,               ///< an admission that was taken back
  stranger_unwelcome,    ///< no admission, where one is needed
  wrong_peer,            ///< the address answered with another identity than was dialled
  wrong_class,           ///< another traffic class than was dialled, or one that strangers do not get
  malformed,             ///< bytes that are no frame or no hello
  too_large,             ///< a frame or message beyond its bound
  credit_exceeded,       ///< sent more than was granted
  not_allowed,           ///< a stranger sent something other than membership
  tls_failed,            ///< no TLS, or not ours: random bytes, another suite, no certificate
  timeout,               ///< half-open, or silent, for too long
  too_many_connections,
  unreachable,           ///< the peer cannot be connected to
  connection_lost,
  replaced,              ///< the same peer opened a newer connection of this class
  idle,
  going_away,            ///< an orderly end
};
constexpr bool known(refusal_reason r) { return r <= refusal_reason::going_away; }
/// Why a peer is refused whose admission was judged so: `errc::denied` stands for a revoked one alone, since whoever is told that believes it.
refusal_reason reason_for(const error& judgement);
std::string_view to_string(refusal_reason r);
/// Who gives it objects to whom the other is, and dialling again does not help.
constexpr bool is_about_identity(refusal_reason r) {
  return r == refusal_reason::revoked || r == refusal_reason::bad_admission || r == refusal_reason::wrong_cluster;
}
inline constexpr std::size_t refusal_reasons = static_cast<std::size_t>(refusal_reason::going_away) + 1;

struct welcome {
  std::uint16_t protocol = protocol_newest;  ///< the newest that both speak
};
template <class F>
bool inspect(F& f, welcome& x) {
  return f.fields("protocol", x.protocol);
}

struct refusal {
  refusal_reason reason = refusal_reason::none;
  std::string text;  ///< at most 256 bytes; the peer's word, for its log alone
};
template <class F>
bool inspect(F& f, refusal& x) {
  return f.fields("reason", x.reason, "text", x.text);
}

/// What a frame of kind `hello` holds.
using greeting = std::variant<hello, welcome, refusal>;

/// The other end of a session, as verified.
struct peer_info {
  node_id id;                            ///< a stranger's is the hash of its TLS key
  bool admitted = false;
  bool unverified = false;               ///< nothing was there to verify its admission by: admitted at its word, or a stranger
  std::string expired;                   ///< why it is a stranger although it showed an admission; else empty
  identity::member_kind kind = identity::member_kind::node;
  std::string name;
  digest tls_key;
  std::uint64_t boot = 0, directory_version = 0, features = 0;
  std::uint16_t protocol = 0;
  std::string remote_address;            ///< HOST:PORT of the socket, for people

  bool is_node() const { return admitted && kind == identity::member_kind::node; }
  endpoint end() const { return {id, is_node() ? 0 : boot}; }
};

/// Reads an admission: the peer's id, kind and name if it is good for `tls_key` at `now`, else `expired`, `denied` (revoked),
/// `bad_signature` or `malformed`; `unverified` if it may be good and cannot be judged yet. Called on the multiplexer's thread at
/// each handshake and every 10 s after it; must not block.
using peer_verifier = std::function<result<peer_info>(bytes_view admission, const digest& tls_key, wall_time now)>;

/// What this process says of itself in a hello. Replaced as a whole when the node is admitted or its directory grows.
struct local_identity {
  cluster_id cluster;
  node_id member;     ///< zero while a stranger
  bytes admission;    ///< empty while a stranger
  std::uint64_t boot = 0, directory_version = 0, features = 0;
  bool expired = false;  ///< peers take this process as a stranger: it sends `membership` messages alone
};

node_id stranger_id(const digest& tls_key);

struct handshake_rules {
  traffic_class lane = traffic_class::foreground;  ///< as dialled; ignored for accepted connections
  bool dialled = false;
  std::optional<node_id> expected;                 ///< whom a dialled address must prove to be
  bool strangers_welcome = true;                   ///< take peers without admission, unless one in particular was dialled
  std::function<std::optional<refusal>(const peer_info&)> has_room;  ///< why this verified peer cannot be taken now; empty: it can
};

class handshake {
 public:
  struct step {
    std::vector<bytes> send;           ///< payloads of frames of kind `hello`, in order
    bool up = false;                   ///< now, by this step
    bool renewed = false;              ///< the peer showed another admission: `peer()` has changed
    std::optional<refusal> failed;     ///< close after sending; from the peer if `by_peer`
    bool by_peer = false;
  };

  handshake(local_identity self, handshake_rules rules, peer_verifier verify);

  /// Links that changed their admission more often are dialled anew: each costs the peer a verification.
  static constexpr int renewals_max = 16;

  /// TLS is up. `tls_key` is the digest of the peer's key as its certificate shows it.
  step start(const digest& tls_key);
  /// At any time: once the link is up, a hello shows a new admission and a refusal is a goodbye. An admission that cannot be
  /// verified here changes nothing for an admitted peer, as this side may be the one that is behind: what was verified before
  /// holds for as long as it does. Nor does another expired one for a peer that is here to renew.
  step on_greeting(const clock_reading& now, bytes_view payload);

  /// What to send, once the link is up, after this process was given another admission.
  bytes renew(local_identity self);

  bool is_up() const { return welcomed_ && accepted_; }
  /// The peer as verified; complete once a step was `up`.
  const peer_info& peer() const { return peer_; }
  traffic_class lane() const { return rules_.lane; }

 private:
  step refuse(refusal_reason reason, std::string text);
  step judge(const clock_reading& now, const hello& h);
  step judge_renewal(const clock_reading& now, const hello& h);
  hello own_hello() const;
  std::optional<refusal> identify(const clock_reading& now, const hello& h);

  local_identity self_;
  handshake_rules rules_;
  peer_verifier verify_;
  digest tls_key_;
  peer_info peer_;
  int renewals_ = 0;
  bool accepted_ = false;  ///< we welcomed the peer
  bool welcomed_ = false;  ///< the peer welcomed us
};

}  // namespace holdfast::link

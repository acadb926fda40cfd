// Turns executed state into certified state roots: each member signs the root it reached, f + 1 signatures make a certificate.
//
// A member signs a sequence once, after local commit and execution, so two roots of one sequence can never both be certified
// while at most f members are faulty. Shares go to the primary, who sends the certificate round; if none comes in time they
// go to everybody and any member completes it. Only the newest root matters: a certificate covers everything before it.
#pragma once

#include <map>

#include "protocols/ring/state_root.hpp"

namespace holdfast::ring {

/// A member's signature over the root it reached.
struct root_share {
  bytes root;  ///< canonical `state_root`
  crypto::signature sig;
  bool operator==(const root_share&) const = default;
};
template <class F>
bool inspect(F& f, root_share& x) {
  return f.fields("root", x.root, "sig", x.sig);
}

class certifier {
 public:
  /// Executed roots that wait for a certificate: the agreement's window of sequences bounds them.
  static constexpr std::size_t pending_max = 1024;

  certifier(cluster_id cluster, identity::ring_description ring, std::uint32_t seat, crypto::signing_key key);

  /// This member executed the next sequence. Answers its share, to be sent to whoever collects.
  root_share on_executed(const state_root& reached);

  /// Another member's share. Kept if its sequence is not certified yet; false if its signature is wrong.
  bool on_share(std::uint32_t from, const root_share& share);

  /// True if this member shows, not for the first time, a root that is certified here: it has missed the certificate.
  bool asked_again(std::uint32_t from, const root_share& share);

  /// A certificate somebody completed; an error if it does not verify.
  outcome on_certificate(const certified_root& root);

  /// Completes the newest certificate that the shares at hand allow. True if `newest()` moved.
  bool advance();

  /// The newest certificate for a sequence that this member has executed itself; nothing before the first.
  const std::optional<certified_root>& newest() const { return newest_; }
  std::uint64_t certified_sequence() const { return certified_; }
  std::uint64_t executed_sequence() const { return executed_; }
  const std::optional<root_share>& own_newest() const { return own_newest_; }

  /// Set when a certificate contradicts what this member executed: its state is wrong and must not be served.
  bool diverged() const { return diverged_; }

 private:
  struct candidate {
    std::optional<bytes> own;                                          ///< the root as this member reached it
    std::map<std::uint32_t, std::pair<bytes, crypto::signature>> shares;  ///< by seat, verified
    std::optional<certified_root> certificate;                         ///< from another, before this member executed
  };

  void adopt(std::uint64_t sequence, certified_root root);

  cluster_id cluster_;
  identity::ring_description ring_;
  std::uint32_t seat_;
  crypto::signing_key key_;
  std::map<std::uint64_t, candidate> pending_;  ///< sequences above the certified one
  std::map<std::uint32_t, std::uint64_t> late_;  ///< by seat: the sequence of the last share that came after its certificate
  std::optional<certified_root> newest_;
  std::optional<root_share> own_newest_;
  std::uint64_t certified_ = 0, executed_ = 0;
  bool diverged_ = false;
};

}  // namespace holdfast::ring

// What this process believes of its cluster: the configuration chain, the newest proven directory, its own admission. Links
// ask it who a peer is; it never goes back to an older chain or directory.
//
// Safe from any thread; nothing here blocks.
#pragma once

#include <memory>
#include <mutex>

#include "protocols/identity/identity_types.hpp"
#include "protocols/link/hello.hpp"
#include "protocols/ring/admission_proof.hpp"

namespace holdfast::actors {

using directory_ptr = std::shared_ptr<const identity::directory>;

class trust_store {
 public:
  /// `founder`: this node admits, and takes nobody at its word.
  explicit trust_store(cluster_id pinned, bool founder = false) : pinned_(pinned), founder_(founder) {}

  const cluster_id& cluster() const { return pinned_; }

  /// Walks the chain and keeps it if it reaches further than the one known. True if it did.
  result<bool> adopt(const identity::trust_chain& chain);

  /// Keeps a directory that the root ring proves, if it is newer. True if it was.
  result<bool> adopt(const ring::proven_entry& directory);

  /// The configuration, once genesis is complete.
  std::optional<identity::configuration_entry> configuration() const;
  std::optional<identity::verified_chain> verified() const;
  identity::trust_chain chain() const;

  directory_ptr directory() const;
  std::optional<ring::proven_entry> directory_proof() const;
  std::uint64_t directory_version() const;

  /// For the links: who shows this admission over a connection with this TLS key, if it is to be spoken with. `expired` if nothing is
  /// amiss but its time, `unverified` if this process has yet to learn what it would be verified by.
  result<link::peer_info> verify_peer(bytes_view admission, const digest& tls_key, wall_time now) const;

  /// Where a node can be dialled, by the directory; empty if it is not listed.
  std::vector<std::string> addresses(const node_id& node) const;
  std::string name_of(const node_id& node) const;

 private:
  const cluster_id pinned_;
  const bool founder_;
  mutable std::mutex mutex_;
  identity::trust_chain chain_;
  std::optional<identity::verified_chain> verified_;
  directory_ptr directory_;
  std::optional<ring::proven_entry> proof_;
};

using trust_ptr = std::shared_ptr<trust_store>;

}  // namespace holdfast::actors

// The membership role: admits, passes statements to the root ring, keeps this node's own place in the directory true.
#pragma once

#include "actors/base/status_board.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/membership/membership_iface.hpp"
#include "actors/membership/node_identity.hpp"
#include "actors/membership/trust_store.hpp"

namespace holdfast::actors {

/// The node's identity in memory, saved with every change. Shared between the start of the node and its membership role.
class identity_keeper {
 public:
  identity_keeper(storage::data_directory& directory, node_identity identity) : directory_(directory), identity_(std::move(identity)) {}

  const node_identity& get() const { return identity_; }

  /// Applies a change and makes it durable; without success the change is taken back.
  template <class Change>
  outcome change(Change apply) {
    auto changed = identity_;
    apply(changed);
    auto saved = save_identity(directory_, changed);
    if (saved) identity_ = std::move(changed);
    return saved;
  }

 private:
  storage::data_directory& directory_;
  node_identity identity_;
};

/// What a node says of itself whose admission was revoked.
inline constexpr std::string_view admission_revoked =
    "this node's admission was revoked: no member speaks with it any more, and starting it again changes nothing. To take part once more, "
    "start it with an empty data directory and join anew with a token (`holdfast invite node`); the cluster rebuilds what it held";

struct membership_config {
  std::shared_ptr<identity_keeper> keeper;
  trust_ptr trust;
  links link;
  board_ptr board;
  link::local_identity self;           ///< as the links were started with; the admission is filled in here
  identity::advertisement advert;      ///< cluster, node and counter are filled in here
  std::string name;
  std::function<std::optional<rings_ready>()> rings;  ///< how to ask the rings, once they can be asked
  std::function<void(bool)> on_revoked;  ///< whether this node's admission is revoked has changed
  std::function<void()> on_configured;  ///< genesis is complete: the node may start its rings. Called again after a restart of the role
};

membership_actor spawn_membership(caf::actor_system& system, membership_config config);

}  // namespace holdfast::actors

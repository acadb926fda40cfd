// The membership role: admits, passes statements to the root ring, keeps this node's own place in the directory true.
#pragma once

#include "actors/base/status_board.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/membership/membership_iface.hpp"
#include "actors/membership/node_identity.hpp"
#include "actors/membership/trust_store.hpp"

namespace holdfast::actors {

/// The node's identity in memory, saved with every change. Safe from any thread: the membership role changes it, the node's other parts
/// read it.
class identity_keeper {
 public:
  identity_keeper(storage::data_directory& directory, node_identity identity)
      : directory_(directory), identity_(std::make_shared<const node_identity>(std::move(identity))) {}

  /// As it is now; a later change leaves what was given alone.
  std::shared_ptr<const node_identity> get() const {
    std::lock_guard guard(mutex_);
    return identity_;
  }

  /// Applies a change and makes it durable; without success the change is taken back.
  template <class Change>
  outcome change(Change apply) {
    std::lock_guard one_at_a_time(changing_);
    auto changed = std::make_shared<node_identity>(*get());
    apply(*changed);
    auto saved = save_identity(directory_, *changed);
    std::lock_guard guard(mutex_);
    if (saved) identity_ = std::move(changed);
    return saved;
  }

 private:
  storage::data_directory& directory_;
  std::mutex changing_;       ///< held while the disk is written, when readers must not wait
  mutable std::mutex mutex_;  ///< guards what follows
  std::shared_ptr<const node_identity> identity_;
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

// What the parts of membership have in common: the node's identity, where members are, and how to ask rings and peers.
//
// One object in the role's state, used on its actor's thread alone; answers come back there, and not at all once the role has ended.
#pragma once

#include "actors/membership/membership.hpp"
#include "protocols/membership/membership_messages.hpp"

namespace holdfast::actors {

class membership_context {
 public:
  using entry_handler = std::function<void(result<ring::entry_reply>)>;
  using page_handler = std::function<void(result<ring::page_reply>)>;
  using reply_handler = std::function<void(result<membership::reply>)>;

  membership_context(membership_actor::pointer self, membership_config given, actor_probe& probe)
      : config(std::move(given)), addresses(config.keeper->get()->members), identity_(config.keeper->get()), self_(self), probe_(probe) {}

  membership_config config;
  std::map<node_id, std::string> addresses;  ///< where members may be dialled: as the directory says, before there is one as they said
  std::optional<rings_ready> rings;          ///< how to ask the rings, once they can be asked

  const node_identity& identity() const { return *identity_; }
  crypto::signing_key identity_key() const { return crypto::signing_key::from_seed(identity().identity_seed); }
  trust_store& trust() const { return *config.trust; }
  actor_probe& probe() const { return probe_; }

  /// An event about this node, for people.
  void note(introspection::severity weight, std::string kind, std::string sentence) const;
  /// Changes the node's identity and saves it. `identity()` is another object from then on.
  template <class Change>
  outcome change(Change apply) {
    auto saved = config.keeper->change(apply);
    identity_ = config.keeper->get();
    return saved;
  }
  /// Likewise; that it could not be saved is an event.
  template <class Change>
  void change_identity(Change apply) {
    if (auto saved = change(apply); !saved) note(introspection::severity::error, "identity-not-saved", saved.error().message());
  }

  /// Rings verify what they answer: see `ring_asker`. Only once there are `rings`.
  void ask_root(ring::submission what, entry_handler done);
  void ask_root(ring_reading what, entry_handler done);
  void ask_root(ring::page_request what, page_handler done);
  void ask_object(ring::submission what, entry_handler done);
  /// A peer's answer is its word alone.
  void ask_peer(const node_id& peer, const membership::request& question, reply_handler done, duration patience = std::chrono::seconds(5));

 private:
  template <class Reply, class Ask, class Question>
  void ask_ring(const ring_asker_actor& ring, Ask how, Question what, std::function<void(result<Reply>)> done);

  std::shared_ptr<const node_identity> identity_;
  membership_actor::pointer self_;
  actor_probe& probe_;
};

}  // namespace holdfast::actors

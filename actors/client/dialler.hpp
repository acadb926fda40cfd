// A process that only dials: its actor system, its links, and what it believes of its cluster. Commands and the client library
// enter a cluster through it, newcomers join through it.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/link/link_iface.hpp"
#include "actors/membership/trust_store.hpp"
#include "protocols/identity/profile.hpp"
#include "protocols/membership/membership_messages.hpp"
#include "protocols/object/session_grant.hpp"

namespace holdfast::actors {

class dialler {
 public:
  /// As the profile's member. The founder's word, which a profile made during the founding holds, is shown to nobody: until
  /// `enter` has been given what the root ring proves, the process goes as a stranger. So does a profile whose admission has expired:
  /// `enter` renews it.
  static result<std::unique_ptr<dialler>> open(const identity::profile& as);

  /// For a newcomer without a profile: a stranger's links, which may ask for membership alone.
  static std::unique_ptr<dialler> open_stranger(const cluster_id& pinned, const link::tls_identity& tls);

  /// Closes the links and waits for every actor of the system to end.
  ~dialler();
  dialler(const dialler&) = delete;
  dialler& operator=(const dialler&) = delete;

  caf::actor_system& system() { return *system_; }
  const links& link() const { return link_; }
  const trust_ptr& trust() const { return trust_; }
  /// Who this process is; zero for a newcomer.
  const node_id& self() const { return self_.member; }

  /// This client's word for the update's writer in its session.
  object::session_grant grant(const object::update& u) const;

  /// Reaches one of the members, and learns from it the newest chain, the directory and where the nodes are. While the cluster is
  /// being founded there is no directory yet, and that is no error: statements speak for themselves. Ends within `patience`.
  outcome enter(const std::vector<std::string>& members, duration patience = std::chrono::seconds(60));

  /// What this member said was untrue: it is not entered by again.
  void distrust(const node_id& member) { distrusted_.insert(member); }

  /// The member entered by, and questions to it.
  const node_id& member() const { return member_; }
  result<membership::reply> ask(membership::request what, duration patience = std::chrono::seconds(40)) const;
  result<inbound> ask(link::message_kind kind, bytes payload, duration patience = std::chrono::seconds(10)) const;

 private:
  dialler(const link::tls_identity& tls, link::local_identity self);
  outcome enter_by(const node_id& node);
  outcome enter_by_others(const std::vector<std::string>& members, std::size_t convincing, outcome so_far);
  outcome learn_chain(const node_id& node);
  outcome learn_directory(const node_id& node);
  outcome prove_admission(const node_id& node);
  outcome renew_admission(const node_id& node);
  outcome take(const ring::admission_proof& proof);
  bool goes_as_stranger() const;
  duration at_most(duration wanted) const;
  bool knows_enough() const;

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  link::local_identity self_;
  crypto::secret<32> identity_seed_;  ///< of a profile
  identity::admission admission_;     ///< of a profile: as the founder or the root ring gave it last
  trust_ptr trust_;
  links link_;
  node_id member_;
  std::set<node_id> distrusted_;
  instant enter_until_{};  ///< when `enter` gives up
};

}  // namespace holdfast::actors

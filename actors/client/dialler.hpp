// A process that only dials: the links of a client or operator, with the trust its profile carries.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/link/link_iface.hpp"
#include "actors/membership/trust_store.hpp"
#include "protocols/identity/profile.hpp"
#include "protocols/membership/membership_messages.hpp"

namespace holdfast::actors {

class dialler {
 public:
  /// Starts the process's actor system and its links. The profile's admission is shown to peers; where it is the founder's word
  /// and the founding is over, the proven one is fetched and can be read from `admission()`.
  static result<std::unique_ptr<dialler>> open(const identity::profile& as);

  /// For a newcomer without a profile: a stranger's links, which may ask for membership alone.
  static result<std::unique_ptr<dialler>> open_stranger(const cluster_id& pinned, const link::tls_identity& tls);

  ~dialler();
  dialler(const dialler&) = delete;
  dialler& operator=(const dialler&) = delete;

  caf::actor_system& system() { return *system_; }
  const links& link() const { return link_; }
  const trust_ptr& trust() const { return trust_; }
  const bytes& admission() const { return self_.admission; }

  /// Connects to one of the members, learns the newest chain and directory, and keeps links to all nodes the directory lists.
  outcome enter(const std::vector<std::string>& members);

  /// Asks the member entered by.
  result<membership::reply> ask(membership::request what, duration patience = std::chrono::seconds(40));
  result<inbound> ask(link::message_kind kind, bytes payload, duration patience = std::chrono::seconds(10));

  /// The member entered by.
  const node_id& member() const { return member_; }

 private:
  dialler(const cluster_id& pinned, const link::tls_identity& tls, link::local_identity self);
  result<peer_ptr> reach(const std::string& address);
  outcome prove_admission();

  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  link::local_identity self_;
  trust_ptr trust_;
  links link_;
  node_id member_;
};

}  // namespace holdfast::actors

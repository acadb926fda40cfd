// A client's side of its cluster: the actor system, the links, what is believed of the cluster, and blocking calls to its ring.
#pragma once

#include <future>
#include <semaphore>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/client/archive_desk.hpp"
#include "actors/client/client.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/ring/ring_asker.hpp"
#include "protocols/membership/membership_messages.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

/// An actor system with links that only dial.
class dialling_system {
 public:
  dialling_system(const link::tls_identity& tls, link::local_identity self, std::shared_ptr<trust_store> trust);
  ~dialling_system();

  caf::actor_system& system() { return *system_; }
  const links& link() const { return link_; }

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  links link_;
};

class cluster_connection {
 public:
  static result<std::unique_ptr<cluster_connection>> open(const identity::profile& profile, const client_options& options);
  ~cluster_connection();

  /// Has the ring order an update that is signed already; the result that the ring proves. Tries the same bytes again until the
  /// deadline, so it runs at most once.
  result<ring::operation_result> submit(const object::signed_update& update);

  /// What lies at a place of the object ring's state, or its proven absence.
  result<ring::proven_entry> read(const ring::place& where, ring::ring_client::freshness how);
  std::vector<result<ring::proven_entry>> read_many(const std::vector<ring::place>& places, ring::ring_client::freshness how);

  /// Version records by name, checked; in the order of the names.
  result<std::vector<bytes>> records(const std::vector<vguid>& names);
  result<bytes> inline_block(const bguid& block);

  /// The record of one of the object's versions, by name: through a replica, if that is quick.
  result<bytes> record(const aguid& object, const vguid& name);

  /// Where an extent's fragments are: remembered, unless it must be asked for anew.
  result<archive::coding_record> coding(const extent_id& extent, bool anew = false);

  /// The newest directory that is known; seconds old at most while members answer.
  result<directory_ptr> directory() const;

  const cluster_id& cluster() const { return trust_->cluster(); }
  const identity::ring_description& ring() const { return ring_; }
  const node_id& member() const { return member_; }
  const trust_store& trust() const { return *trust_; }
  const caf::actor& desk() const { return desk_; }
  const server_memory& servers() const { return *memory_; }
  /// None if this process is to do without.
  replica_access* replicas() const { return replicas_.get(); }
  duration patience() const { return options_.patience; }

  /// Waits until one more upload may disperse; it may until the pointer goes. Each holds tens of MiB.
  std::shared_ptr<void> upload_turn();

 private:
  cluster_connection(const identity::profile& profile, const client_options& options);
  outcome enter();
  outcome prove_admission();
  outcome learn_from_anyone();
  outcome learn(const node_id& member);
  void know_members();
  result<membership::reply> ask_member_of(const node_id& member, membership::request what);

  template <class Question>
  std::future<ring_outcome> ask_ring(Question question);
  result<ring::service_reply> settle(std::future<ring_outcome> answer);

  const client_options options_;
  const identity::profile profile_;
  trust_ptr trust_;
  link::tls_identity tls_;
  link::local_identity self_;
  node_id member_;
  identity::ring_description ring_;
  std::unique_ptr<dialling_system> net_;
  std::shared_ptr<server_memory> memory_ = std::make_shared<server_memory>();
  ring_asker_actor asker_;
  caf::actor desk_, caller_, directory_watch_;
  node_id entry_;  ///< the node that answered first
  std::unique_ptr<replica_access> replicas_;

  static constexpr std::ptrdiff_t uploads_max = 3;
  std::counting_semaphore<uploads_max> uploads_{uploads_max};

  std::mutex mutex_;  ///< guards what follows
  std::map<extent_id, archive::coding_record> codings_;
};

}  // namespace holdfast::actors

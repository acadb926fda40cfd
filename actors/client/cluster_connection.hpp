// A client's side of its cluster: the dialler it entered by, the actors it asks through, and blocking calls to the ring.
#pragma once

#include <future>
#include <semaphore>

#include <caf/actor_system.hpp>

#include "actors/client/archive_desk.hpp"
#include "actors/client/client.hpp"
#include "actors/client/dialler.hpp"
#include "actors/link/link_iface.hpp"
#include "actors/ring/ring_asker.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

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
  const node_id& member() const { return net_->self(); }
  /// This client's word for the update's writer in its session.
  object::session_grant grant(const object::update& u) const { return net_->grant(u); }
  const trust_store& trust() const { return *trust_; }
  const caf::actor& desk() const { return desk_; }
  const server_memory& servers() const { return *memory_; }
  /// None if this process is to do without.
  replica_access* replicas() const { return replicas_.get(); }
  duration patience() const { return options_.patience; }

  /// Waits until one more upload may disperse; it may until the pointer goes. Each holds tens of MiB.
  std::shared_ptr<void> upload_turn();

 private:
  cluster_connection(std::unique_ptr<dialler> net, const client_options& options, std::vector<std::string> members);
  outcome enter();
  outcome learn_from_anyone();

  template <class Question>
  std::future<ring_outcome> ask_ring(Question question);
  result<ring::service_reply> settle(std::future<ring_outcome> answer);

  const client_options options_;
  const std::vector<std::string> members_;  ///< addresses to enter by
  std::unique_ptr<dialler> net_;
  trust_ptr trust_;
  identity::ring_description ring_;
  std::shared_ptr<server_memory> memory_ = std::make_shared<server_memory>();
  ring_asker_actor asker_;
  caf::actor desk_, caller_, directory_watch_;
  std::unique_ptr<replica_access> replicas_;

  static constexpr std::ptrdiff_t uploads_max = 3;
  std::counting_semaphore<uploads_max> uploads_{uploads_max};

  std::mutex mutex_;  ///< guards what follows
  std::map<extent_id, archive::coding_record> codings_;
};

}  // namespace holdfast::actors

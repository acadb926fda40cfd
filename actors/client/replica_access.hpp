// Reads through secondary replicas: who announces an object, whom to ask, and when to go to the source instead.
//
// Small contents are read through replicas, heads where an older one will do; what comes is verified, so a replica can delay and
// nothing else. A replica that announces the object is preferred; else the one of the node that this process entered by, which
// fetches and keeps what it is asked for.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "actors/link/link_port.hpp"
#include "actors/membership/trust_store.hpp"
#include "protocols/replica/replica_reader.hpp"

namespace holdfast::actors {

/// What a replica sent, verified.
using replica_answer = replica::reader_step::answer;

/// Told of one question. Called on another thread; must not block. `late` at most once, `done` exactly once.
struct replica_listener {
  std::function<void()> late;  ///< the source should be asked now; an answer may yet come
  std::function<void(std::optional<replica_answer>)> done;
};

/// Safe from any thread.
class replica_access {
 public:
  /// Contents above it are read from archive servers directly: many of them, at once, are faster than one replica, and bulk would
  /// push out of its memory what is read again and again.
  static constexpr std::uint64_t content_bytes_max = 4u << 20;

  /// `entry`: the node that this process entered the cluster by.
  replica_access(caf::actor_system& system, link_port_ptr links, trust_ptr trust, identity::ring_description ring, const node_id& entry);
  ~replica_access();

  /// Begins to ask the mesh who announces the object, unless that is known. Does not wait.
  void look_for(const aguid& object);

  /// Asks for what is of this object.
  void ask(const aguid& object, replica::service_request what, replica_listener listener);

  /// The same, and waits; nothing if no replica has it at hand: ask the source.
  std::optional<replica_answer> ask(const aguid& object, replica::service_request what);

 private:
  struct search {
    instant begun;
    std::optional<std::vector<node_id>> holders;  ///< none: not answered yet
    bool waited = false;                          ///< a reader has waited for it: once is enough
  };
  /// Shared with the mesh's answers, which may come when this is gone.
  struct searches {
    std::mutex mutex;
    std::condition_variable answered;
    std::map<aguid, search> by_object;
  };

  std::vector<node_id> holders_of(const aguid& object);
  std::vector<node_id> near_ones() const;
  std::optional<node_id> router() const;

  link_port_ptr links_;
  trust_ptr trust_;
  const node_id entry_;
  std::shared_ptr<searches> searches_ = std::make_shared<searches>();
  caf::actor desk_;
};

}  // namespace holdfast::actors

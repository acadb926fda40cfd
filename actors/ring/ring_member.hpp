// A ring member as an actor: carries out what its engine wants. Its memory is the log; a restart reads it again.
#pragma once

#include "actors/base/status_board.hpp"
#include "actors/ring/log_writer.hpp"
#include "actors/ring/ring_iface.hpp"
#include "storage/block_store.hpp"

namespace holdfast::actors {

struct ring_member_config {
  cluster_id cluster;
  identity::ring_description ring;
  std::uint32_t seat = 0;
  crypto::signing_key key;
  std::string label;          ///< "root", "object"
  std::string log_directory;
  bool ran_before = false;    ///< this seat has voted in an earlier life of the process or of this actor
  std::function<std::unique_ptr<ring::state_machine>()> make_machine;
  link_port_ptr links;
  std::shared_ptr<log_writer> log;
  std::shared_ptr<work_pool> stores;
  std::shared_ptr<storage::block_store> blocks;
  board_ptr board;
  /// Called on the member's own thread after the certified state moved; it must only take a copy and go.
  std::function<void(const ring::ring_engine&)> on_proven;
  /// Whether this peer may submit this operation: sessions and quotas are accounted to the client that the link has authenticated.
  std::function<outcome(const link::peer_info&, bytes_view)> may_submit;
  /// A write to the log failed: nothing may be acknowledged any more.
  std::function<void(const error&)> on_disk_failure;
};

ring_member_actor spawn_ring_member(caf::actor_system& system, ring_member_config config);

}  // namespace holdfast::actors

// An archive server of the simulation: one machine with clock and disk, the real engine on it; honest or lying.
//
// An honest server is held to its word: when a receipt leaves, what it speaks of is durable on its disk.
#pragma once

#include "protocols/archive/archive_server.hpp"
#include "protocols/archive/filler.hpp"
#include "protocols/archive/sweep_planner.hpp"
#include "tests/simulation/dispersal/archive_world.hpp"
#include "tests/simulation/dispersal/extent_disk.hpp"

namespace holdfast::simulation {

class server_node final : public archive_node {
 public:
  server_node(archive_world& world, node_index index, std::function<void(std::uint64_t point)> points);
  server_node(const server_node&) = delete;

  void start();
  void stop();
  extent_disk& disk() { return disk_; }

  /// From now on it lies: `silent`, `delay` or `forge` (fragments that are wrong in content and right in form).
  void lie(behaviour how) { lie_ = how; }
  bool honest() const { return !lie_; }

  bool running() const override { return engine_ != nullptr; }
  void receive(node_index from, const archive_packet& p) override;
  void peer_lost(node_index peer) override;

 private:
  clock_reading reading() const;
  void carry_out(archive::server_step step);
  void send(const archive::outgoing_reply& reply);
  void check_receipt(const archive::signed_receipt& receipt);
  void forge(archive::service_reply& reply);
  void ask_ring(const extent_id& extent);
  void offer(const archive::fill_offer& offer);
  void tick_later();
  void restart_later();

  // Filling in: server_filling.cpp.
  void sweep_later();
  void sweep();
  void fill(const archive::fill_task& task);
  void filler_tick_later(std::uint64_t number);
  void carry_out(std::uint64_t number, archive::filler_step step);
  void stored(store_ticket ticket, const outcome& done);
  void replied(node_index from, const archive::service_reply& reply);
  void fillers_lost(node_index peer);

  archive_world& world_;
  node_index index_;
  seeded_random random_;
  skewed_clock clock_;
  extent_disk disk_;
  std::optional<behaviour> lie_;
  std::unique_ptr<archive::archive_server> engine_;
  struct filling {
    extent_id extent;
    std::unique_ptr<archive::filler> engine;
  };
  std::map<std::uint64_t, filling> fillers_;
  std::uint64_t last_filler_ = 0;
  std::uint64_t lives_ = 0;
};

}  // namespace holdfast::simulation

// A writer of the simulation: disperses extents of random blocks, one after the other, with the real disperser. What it has
// enough receipts for, the ring commits; from then on every block must be readable, come what may within the coding's bounds.
#pragma once

#include "protocols/archive/disperser.hpp"
#include "tests/simulation/dispersal/archive_world.hpp"

namespace holdfast::simulation {

/// An extent that was acknowledged, with what its blocks were.
struct kept_extent {
  archive::extent_claim claim;
  std::vector<bytes> blocks;
  std::vector<bguid> names;
};

class extent_writer final : public archive_node {
 public:
  extent_writer(archive_world& world, std::uint32_t number, std::vector<kept_extent>& kept);
  extent_writer(const extent_writer&) = delete;

  void start();
  bool resting() const { return left_ == 0; }

  bool running() const override { return true; }
  void receive(node_index from, const archive_packet& p) override;
  void peer_lost(node_index peer) override;

 private:
  clock_reading reading() const;
  void begin();
  void carry_out(archive::disperser_step step);
  void feed();
  void tick_later();
  void conclude(const result<archive::extent_claim>& outcome);
  bytes random_block();

  archive_world& world_;
  std::vector<kept_extent>& kept_;
  node_index index_;
  seeded_random random_;
  skewed_clock clock_;
  session_id session_;
  std::uint64_t operation_ = 0;
  std::uint32_t left_;
  std::unique_ptr<archive::disperser> disperser_;
  std::optional<archive::reed_solomon> codec_;
  std::vector<bytes> blocks_;
  std::uint32_t blocks_left_ = 0;
  bool closed_ = false, concluded_ = false;
};

}  // namespace holdfast::simulation

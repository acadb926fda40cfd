// A reader of the simulation: fetches blocks of acknowledged extents with the real collector. Whatever it gets must be what
// was written; whether it must get it is the asker's to say.
#pragma once

#include "protocols/archive/collector.hpp"
#include "tests/simulation/dispersal/archive_world.hpp"
#include "tests/simulation/dispersal/extent_writer.hpp"

namespace holdfast::simulation {

class block_reader final : public archive_node {
 public:
  explicit block_reader(archive_world& world);
  block_reader(const block_reader&) = delete;

  /// Fetches a block; servers in `shunned` hear nothing of it. If it `must` be readable, an error is a violation.
  void fetch(const kept_extent& extent, std::uint32_t ordinal, std::set<node_id> shunned, bool must);
  bool wants_more() const { return collector_.wants_more(); }
  bool idle() const { return under_way_.empty(); }

  bool running() const override { return true; }
  void receive(node_index from, const archive_packet& p) override;
  void peer_lost(node_index peer) override;

 private:
  struct expectation {
    bytes content;
    std::set<node_id> shunned;
    bool must;
  };

  clock_reading reading() const;
  void carry_out(archive::collector_step step);
  void judge(const archive::fetched_block& fetched);
  void tick_later();

  archive_world& world_;
  node_index index_;
  seeded_random random_;
  skewed_clock clock_;
  archive::collector collector_;
  std::map<std::uint64_t, expectation> under_way_;
  std::map<std::uint64_t, std::uint64_t> requests_;  ///< to the fetch that they belong to
  std::uint64_t fetches_ = 0;
  bool ticking_ = false;
};

}  // namespace holdfast::simulation

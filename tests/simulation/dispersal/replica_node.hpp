// A secondary replica of the simulation, with its readers: the real engine between archive servers that fail and lie and a ring whose
// members lag or do not answer. It may refuse; what it shows must be right, no head may be older than one it showed before, and its
// memory must keep to its budget, whatever happens.
#pragma once

#include "protocols/replica/secondary_replica.hpp"
#include "tests/simulation/dispersal/archive_world.hpp"
#include "tests/simulation/dispersal/extent_writer.hpp"

namespace holdfast::simulation {

class replica_node final : public archive_node {
 public:
  replica_node(archive_world& world, std::uint64_t seed);
  replica_node(const replica_node&) = delete;

  /// Reads a block. If it `must` be had, it is asked for until it comes, and an error is a violation.
  void read(const kept_extent& extent, std::uint32_t ordinal, bool must);

  /// Reads a block or a head; now and then the process dies instead.
  void read_something(const std::vector<kept_extent>& kept);

  bool idle() const { return readers_.empty() && asking_again_ == 0; }

  bool running() const override { return true; }
  void receive(node_index from, const archive_packet& p) override;
  void peer_lost(node_index peer) override;

 private:
  struct expected_block {
    bytes content;
    replica::get_block wanted;
    bool must;
  };
  struct expected_head {
    aguid object;
  };
  using expectation = std::variant<expected_block, expected_head>;

  void begin();
  /// The process dies and begins anew with nothing; its readers hear no answer.
  void restart();
  /// The head of an object: there are a few, which get a new version every 100 ms.
  void read_head();
  void ask(replica::service_request what, expectation expected);
  void carry_out(replica::replica_step step);
  void answer(const replica::replica_step::ring_question& question);
  ring::proven_entry prove(const ring::place& where);
  void judge(expectation expected, const replica::service_reply& reply);
  void judge_head(const aguid& object, const ring::proven_entry& shown);
  void tick_later();
  clock_reading reading() const;

  archive_world& world_;
  seeded_random random_;
  node_index index_;
  skewed_clock clock_;
  crypto::signing_key seat_;
  identity::ring_description ring_;
  ring::authenticated_map state_;
  std::unique_ptr<replica::secondary_replica> engine_;
  std::uint64_t lives_ = 0, last_reader_ = 0, asking_again_ = 0;
  std::map<std::uint64_t, expectation> readers_;
  std::map<aguid, std::uint64_t> shown_;  ///< the newest version of each object that this life has shown
  std::set<aguid> announced_;
  bool ticking_ = false;
};

}  // namespace holdfast::simulation

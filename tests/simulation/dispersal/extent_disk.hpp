// One archive server's store, as a model: what its engine asks to keep, durable when the store has said so and not before.
// A crash keeps what is durable; an extent that is not sealed may come back shorter or not at all.
#pragma once

#include "protocols/archive/archive_store_types.hpp"
#include "tests/simulation/core/event_queue.hpp"
#include "tests/simulation/core/options.hpp"

namespace holdfast::simulation {

class extent_disk {
 public:
  struct listener {
    std::function<void(store_ticket, const outcome&)> stored;
    std::function<void(store_ticket, result<archive::stored_fragment>)> fragment;
    std::function<void(store_ticket, result<archive::stored_extent>)> extent;
    std::function<void(store_ticket, std::vector<archive::extent_header>)> inventory;
    std::function<void(std::uint64_t point)> point_passed;
  };

  extent_disk(event_queue& events, disk_options options, std::uint64_t seed, listener listener)
      : events_(events), options_(options), random_(seed), listener_(std::move(listener)) {}

  void carry_out(archive::store_effect effect);
  void crash();
  /// What a server finds at its start: extents that no ring has committed.
  std::vector<archive::stored_extent> recover() const;
  void wipe() { extents_.clear(); }
  void flip_bit();
  void heal() { options_.stall = options_.failure = 0; }

  /// The headers of what is sealed or committed.
  std::map<extent_id, archive::extent_header> held() const;

  /// True if the extent is sealed on the disk, with this list.
  bool holds_durably(const extent_id& extent, const digest& list) const;
  /// How many of its fragments are there and undamaged.
  std::size_t sound_fragments(const extent_id& extent) const;

 private:
  struct kept_fragment {
    archive::stored_fragment content;
    bool damaged = false;
  };
  struct kept_extent {
    archive::extent_header header;
    std::vector<kept_fragment> fragments;
    bool durable = false;   ///< sealed, and all of it written
    std::vector<archive::block_entry> entries() const;
  };

  void carry(archive::create_extent& e);
  void carry(archive::append_fragment& e);
  void carry(archive::seal_stored& e);
  void carry(archive::mark_committed& e);
  void carry(archive::discard_extent& e);
  void carry(archive::drop_extent& e);
  void carry(archive::replace_fragment& e);
  void carry(archive::read_fragment& e);
  void carry(archive::read_extent& e);
  void carry(archive::read_inventory& e);

  /// Later, unless the machine has died by then. Effects on one disk take effect in order.
  void later(duration takes, std::function<void()> action);
  duration sync_takes();
  void pass_point();

  event_queue& events_;
  disk_options options_;
  seeded_random random_;
  listener listener_;
  std::map<extent_id, kept_extent> extents_;
  instant busy_until_{};
  std::uint64_t life_ = 0, points_ = 0;
};

}  // namespace holdfast::simulation

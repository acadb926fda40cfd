// The extents a server holds that no ring has committed yet: what each is waiting for, and what each client has used of its
// bounds. Committed extents are not here; there may be millions, and the store finds them.
#pragma once

#include "protocols/archive/archive_store_types.hpp"
#include "protocols/link/endpoint.hpp"

namespace holdfast::archive {

/// What a server lends to clients before their extents commit. Each bound is in the unit of its name.
struct server_limits {
  std::uint64_t client_uncommitted_bytes_max = 256ull << 30; ///< of fragments, as reserved at opening; from the cluster's policy
  std::uint32_t client_open_extents_max = 16;               ///< a client streams one or two at a time
  std::uint32_t open_extents_max = 1024;                    ///< of all clients
  std::uint32_t open_entries_max = 1u << 20;                ///< block entries of open extents kept in memory: 68 MiB
  std::uint64_t assembling_bytes_max = 128u << 20;          ///< fragments whose pieces are still arriving, of all clients
  std::uint64_t appending_bytes_max = 16u << 20;            ///< an extent's fragments that the store has not taken yet
  std::uint32_t peer_reads_max = 64;                        ///< a peer's reads under way
  std::uint32_t reads_max = 256;                            ///< all peers' reads under way
  std::uint32_t peer_lookups_max = 64;                      ///< a peer's openings and seals that wait for what the store knows
  std::uint32_t lookups_max = 256;                          ///< all peers'
  std::chrono::milliseconds receipt_life = std::chrono::hours(24);
  std::chrono::milliseconds clock_skew = std::chrono::minutes(10);
  duration open_idle_max = std::chrono::minutes(30);        ///< an open extent nobody writes to: no receipt binds us to it
  duration writer_gone_max = std::chrono::minutes(2);       ///< and one whose writer's process has no link to this server
  duration commitment_check = std::chrono::seconds(30);     ///< first question to the ring after sealing; doubles each time
  duration commitment_check_max = std::chrono::hours(1);
};

/// A fragment whose pieces are arriving.
struct assembly {
  link::endpoint from;
  block_header header;
  std::uint32_t fragment_bytes = 0;
  bytes data;
};

struct uncommitted_extent {
  extent_header header;
  std::vector<block_entry> entries;  ///< while open
  std::uint64_t bytes = 0;           ///< ciphertext lengths of `entries`
  std::optional<assembly> arriving;
  std::uint64_t appending_bytes = 0;
  std::optional<error> failed;       ///< an append failed: it must never be sealed
  bool sealing = false;
  instant touched;
  link::endpoint writer;                ///< the process that last wrote to it
  std::optional<instant> writer_gone;   ///< since when there is no link to it
  instant check_at;                  ///< when to ask the ring, once sealed
  duration check_after{};

  bool open() const { return header.state == extent_state::open; }
  void written(instant now, const link::endpoint& by) {
    touched = now;
    writer = by;
    writer_gone.reset();
  }
};

class uncommitted_table {
 public:
  explicit uncommitted_table(const server_limits& limits) : limits_(limits) {}

  const server_limits& limits() const { return limits_; }
  void set_limits(const server_limits& limits) { limits_ = limits; }

  uncommitted_extent* find(const extent_id& extent);

  /// Takes an extent in, whatever the limits; what is there under its id goes.
  uncommitted_extent& insert(uncommitted_extent extent);
  void erase(const extent_id& extent);

  /// Whether the client may open this extent.
  outcome admits(const extent_header& header) const;

  /// Begins a fragment, in place of an unfinished one.
  outcome begin(uncommitted_extent& extent, const link::endpoint& from, const block_header& header);
  void finish(uncommitted_extent& extent);

  /// Counts a verified fragment's entry.
  void add_entry(uncommitted_extent& extent, const block_entry& entry);

  /// The extent is sealed: what it holds in memory and reserved beyond need goes.
  void sealed(uncommitted_extent& extent, const extent_header& header);

  /// Unfinished fragments of a process that is gone.
  void release_assemblies(const link::endpoint& from);

  const std::map<extent_id, uncommitted_extent>& extents() const { return extents_; }
  std::map<extent_id, uncommitted_extent>& extents() { return extents_; }
  std::uint64_t assembling_bytes() const { return assembling_bytes_; }
  std::uint64_t reserved_bytes() const;

 private:
  struct usage {
    std::uint64_t bytes = 0;
    std::uint32_t open = 0;
  };

  void count(const uncommitted_extent& extent, bool add);

  server_limits limits_;
  std::map<extent_id, uncommitted_extent> extents_;
  std::map<node_id, usage> clients_;
  std::uint64_t assembling_bytes_ = 0;
  std::uint64_t entries_ = 0;
  std::uint32_t open_ = 0;
};

}  // namespace holdfast::archive

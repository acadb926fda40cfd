// Archive fragments: written once into segment files, found through the database.
//
// A fragment goes straight from the caller's bytes into the newest segment. `commit` syncs the segments that its extents touched, then
// writes their index entries in one synced batch; until then an extent is open, lives in memory only and is forgotten by a crash.
// So the index never names bytes that are not durable, and bulk is written to the disk once. `bench/store_bench.cpp` holds the
// measurement behind the choice. Each 16 KiB chunk has a CRC-32C, so a range read checks all it serves and little more.
#pragma once

#include <span>

#include "protocols/archive/archive_types.hpp"
#include "protocols/names/names.hpp"
#include "storage/database.hpp"
#include "storage/file_system.hpp"

namespace holdfast::storage {

constexpr std::uint32_t fragment_bytes_max = archive::block_bytes_max;
constexpr std::uint32_t fragment_meta_bytes_max = 64u << 10;
constexpr std::uint32_t extent_meta_bytes_max = 8u << 20;  ///< room for an extent's block list

struct extent_store_options {
  std::uint64_t segment_bytes = 256u << 20;        ///< a segment at least this long is closed and a new one begun
  std::uint64_t free_bytes_min = 256u << 20;       ///< appends are refused with no_space when the disk would have less
  std::uint64_t bytes_max = ~0ull;                 ///< appends are refused with no_space when the segments would hold more
  std::uint32_t open_blocks_max = 1u << 20;        ///< fragments of open extents, about 100 bytes of memory each
  std::string unreferenced_to;                     ///< a folder for segments that nothing refers to: the index may lack what did
};

/// An extent to make durable: `meta` is the holder's own record of it (receipt, block list).
struct seal_request {
  extent_id extent;
  bytes meta;
};

struct extent_info {
  extent_id extent;
  std::uint32_t blocks = 0;
  std::uint64_t bytes = 0;  ///< of fragments, without their headers
  holdfast::bytes meta;
};

struct extent_page {
  std::vector<extent_info> extents;   ///< by ascending id
  std::vector<extent_id> damaged;     ///< between those, known by name alone: what the index says of them fails its check
  std::optional<extent_id> next;      ///< pass as the next cursor; nothing at the end
};

struct extent_store_usage {
  std::uint64_t segment_bytes = 0;    ///< held by segment files, dropped fragments included
  std::uint64_t segments = 0;
  std::uint64_t open_extents = 0;
  std::uint64_t free_bytes = 0;       ///< that appends may still take, by the disk and by the limit
};

/// Safe from any thread; appends and reads of several threads run at once.
class extent_store {
 public:
  /// Opens the store whose segments lie in `directory` and whose index lies in `index`; both must outlive it. Segments that nothing refers to
  /// are deleted, or moved as the options say. Those that are missing are told by `missing_segments`; reads of what they held answer corrupt.
  static result<std::unique_ptr<extent_store>> open(file_system& files, std::string directory, database& index,
                                                    extent_store_options options = {});
  ~extent_store();

  /// Writes fragment `block` of an extent, with `meta` beside it (its proof). Not durable before `commit`. A block appended again replaces
  /// the former one at the next commit, in a sealed extent too: that is how a damaged fragment is repaired.
  outcome append(const extent_id& extent, std::uint32_t block, bytes_view meta, bytes_view fragment);

  /// Makes the open blocks of all these extents durable and visible, at the cost of one sync of the segments and one of the index. Appends
  /// to them must have returned. All or nothing; not_found if an extent has neither open blocks nor was sealed before (then nothing happens).
  outcome commit(std::span<const seal_request> seals);
  outcome seal(const extent_id& extent, bytes meta);

  /// Bytes [offset, offset + length) of a fragment, checked; shorter if the fragment ends there. Open extents are readable too.
  result<bytes> read(const extent_id& extent, std::uint32_t block, std::uint64_t offset, std::uint64_t length) const;
  result<bytes> read_meta(const extent_id& extent, std::uint32_t block) const;

  /// Length of the fragment; not_found if the block is not here.
  result<std::uint32_t> fragment_length(const extent_id& extent, std::uint32_t block) const;

  /// Which blocks of an extent are here, open or sealed, ascending: where an upload resumes.
  result<std::vector<std::uint32_t>> blocks(const extent_id& extent) const;

  /// Of sealed extents.
  result<extent_info> stat(const extent_id& extent) const;

  /// Sealed extents from `cursor` on. At most `limit`, and at most 64 MiB of meta, in a page.
  result<extent_page> list(const extent_id& cursor, std::size_t limit) const;

  /// Forgets an extent, sealed or open; absent ones are no error. Segments that hold nothing any more are deleted.
  outcome drop(const extent_id& extent);

  /// Extents with open blocks.
  std::vector<extent_id> open_extents() const;

  /// Forgets the open blocks of an extent that was not sealed.
  void discard(const extent_id& extent);

  extent_store_usage usage() const;
  const std::vector<std::uint64_t>& missing_segments() const;

 private:
  struct state;
  explicit extent_store(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace holdfast::storage

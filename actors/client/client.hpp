// The one client library: the command line, the benches and whatever else keeps data use this and nothing below it.
//
// A client holds its owner's keys: content is sealed, coded and signed here, and whatever comes back is verified here. Paths walk
// from the owner's root directory. Every function may be called from any thread, blocks its caller, and ends within its deadline:
// `unavailable` means that nothing happened or nothing was learned, `outcome_unknown` that it may have happened.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocols/archive/collector.hpp"
#include "protocols/identity/profile.hpp"
#include "protocols/object/directory_content.hpp"
#include "protocols/object/version_walk.hpp"

namespace holdfast::actors {

struct client_options {
  /// For the ring to answer one question, retries included. A transfer may take as long as it makes progress.
  duration patience = std::chrono::seconds(60);
  /// Read small contents through secondary replicas.
  bool replicas = true;
};

/// Fills the buffer as far as it can; 0 is the end.
using byte_source = std::function<result<std::size_t>(mutable_bytes_view)>;
/// Takes the next bytes, in order.
using byte_sink = std::function<outcome(bytes_view)>;

/// Told how a transfer gets on: `begin` with the bytes there are to transfer, once, if that is known; then `done` with those transferred
/// so far. Called on the caller's thread.
struct transfer_watch {
  std::function<void(std::uint64_t total_bytes)> begin = [](std::uint64_t) {};
  std::function<void(std::uint64_t done_bytes)> done = [](std::uint64_t) {};
};

struct put_options {
  /// The bytes that the source will yield; it is read no further. Unknown for a pipe.
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> if_version;  ///< else `conflict`
  bool if_absent = false;                   ///< else `already_exists`
  /// Sealed content that shares one placement, at most; from 4 MiB to 1 GiB. Smaller extents begin anew on other servers sooner when
  /// some fail, and cost the ring a coding record each.
  std::uint64_t extent_bytes = archive::extent_bytes_max;
};

/// A version of a file, as the ring ordered it.
struct version_info {
  std::uint64_t version = 0;
  std::uint64_t size = 0;  ///< bytes
  wall_time time;          ///< agreed
  crypto::public_key writer;
};

/// How a read went: each block's fragments, counted by what became of them.
struct read_report {
  version_info version;
  std::uint64_t blocks = 0;                                 ///< fetched from archive servers; 0: the content was inline
  archive::coding code;                                     ///< of the blocks
  std::map<archive::fragment_fate, std::uint64_t> fates;    ///< over all blocks' fragments
  std::set<node_id> troubled;                               ///< servers that were late, unreachable or wrong
  std::set<node_id> used;                                   ///< servers that it was decoded from
  std::uint64_t cached = 0;                                 ///< blocks that came from secondary replicas
  std::set<node_id> replicas;                               ///< these

  /// "decoded from 4 of 6", with what was wrong; "kept by the ring" for inline content; "read from a secondary replica".
  std::string describe() const;
};

struct listed {
  std::string name;
  object::entry_kind kind = object::entry_kind::file;
  std::optional<version_info> newest;  ///< nothing: its head could not be read now
};

/// What was removed; its folder remembers it.
struct removed_name {
  object::entry_kind kind = object::entry_kind::file;
  std::optional<std::uint64_t> newest;  ///< a file's newest version; nothing: it could not be read now
};

/// What `verify` found.
enum class soundness : std::uint8_t {
  full,      ///< every fragment of every block is where it should be, and proves itself
  degraded,  ///< readable, but with fragments missing or bad
  damaged,   ///< a block could not be rebuilt
};
std::string_view to_string(soundness s);

struct extent_report {
  extent_id extent;
  archive::coding code;
  std::vector<std::optional<node_id>> slots;
  std::uint64_t blocks = 0, unreadable = 0;
  std::vector<std::uint64_t> good;  ///< by slot: blocks whose fragment there is intact
};

struct verify_report {
  version_info version;
  soundness state = soundness::full;
  std::uint64_t blocks = 0;          ///< data and interior; inline content counts as one
  std::uint64_t fragments = 0, good_fragments = 0;
  std::vector<extent_report> extents;
  std::vector<std::string> findings;  ///< a sentence for each thing that is wrong; at most 100
};

/// A file that was found once, to be written again and again without another walk along its path.
struct file_handle {
  object::capability capability;
  std::uint64_t version = 0;  ///< the newest when it was found; 0: none yet
};

class client_core;

class client {
 public:
  /// Connects to the profile's cluster. `unavailable` if no member answers; `denied` or `expired` if the profile is no good any more.
  static result<client> open(const identity::profile& profile, client_options options = {});
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  /// Keeps what `source` yields as the next version of the file; makes it and the folders on its way if they are not there.
  /// A file that was removed goes on with its next version.
  /// On success it is durable: enough servers signed for it, and a quorum of the ring ordered it.
  result<version_info> put(const std::string& path, const byte_source& source, const put_options& options = {}, const transfer_watch& watch = {});

  /// Reads a version of the file: the newest, one by number, or the newest at a time (the folders on the way as of then, too).
  result<read_report> get(const std::string& path, object::version_walk::target wanted, const byte_sink& sink, const transfer_watch& watch = {});

  /// The file alone, or what is in the folder, or else what was removed from it and is remembered; "" is the root.
  result<std::vector<listed>> ls(const std::string& path, bool removed = false);

  /// All versions, newest first; of a removed file, too.
  result<std::vector<version_info>> log(const std::string& path);

  /// Takes the name away; the versions stay, and can be read by number. A folder must be empty.
  result<removed_name> rm(const std::string& path);

  /// Makes an earlier version the newest again, without moving its blocks. A removed file is put back under its name first.
  result<version_info> restore(const std::string& path, std::uint64_t version);

  /// Fetches every fragment of a version and checks every hash and signature on the way.
  result<verify_report> verify(const std::string& path, object::version_walk::target wanted = object::version_walk::newest{},
                               const transfer_watch& watch = {});

  /// Verifies, so that servers notice what is missing or bad, and waits until the cluster has mended it or the deadline passes.
  /// `told` hears each verification's report.
  result<verify_report> repair(const std::string& path, duration deadline, const std::function<void(const verify_report&)>& told,
                               const transfer_watch& watch = {});

  result<file_handle> find(const std::string& path);
  /// The next version of a file that was found; unconditional unless told otherwise.
  result<version_info> update(const file_handle& file, bytes_view content, std::optional<std::uint64_t> if_version = std::nullopt);

  /// A node's name for people, by the directory.
  std::string name_of(const node_id& node) const;

 private:
  explicit client(std::unique_ptr<client_core> core);
  std::unique_ptr<client_core> core_;
};

/// Joins as a client by any member's address: makes keys and a root directory's capability. The profile is the only place they are.
result<identity::profile> create_profile(const std::string& seed_address, const identity::token& token, const std::string& name);

}  // namespace holdfast::actors

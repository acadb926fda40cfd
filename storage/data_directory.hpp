// A node's data directory: whose it is, the node's secret keys, and how often it was started.
//
//   LOCK           held while a process has the directory open
//   FORMAT         text: format version, cluster, node, disk, and a checksum line; present once the node belongs to a cluster
//   node.identity  the node's secret keys, mode 0600, checksummed
//   boot           the boot counter
#pragma once

#include <optional>

#include "protocols/names/names.hpp"
#include "storage/file_system.hpp"

namespace holdfast::storage {

using disk_id = name256<struct disk_id_kind>;  ///< drawn at random when a disk is first used; it moves with the disk

constexpr std::uint32_t directory_format_version = 1;
constexpr std::uint64_t identity_bytes_max = 64u << 10;

/// What FORMAT says.
struct disk_label {
  std::uint32_t version = directory_format_version;
  cluster_id cluster;
  node_id node;
  disk_id disk;
  bool operator==(const disk_label&) const = default;
};

/// The text of FORMAT.
std::string print(const disk_label& label);

/// The inverse. newer_format names both versions; corrupt if a line is missing, foreign or fails the checksum.
result<disk_label> parse_disk_label(std::string_view text);

class data_directory {
 public:
  /// Makes the directory (0700) if it is missing, locks it, reads FORMAT if it is there and counts the start. Errors: locked, newer_format,
  /// corrupt, io_failed, no_space; all name the directory.
  static result<data_directory> open(file_system& files, std::string path);

  const std::string& path() const { return path_; }
  file_system& files() const { return *files_; }

  /// How often the directory was opened, this time included: durable before `open` returned, so no two runs share a value.
  std::uint64_t boot() const { return boot_; }

  /// Nothing until the directory was bound to a cluster and node.
  const std::optional<disk_label>& label() const { return label_; }

  /// Writes FORMAT, once: at founding, or when a join has given the node its id. Binding to the same cluster and node again changes
  /// nothing; to others is refused as foreign_disk.
  outcome bind(const cluster_id& cluster, const node_id& node, const disk_id& disk);

  /// Refuses with foreign_disk, naming both sides, unless the directory is bound to this cluster and node.
  outcome expect(const cluster_id& cluster, const node_id& node) const;

  /// True if node.identity exists: the directory has been founded or joined before.
  result<bool> has_identity() const;

  /// Writes node.identity atomically. The content is the caller's canonical encoding of its secret keys.
  outcome write_identity(bytes_view content);

  /// The content as written. not_found if there is none. The caller wipes it (`crypto::wipe`).
  result<bytes> read_identity() const;

  /// The path of an entry of the directory, for the stores that live in it.
  std::string at(std::string_view name) const;

 private:
  data_directory(file_system& files, std::string path, std::unique_ptr<file_lock> lock);
  outcome read_label();
  outcome count_start();

  file_system* files_;
  std::string path_;
  std::unique_ptr<file_lock> lock_;
  std::optional<disk_label> label_;
  std::uint64_t boot_ = 0;
};

}  // namespace holdfast::storage

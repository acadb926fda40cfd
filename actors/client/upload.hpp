// Content on its way out: cut, sealed and coded on the caller's thread, dispersed by the archive desk. Memory is bounded: what the servers
// have not taken yet is at most a few MiB for each of them.
#pragma once

#include "actors/client/cluster_connection.hpp"
#include "protocols/object/content_builder.hpp"

namespace holdfast::actors {

class operation_numbers;

/// A finished upload: to be committed and then settled. One that is dropped unsettled is given up; its fragments expire.
class uploaded_content {
 public:
  uploaded_content() = default;
  uploaded_content(uploaded_content&&) = default;
  uploaded_content& operator=(uploaded_content&&) = default;
  ~uploaded_content();

  void settle();

  object::built_content built;
  std::vector<archive::extent_claim> claims;

 private:
  friend class upload;
  std::vector<extent_stream_ptr> streams_;
};

/// As in `put_options`.
struct upload_rules {
  std::optional<std::uint64_t> size;
  std::uint64_t extent_bytes = archive::extent_bytes_max;
};

class upload {
 public:
  upload(cluster_connection& cluster, operation_numbers& numbers, const object::capability& to, std::uint64_t base_version, upload_rules rules);

  /// Reads the source to its end, or to the size given, and waits for the servers' receipts.
  result<uploaded_content> run(const byte_source& source, const transfer_watch& watch);

 private:
  outcome send(std::vector<object::placed_block> blocks);
  outcome begin_extent(std::uint32_t ordinal);
  outcome finish_extents(std::size_t leave_open);

  cluster_connection& cluster_;
  const std::optional<std::uint64_t> size_;
  const std::uint64_t extent_bytes_;
  archive::extent_origin origin_;
  system_random random_;
  object::content_builder builder_;
  std::optional<archive::reed_solomon> codec_;
  directory_ptr directory_;
  extent_stream_ptr stream_;
  std::uint64_t dispersed_ = 0;  ///< ciphertext bytes
  std::shared_ptr<void> turn_;           ///< one of the few uploads that may disperse at a time
  uploaded_content done_;
};

}  // namespace holdfast::actors

// Reads one fragment from its segment file; nothing leaves that was not checked.
#pragma once

#include "storage/fragment_format.hpp"
#include "storage/segment_files.hpp"

namespace holdfast::storage {

class fragment_reader {
 public:
  /// Fetches and checks the head (and the whole of a small fragment). corrupt if it is not what the index says.
  static result<fragment_reader> open(segment_files& segments, const extent_id& extent, std::uint32_t block, const fragment_place& place);

  bytes meta() const { return to_bytes(head_.meta); }

  /// Bytes [offset, offset + length), fewer at the end; every chunk they touch is checked.
  result<bytes> range(std::uint64_t offset, std::uint64_t length) const;

 private:
  fragment_reader(std::shared_ptr<file> f, const extent_id& extent, std::uint32_t block, const fragment_place& place)
      : file_(std::move(f)), extent_(extent), block_(block), place_(place) {}

  result<bytes> fetch(std::uint64_t offset, std::uint64_t length) const;

  std::shared_ptr<file> file_;
  extent_id extent_;
  std::uint32_t block_;
  fragment_place place_;
  std::shared_ptr<const bytes> fetched_;  ///< the head, and the rest of a small fragment; shared, so that copies keep the views valid
  fragment_head head_;
  std::uint64_t data_offset_ = 0;
};

/// "fragment 3 of extent 9f2c01ab", for sentences.
std::string fragment_name(const extent_id& extent, std::uint32_t block);

}  // namespace holdfast::storage

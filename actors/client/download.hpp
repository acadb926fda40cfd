// A version's content on its way in: blocks are fetched some way ahead, checked, opened and handed out in order.
//
// Small content is read through secondary replicas, and from its source as soon as they are slow; large content always from the
// archive servers, many at once.
#pragma once

#include "actors/client/cluster_connection.hpp"
#include "protocols/object/content_reader.hpp"

namespace holdfast::actors {

class download {
 public:
  static result<download> open(cluster_connection& cluster, const object::capability& of, const object::version_record& record);

  std::uint64_t size() const { return content_.size; }
  bool done() const { return opened_inline_ ? inline_taken_ : reader_->done(); }

  /// The next plaintext in order; empty only for empty content. Not after `done`.
  result<bytes> next();

  /// Every block as it arrived, before it is opened. Set before the first `next`.
  std::function<void(const arrived_block&)> on_fetched = [](const arrived_block&) {};

  /// Inline content came from this replica; nothing: from the ring.
  const std::optional<node_id>& inline_from() const { return inline_from_; }

 private:
  download(cluster_connection& cluster, object::content_root content, object::read_key key);

  outcome open_inline(const object::inline_content& kept);
  outcome ask();
  result<archive::block_want> archive_want(const object::block_ref& ref, bool anew);
  outcome receive();

  struct asked_block {
    object::block_ref ref;
    bool again = false;  ///< with a coding record asked for anew
  };

  cluster_connection* cluster_;
  object::content_root content_;
  object::read_key key_;
  bool through_replicas_ = false;
  std::optional<bytes> opened_inline_;
  std::optional<node_id> inline_from_;
  bool inline_taken_ = false;
  std::optional<object::content_reader> reader_;
  std::optional<block_fetches> fetches_;
  std::map<std::uint64_t, asked_block> asked_;
  std::uint64_t last_tag_ = 0;
};

}  // namespace holdfast::actors

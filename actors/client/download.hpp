// A version's content on its way in: blocks are fetched some way ahead, checked, opened and handed out in order.
#pragma once

#include "actors/client/cluster_connection.hpp"
#include "protocols/object/content_reader.hpp"

namespace holdfast::actors {

class download {
 public:
  /// `every_fragment`: fetches all n fragments of each block and looks at each, not just the m it takes.
  static result<download> open(cluster_connection& cluster, const object::capability& of, const object::version_record& record,
                               bool every_fragment = false);

  std::uint64_t size() const { return content_.size; }
  bool done() const { return opened_inline_ ? inline_taken_ : reader_->done(); }

  /// The next plaintext in order; empty only for empty content. Not after `done`.
  result<bytes> next();

  /// Every block as it arrived, before it is opened. Set before the first `next`.
  std::function<void(const object::block_ref&, const archive::fetched_block&)> on_fetched =
      [](const object::block_ref&, const archive::fetched_block&) {};

 private:
  download(cluster_connection& cluster, object::content_root content, object::read_key key, bool every_fragment);

  outcome ask();
  outcome fetch(const object::block_ref& ref, bool anew);
  outcome receive();

  struct asked_block {
    object::block_ref ref;
    bool again = false;  ///< with a coding record asked for anew
  };

  cluster_connection* cluster_;
  object::content_root content_;
  object::read_key key_;
  bool every_fragment_;
  std::optional<bytes> opened_inline_;
  bool inline_taken_ = false;
  std::optional<object::content_reader> reader_;
  std::optional<block_fetches> fetches_;
  std::map<std::uint64_t, asked_block> asked_;
  std::uint64_t last_tag_ = 0;
};

}  // namespace holdfast::actors

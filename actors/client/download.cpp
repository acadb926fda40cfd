#include "actors/client/download.hpp"

namespace holdfast::actors {

namespace {

constexpr std::size_t window_bytes = 12u << 20;  ///< read ahead; each block's fragments take half as much again while they gather
constexpr std::size_t window_blocks_max = 48;

std::size_t window_blocks(const object::content_root& content) {
  auto* tree = std::get_if<object::tree_content>(&content.content);
  auto block_bytes = tree && tree->block_bytes > 0 ? tree->block_bytes : object::block_bytes_default;
  return std::clamp<std::size_t>(window_bytes / block_bytes, 4, window_blocks_max);
}

}  // namespace

download::download(cluster_connection& cluster, object::content_root content, object::read_key key)
    : cluster_(&cluster), content_(std::move(content)), key_(std::move(key)) {}

result<download> download::open(cluster_connection& cluster, const object::capability& of, const object::version_record& record) {
  if (!of.read) return fail(errc::denied, "this capability may not read the object");
  auto content = record.content.open(record.writer);
  if (!content) return fail(content.error());
  if (content->object != of.object) return fail(errc::damaged, "a version holds another object's content");
  download d(cluster, std::move(*content), *of.read);
  if (auto* kept = std::get_if<object::inline_content>(&d.content_.content)) {
    if (auto opened = d.open_inline(*kept); !opened) return fail(opened.error());
    return d;
  }
  auto reader = object::content_reader::open(d.content_, d.key_, window_blocks(d.content_));
  if (!reader) return fail(reader.error());
  d.reader_ = std::move(*reader);
  d.fetches_.emplace(cluster.desk());
  d.through_replicas_ = cluster.replicas() && d.content_.size <= replica_access::content_bytes_max &&
                        std::get<object::tree_content>(d.content_.content).block_bytes <= object::block_bytes_default;
  return d;
}

outcome download::open_inline(const object::inline_content& kept) {
  std::optional<replica_answer> cached;
  if (auto* replicas = cluster_->replicas()) {
    cached = replicas->ask(content_.object, replica::get_block{content_.object, kept.block, kept.length, std::nullopt});
  }
  auto block = cached ? result<bytes>(std::get<bytes>(std::move(cached->what))) : cluster_->inline_block(kept.block);
  if (!block) return fail(block.error());
  if (cached) inline_from_ = cached->by;
  auto plaintext = object::open_inline(content_, key_, *block);
  if (!plaintext) return fail(plaintext.error());
  opened_inline_ = std::move(*plaintext);
  return {};
}

result<bytes> download::next() {
  if (opened_inline_) {
    inline_taken_ = true;
    return std::move(*opened_inline_);
  }
  for (;;) {
    auto plaintext = reader_->take();
    if (auto ok = ask(); !ok) return fail(ok.error());
    if (!plaintext.empty() || reader_->done()) return plaintext;
    if (asked_.empty()) return fail(errc::damaged, "the content ends before its size");
    if (auto ok = receive(); !ok) return fail(ok.error());
  }
}

outcome download::ask() {
  for (const auto& ref : reader_->wants()) {
    auto tag = ++last_tag_;
    asked_.emplace(tag, asked_block{ref});
    if (through_replicas_ && ref.length <= replica::block_bytes_max) {
      replica::block_place place{ref.extent, ref.index};
      fetches_->ask(tag, *cluster_->replicas(), {content_.object, ref.block, ref.length, place});
    } else {
      auto want = archive_want(ref, false);
      if (!want) return fail(want.error());
      fetches_->ask(tag, std::move(*want));
    }
  }
  return {};
}

result<archive::block_want> download::archive_want(const object::block_ref& ref, bool anew) {
  auto coding = cluster_->coding(ref.extent, anew);
  if (!coding) return fail(coding.error());
  return archive::block_want{ref.extent, ref.index, ref.block, ref.length, coding->code, coding->slots, std::nullopt, false};
}

outcome download::receive() {
  auto block = fetches_->next();
  if (!block) return fail(block.error());
  auto asked = asked_.find(block->fetch);
  if (asked == asked_.end()) return {};  // word of what has arrived since
  auto& [ref, again] = asked->second;
  // Fragments may have moved since the coding record was learned: asked for anew once before it is given up.
  bool anew = !block->overdue && !block->ciphertext && !std::exchange(again, true);
  if (block->overdue || anew) {
    auto want = archive_want(ref, anew);
    if (!want) return fail(want.error());
    block->overdue ? fetches_->ask_too(block->fetch, std::move(*want)) : fetches_->ask(block->fetch, std::move(*want));
    return {};
  }
  on_fetched(*block);
  if (!block->ciphertext) return fail(block->ciphertext.error());
  auto taken = reader_->on_block(ref, *block->ciphertext);
  asked_.erase(asked);
  return taken;
}

}  // namespace holdfast::actors

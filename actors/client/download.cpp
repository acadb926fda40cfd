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

download::download(cluster_connection& cluster, object::content_root content, object::read_key key, bool every_fragment)
    : cluster_(&cluster), content_(std::move(content)), key_(std::move(key)), every_fragment_(every_fragment) {}

result<download> download::open(cluster_connection& cluster, const object::capability& of, const object::version_record& record,
                                bool every_fragment) {
  if (!of.read) return fail(errc::denied, "this capability may not read the object");
  auto content = record.content.open(record.writer);
  if (!content) return fail(content.error());
  if (content->object != of.object) return fail(errc::damaged, "a version holds another object's content");
  download d(cluster, std::move(*content), *of.read, every_fragment);
  if (auto* kept = std::get_if<object::inline_content>(&d.content_.content)) {
    auto block = cluster.inline_block(kept->block);
    if (!block) return fail(block.error());
    auto plaintext = object::open_inline(d.content_, d.key_, *block);
    if (!plaintext) return fail(plaintext.error());
    d.opened_inline_ = std::move(*plaintext);
    return d;
  }
  auto reader = object::content_reader::open(d.content_, d.key_, window_blocks(d.content_));
  if (!reader) return fail(reader.error());
  d.reader_ = std::move(*reader);
  d.fetches_.emplace(cluster.desk());
  return d;
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
    if (auto ok = fetch(ref, false); !ok) return ok;
  }
  return {};
}

outcome download::fetch(const object::block_ref& ref, bool anew) {
  auto coding = cluster_->coding(ref.extent, anew);
  if (!coding) return fail(coding.error());
  archive::block_want want{ref.extent, ref.index, ref.block, ref.length, coding->code, coding->slots, std::nullopt, every_fragment_};
  asked_.emplace(++last_tag_, asked_block{ref, anew});
  fetches_->ask(last_tag_, std::move(want));
  return {};
}

outcome download::receive() {
  auto block = fetches_->next();
  auto asked = asked_.extract(block.fetch);
  if (asked.empty()) return fail(errc::unavailable, "the archive servers did not answer");
  const auto& [ref, again] = asked.mapped();
  // Fragments may have moved since the coding record was learned: asked for anew once before it is given up.
  if (!block.ciphertext && !again) return fetch(ref, true);
  on_fetched(ref, block);
  if (!block.ciphertext) return fail(block.ciphertext.error());
  return reader_->on_block(ref, *block.ciphertext);
}

}  // namespace holdfast::actors

#include "actors/client/verification.hpp"

#include <algorithm>

#include "protocols/object/content_reader.hpp"

namespace holdfast::actors {

namespace {

constexpr std::size_t window_blocks = 12;      ///< under way; all n fragments of each
constexpr std::size_t findings_max = 100;

using archive::fragment_fate;

/// Walks a content tree without regard to order, and goes on past what cannot be read.
class verification {
 public:
  verification(cluster_connection& cluster, const object::content_root& content, const object::read_key& key, const transfer_watch& watch)
      : cluster_(cluster), content_(content), key_(key), watch_(watch), fetches_(cluster.desk()) {}

  result<verify_report> run(const object::tree_content& tree) {
    block_bytes_ = tree.block_bytes;
    watch_.begin(content_.size);
    waiting_.push_back({tree.root, {tree.depth, 0}});
    while (!waiting_.empty() || !asked_.empty()) {
      while (!waiting_.empty() && asked_.size() < window_blocks) {
        auto block = waiting_.back();  // depth first: what waits stays few
        waiting_.pop_back();
        if (auto ok = ask(block); !ok) return fail(ok.error());
      }
      auto fetched = fetches_.next();
      if (!fetched) return fail(fetched.error());
      auto asked = asked_.extract(fetched->fetch);
      if (!asked.empty()) examine(asked.mapped(), *fetched);
    }
    conclude();
    return std::move(report_);
  }

 private:
  struct tree_block {
    object::block_ref ref;
    object::block_position at;
  };

  outcome ask(const tree_block& block) {
    auto coding = cluster_.coding(block.ref.extent, !extents_.contains(block.ref.extent));
    if (!coding) return fail(coding.error());
    auto& extent = extents_[block.ref.extent];
    if (extent.good.empty()) extent = {block.ref.extent, coding->code, coding->slots, 0, 0, std::vector<std::uint64_t>(coding->code.n)};
    asked_.emplace(++last_tag_, block);
    fetches_.ask(last_tag_, {block.ref.extent, block.ref.index, block.ref.block, block.ref.length, coding->code, coding->slots, std::nullopt, true});
    return {};
  }

  void examine(const tree_block& block, const archive::fetched_block& fetched) {
    auto& extent = extents_[block.ref.extent];
    ++report_.blocks;
    ++extent.blocks;
    report_.fragments += fetched.code.n;
    for (std::size_t slot = 0; slot < fetched.fates.size(); ++slot) {
      bool good = fetched.fates[slot] == fragment_fate::used || fetched.fates[slot] == fragment_fate::intact;
      report_.good_fragments += good;
      extent.good[slot] += good;
      if (!good) troubles_[{block.ref.extent, slot}][fetched.fates[slot]]++;
    }
    if (fetched.root_mismatch) find("block " + block.ref.block.brief() + " was not coded as its fragments claim: evidence against who dispersed it");
    auto why = open(block, fetched);
    if (!why) return;
    ++extent.unreadable;
    find("block " + block.ref.block.brief() + " cannot be read: " + *why);
  }

  /// Opens the block; interior blocks add their children to what waits. What is wrong with it, if anything.
  std::optional<std::string> open(const tree_block& block, const archive::fetched_block& fetched) {
    if (!fetched.ciphertext) return fetched.ciphertext.error().message();
    auto plaintext = object::open_block(content_.object, key_, block.at, *fetched.ciphertext);
    if (!plaintext) return plaintext.error().message();
    if (block.at.level == 0) {
      seen_bytes_ += plaintext->size();
      watch_.done(seen_bytes_);
      if (block.at.index * block_bytes_ + plaintext->size() > content_.size) return "it is longer than its place allows";
      return std::nullopt;
    }
    auto node = codec::decode<object::tree_node>(*plaintext, "interior block");
    if (!node) return node.error().message();
    auto level = static_cast<std::uint8_t>(block.at.level - 1);
    for (auto i = node->children.size(); i > 0; --i) {
      waiting_.push_back({node->children[i - 1], {level, block.at.index * object::tree_fanout + i - 1}});
    }
    return std::nullopt;
  }

  void conclude() {
    std::uint64_t unreadable = 0;
    for (auto& [id, extent] : extents_) {
      unreadable += extent.unreadable;
      report_.extents.push_back(extent);
    }
    for (const auto& [where, fates] : troubles_) {
      const auto& slots = extents_[where.first].slots;
      const auto& server = slots[where.second];
      for (const auto& [fate, count] : fates) {
        find("extent " + where.first.brief() + ", fragment " + std::to_string(where.second) + " of " + std::to_string(count) + " blocks: " +
             std::string(to_string(fate)) + (server ? " on " + cluster_.trust().name_of(*server) : ""));
      }
    }
    if (unreadable == 0 && seen_bytes_ != content_.size) find("the blocks do not add up to the version's size");
    bool whole = unreadable == 0 && seen_bytes_ == content_.size;
    bool full = report_.good_fragments == report_.fragments;
    report_.state = !whole ? soundness::damaged : full ? soundness::full : soundness::degraded;
  }

  void find(std::string finding) {
    if (report_.findings.size() < findings_max) report_.findings.push_back(std::move(finding));
  }

  cluster_connection& cluster_;
  const object::content_root& content_;
  const object::read_key& key_;
  const transfer_watch& watch_;
  block_fetches fetches_;
  verify_report report_;
  std::uint64_t block_bytes_ = 0, seen_bytes_ = 0, last_tag_ = 0;
  std::vector<tree_block> waiting_;
  std::map<std::uint64_t, tree_block> asked_;
  std::map<extent_id, extent_report> extents_;
  std::map<std::pair<extent_id, std::size_t>, std::map<fragment_fate, std::uint64_t>> troubles_;
};

result<verify_report> verify_inline(cluster_connection& cluster, const object::content_root& content, const object::read_key& key) {
  verify_report report;
  report.blocks = report.fragments = 1;
  auto block = cluster.inline_block(std::get<object::inline_content>(content.content).block);
  auto plaintext = block ? object::open_inline(content, key, *block) : block;
  if (plaintext) {
    report.good_fragments = 1;
    return report;
  }
  if (plaintext.error().is(errc::unavailable)) return fail(plaintext.error());
  report.state = soundness::damaged;
  report.findings.push_back(plaintext.error().message());
  return report;
}

}  // namespace

result<verify_report> verify_version(cluster_connection& cluster, const object::capability& of, const object::version_record& record,
                                     const transfer_watch& watch) {
  if (!of.read) return fail(errc::denied, "this capability may not read the object");
  auto content = object_access::content_of(record);
  if (!content) return fail(content.error());
  if (content->object != of.object) return fail(errc::damaged, "a version holds another object's content");
  if (of.read->epoch != content->key_epoch) return fail(errc::denied, "the version was sealed under a key that this capability does not hold");
  auto* tree = std::get_if<object::tree_content>(&content->content);
  auto report = tree ? verification(cluster, *content, *of.read, watch).run(*tree) : verify_inline(cluster, *content, *of.read);
  if (report) report->version = info_of(record, *content);
  return report;
}

}  // namespace holdfast::actors

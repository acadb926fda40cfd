#include <algorithm>
#include <map>

#include "tests/history/history_checker.hpp"

namespace holdfast::history {

namespace {

using operation_list = std::vector<const operation*>;

bool is_put(const operation& op) { return op.kind == operation_kind::put; }
bool is_done(const operation& op) { return op.outcome == operation_outcome::ok; }
bool may_happen(const operation& op) { return is_done(op) || op.outcome == operation_outcome::unknown; }

/// One object's history, swept in the order of time.
class object_check {
 public:
  object_check(const operation_list& operations, const expectations& expected, violations& found)
      : by_call_(operations), by_end_(operations), expected_(expected), found_(found) {
    std::sort(by_call_.begin(), by_call_.end(), [](auto a, auto b) { return a->call_us < b->call_us; });
    std::sort(by_end_.begin(), by_end_.end(), [](auto a, auto b) { return a->end_us() < b->end_us(); });
  }

  void run() {
    for (auto op : by_call_) {
      if (is_put(*op)) check_put(*op);
    }
    sweep_real_time();
    sweep_contents();
  }

 private:
  void violation(const std::string& sentence, const operation& op) { found_.push_back(sentence + ": " + to_line(op)); }
  void violation(const std::string& sentence, const operation& a, const operation& b) {
    found_.push_back(sentence + ": " + to_line(a) + " and " + to_line(b));
  }

  void check_put(const operation& put) {
    if (put.outcome == operation_outcome::unknown) unknown_puts_.emplace(put.hash, &put);
    if (!is_done(put)) return;
    if (put.version == 0) return violation("an acknowledged put has no version", put);
    auto [at, first] = writers_.emplace(put.version, &put);
    if (!first) violation("two acknowledged puts share a version", *at->second, put);
    if (put.if_version && put.version != *put.if_version + 1) violation("a conditional put made a version that is not the next", put);
  }

  /// By call: each operation against the newest version that was acknowledged or seen before it began.
  void sweep_real_time() {
    const operation *newest_put = nullptr, *newest_seen = nullptr;
    auto ended = by_end_.begin();
    for (auto op : by_call_) {
      for (; ended != by_end_.end() && (*ended)->end_us() < op->call_us; ++ended) {
        if (!is_done(**ended)) continue;
        if (is_put(**ended) && (!newest_put || (*ended)->version > newest_put->version)) newest_put = *ended;
        if (!newest_seen || (*ended)->version > newest_seen->version) newest_seen = *ended;
      }
      check_real_time(*op, newest_put, newest_seen);
    }
  }

  void check_real_time(const operation& op, const operation* newest_put, const operation* newest_seen) {
    if (is_put(op)) {
      if (is_done(op) && newest_seen && op.version <= newest_seen->version) {
        violation("a put made a version that is not newer than one acknowledged or seen before it began", *newest_seen, op);
      }
      return;
    }
    if (expected_.gets_never_fail && !is_done(op) && op.outcome != operation_outcome::not_found) violation("a get failed", op);
    auto floor = expected_.reads_monotone ? newest_seen : newest_put;
    if (floor && (op.outcome == operation_outcome::not_found || (is_done(op) && op.version < floor->version))) {
      violation("a get saw less than what was acknowledged or seen before it began", *floor, op);
    }
  }

  /// By end of the gets: what they saw against what had been written by then.
  void sweep_contents() {
    std::uint64_t begun = 0;
    auto put = by_call_.begin();
    for (auto op : by_end_) {
      if (!is_done(*op)) continue;
      for (; put != by_call_.end() && (*put)->call_us <= op->end_us(); ++put) begun += is_put(**put) && may_happen(**put);
      if (op->version > begun) violation("there are more versions than puts that had begun: one was executed twice", *op);
      if (!is_put(*op)) check_content(*op);
    }
  }

  void check_content(const operation& get) {
    auto [seen, first] = readers_.emplace(get.version, &get);
    if (!first && seen->second->hash != get.hash) return violation("two gets saw different content of one version", *seen->second, get);
    if (auto writer = writers_.find(get.version); writer != writers_.end()) {
      if (writer->second->hash != get.hash) return violation("a get saw content that was not written as that version", *writer->second, get);
      if (writer->second->call_us > get.return_us) violation("a get saw a version before its put began", *writer->second, get);
      return;
    }
    auto writer = unknown_puts_.find(get.hash);
    if (writer == unknown_puts_.end() || writer->second->call_us > get.return_us) violation("a get saw content that nobody wrote", get);
  }

  operation_list by_call_, by_end_;
  const expectations& expected_;
  violations& found_;
  std::map<std::uint64_t, const operation*> writers_, readers_;
  std::map<std::string, const operation*> unknown_puts_;  ///< by content; the first called
};

}  // namespace

violations check_version_order(const std::vector<operation>& operations, const expectations& expected) {
  std::map<std::string, operation_list> objects;
  for (const auto& op : operations) objects[op.object].push_back(&op);
  violations found;
  for (const auto& [name, list] : objects) object_check(list, expected, found).run();
  return found;
}

}  // namespace holdfast::history

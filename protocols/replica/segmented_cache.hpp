// A bounded cache that a scan cannot flush: segmented LRU (Karedla, Love and Wherry 1994).
//
// What comes in is on probation; what is asked for again is protected. Room is made at the end of the probation first, so things
// read once push out only each other. The protected part is bounded too, and what falls out of it gets another round on probation.
// Costs are the caller's, in bytes; their sum never exceeds the budget.
#pragma once

#include <cassert>
#include <cstdint>
#include <list>
#include <map>
#include <vector>

namespace holdfast::replica {

template <class Key, class Value>
class segmented_cache {
 public:
  struct item {
    Key key;
    Value value;
    std::uint64_t cost = 0;
  };

  explicit segmented_cache(std::uint64_t budget_bytes) : budget_(budget_bytes) {}

  /// What is held under the key; null if nothing is. Has no effect on how long it stays.
  const Value* peek(const Key& key) const {
    auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second.at->value;
  }

  /// As `peek`, and it was asked for: it is protected from now on.
  const Value* touch(const Key& key) {
    auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    auto& [at, is_protected] = found->second;
    protected_bytes_ += is_protected ? 0 : at->cost;
    protected_.splice(protected_.begin(), is_protected ? protected_ : probation_, at);
    is_protected = true;
    demote();
    return &at->value;
  }

  /// Takes it in, in the stead of what the key held; answers what had to go for it. `cost` is at most the budget.
  std::vector<item> insert(const Key& key, Value value, std::uint64_t cost) {
    assert(cost <= budget_);
    auto before = index_.find(key);
    const bool again = before != index_.end() && before->second.is_protected;
    if (before != index_.end()) remove(before);
    auto gone = make_room(cost);
    auto& segment = again ? protected_ : probation_;
    segment.push_front({key, std::move(value), cost});
    index_.emplace(key, place{segment.begin(), again});
    bytes_ += cost;
    protected_bytes_ += again ? cost : 0;
    demote();
    return gone;
  }

  /// Lets go of what must go for `bytes` more to fit; answers what went.
  std::vector<item> make_room(std::uint64_t bytes) {
    std::vector<item> gone;
    while (!index_.empty() && bytes_ + bytes > budget_) {
      auto& segment = probation_.empty() ? protected_ : probation_;
      gone.push_back(remove(index_.find(segment.back().key)));
    }
    return gone;
  }

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t budget() const { return budget_; }
  std::size_t size() const { return index_.size(); }

 private:
  using segment_list = std::list<item>;
  struct place {
    typename segment_list::iterator at;
    bool is_protected = false;
  };
  using index_map = std::map<Key, place>;

  item remove(typename index_map::iterator found) {
    auto [at, is_protected] = found->second;
    bytes_ -= at->cost;
    protected_bytes_ -= is_protected ? at->cost : 0;
    auto taken = std::move(*at);
    (is_protected ? protected_ : probation_).erase(at);
    index_.erase(found);
    return taken;
  }

  /// Four fifths may be protected: the rest lets newcomers stay long enough to be asked for again.
  void demote() {
    while (protected_bytes_ > budget_ / 5 * 4) {
      auto last = std::prev(protected_.end());
      index_.at(last->key).is_protected = false;
      protected_bytes_ -= last->cost;
      probation_.splice(probation_.begin(), protected_, last);
    }
  }

  const std::uint64_t budget_;
  std::uint64_t bytes_ = 0, protected_bytes_ = 0;
  segment_list probation_, protected_;  ///< the newest first
  index_map index_;
};

}  // namespace holdfast::replica

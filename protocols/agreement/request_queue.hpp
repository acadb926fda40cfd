// Requests that wait to be committed, in the order of their arrival, known by digest so that none waits twice.
//
// Bounded: when full, the old are kept and new ones refused, so that a flood cannot push out what waits. A seat's forwarded
// requests take at most its share of half the places. A request leaves when a batch that holds it is delivered.
#pragma once

#include "protocols/agreement/agreement_limits.hpp"
#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

class request_queue {
 public:
  request_queue(const limits& bounds, std::size_t seats) : bounds_(bounds), seats_(seats) {}

  enum class added : std::uint8_t { queued, known, full };
  added add(const digest& name, bytes body, instant now, seat_index origin, seat_index own);

  bool contains(const digest& name) const { return places_.contains(name); }
  std::size_t size() const { return waiting_.size(); }
  bool empty() const { return waiting_.empty(); }

  bool has_unproposed() const { return unproposed_ > 0; }
  /// True if what is not proposed fills a batch.
  bool fills_batch() const { return unproposed_ >= bounds_.batch_requests_max || unproposed_bytes_ >= bounds_.batch_bytes_max; }

  /// The oldest requests not yet proposed, as many as a batch holds; they count as proposed from now on.
  struct taken {
    std::vector<bytes> bodies;
    std::vector<digest> names;
  };
  taken take_batch();

  void mark_proposed(const digest& name);
  /// After a view change whatever was proposed may be gone: all count as not proposed.
  void forget_proposed();
  void remove(const digest& name, instant now);

  /// The first `count` requests that nobody is known to have proposed.
  std::vector<const bytes*> unproposed(std::size_t count) const;

  /// Up to `count` requests that arrived here from a client before `before` and, unless `again`, were not handed out by this function yet.
  std::vector<const bytes*> to_appeal(instant before, std::size_t count, bool again);

  /// All waits count from now on (a view was entered).
  void restart(instant now);

  /// When patience ends: the oldest has been oldest for `patience`, or waits for `age_max` in this view.
  std::optional<instant> deadline(duration patience, duration age_max) const;
  std::optional<instant> oldest_since() const;

 private:
  struct entry {
    digest name;
    bytes body;
    instant since;
    seat_index origin = 0;
    bool proposed = false;
    bool appealed = false;  ///< other seats have it: sent to them, or had from one of them
  };
  void set_proposed(entry& e, bool value);

  limits bounds_;
  std::size_t seats_;
  std::map<std::uint64_t, entry> waiting_;  ///< by arrival
  std::map<digest, std::uint64_t> places_;
  std::map<seat_index, std::size_t> by_origin_;
  std::uint64_t next_ = 0, cursor_ = 0;     ///< nothing before the cursor is unproposed
  std::size_t bytes_ = 0, unproposed_ = 0, unproposed_bytes_ = 0;
  instant head_since_;
};

}  // namespace holdfast::agreement

// Fetching committed batches from others: one donor sends bodies, b more send digests, donors rotate when an answer fails.
//
// A batch is believed when weak_quorum (b + 1) seats name the same digest as committed at its sequence and a body hashes to it.
// Bounded: votes and bodies are kept for the asked range alone, one a seat and sequence.
#pragma once

#include "protocols/agreement/agreement_limits.hpp"
#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

class catch_up {
 public:
  struct ask {
    seat_index donor;
    fetch_batches what;
  };

  bool active() const { return last_ != 0; }

  /// Asks for [first, last]; a new range forgets the old one's answers, the same range asks other donors.
  std::vector<ask> start(std::uint64_t first, std::uint64_t last, const std::vector<seat_index>& holders, std::size_t weak_quorum);

  /// Takes in an answer of a seat; what was not asked is ignored.
  void add(seat_index from, batches answer);

  /// The digest that weak_quorum seats agree on at this sequence, if they do.
  std::optional<digest> agreed(std::uint64_t sequence, std::size_t weak_quorum) const;
  batch_ptr body(std::uint64_t sequence, const digest& d) const;

  /// Forgets what is committed now, through `sequence`; true if no body beyond it is here: time to ask for more.
  bool spent_at(std::uint64_t sequence);
  void stop() { *this = catch_up(rotation_); }

  catch_up() = default;

 private:
  explicit catch_up(std::size_t rotation) : rotation_(rotation) {}

  std::uint64_t first_ = 0, last_ = 0;
  std::size_t rotation_ = 0;
  std::map<std::uint64_t, std::map<seat_index, digest>> votes_;
  std::map<std::uint64_t, std::map<seat_index, std::pair<digest, batch_ptr>>> bodies_;
};

}  // namespace holdfast::agreement

// Checkpoint votes above the stable one, until a quorum of seats says the same.
//
// Bounded: one vote a seat and sequence, for multiples of the interval within two windows of the stable checkpoint.
#pragma once

#include "protocols/agreement/certificates.hpp"

namespace holdfast::agreement {

class checkpoint_table {
 public:
  struct vote {
    digest state;
    crypto::signature sig;
  };

  /// True if votes for this sequence are taken.
  bool takes(std::uint64_t sequence, std::uint64_t stable, const limits& bounds) const {
    return sequence > stable && sequence <= stable + 2 * bounds.window && sequence % bounds.checkpoint_interval == 0;
  }
  bool has(std::uint64_t sequence, seat_index seat) const;

  /// A checked vote; a seat's first one counts. A certificate once quorum votes agree.
  std::optional<checkpoint_certificate> add(std::uint64_t sequence, seat_index seat, vote v, std::size_t quorum);

  void drop_through(std::uint64_t sequence) { votes_.erase(votes_.begin(), votes_.upper_bound(sequence)); }

 private:
  std::map<std::uint64_t, std::map<seat_index, vote>> votes_;
};

}  // namespace holdfast::agreement

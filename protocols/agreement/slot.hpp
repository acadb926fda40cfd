// One sequence number's votes: what was accepted, who prepared and committed it in the current view, and what outlives views.
#pragma once

#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

struct known_body {
  batch_ptr content;            ///< absent when dropped from memory: the log has it
  std::vector<digest> requests;
  bool logged = false;
};

class slot {
 public:
  // The current view's.
  std::optional<ballot> accepted;
  crypto::signature proposal;
  bool accepted_durable = false;
  bool prepared = false;
  bool commit_sent = false;
  std::map<seat_index, std::pair<digest, crypto::signature>> prepares;  ///< a seat's first prepare in this view, checked
  std::map<seat_index, digest> commits;                                 ///< a seat's first commit in this view

  // Beyond views.
  std::optional<prepared_certificate> certificate;  ///< the highest view's
  std::map<digest, known_body> bodies;
  std::optional<digest> committed;

  void add_prepare(seat_index seat, const digest& d, const crypto::signature& sig);
  void add_commit(seat_index seat, const digest& d) { commits.try_emplace(seat, d); }

  /// True once the accepted ballot has the primary's proposal and quorum - 1 others' prepares.
  bool has_prepare_quorum(std::size_t quorum) const;
  bool has_commit_quorum(std::size_t quorum) const;

  /// From the lowest seats' prepares that match; only with a prepare quorum.
  prepared_certificate make_certificate(std::size_t quorum) const;

  /// Forgets the view's votes, keeps what outlives it.
  void leave_view();

  const known_body* body_of(const digest& d) const;

 private:
  std::size_t repeated_prepares_ = 0;  ///< counted by a planted bug alone
};

}  // namespace holdfast::agreement

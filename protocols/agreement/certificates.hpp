// Signing and checking for one seat of one ring: votes, certificates, view changes and new views.
//
// Signatures that held are remembered, since certificates are made of votes that were checked one by one before, and a new
// view repeats what the view changes said.
#pragma once

#include "protocols/agreement/agreement_limits.hpp"
#include "protocols/agreement/agreement_types.hpp"

namespace holdfast::agreement {

enum class phase : std::uint8_t { pre_prepare, prepare };

class certifier {
 public:
  certifier(cluster_id cluster, identity::ring_description ring, seat_index seat, crypto::signing_key key, const limits& bounds);

  const identity::ring_description& ring() const { return ring_; }
  seat_index primary_of(std::uint64_t view) const { return static_cast<seat_index>(view % ring_.size()); }

  crypto::signature sign(phase p, const ballot& what) const;
  crypto::signature sign_checkpoint(std::uint64_t sequence, const digest& state) const;
  signed_view_change sign_view_change(std::uint64_t view, checkpoint_certificate stable, std::vector<prepared_certificate> prepared) const;
  signed_new_view sign_new_view(std::uint64_t view, std::vector<signed_view_change> reasons, std::vector<crypto::signature> proposals) const;

  bool holds(phase p, const ballot& what, seat_index seat, const crypto::signature& s);
  bool holds_checkpoint(std::uint64_t sequence, const digest& state, seat_index seat, const crypto::signature& s);

  outcome check(const prepared_certificate& c);
  outcome check(const checkpoint_certificate& c);

  /// The statement, if its seat signed it and everything in it holds.
  result<view_change_statement> open(const signed_view_change& s);

  /// The statement, if its view's primary signed it and each reason holds, for that view, from quorum different seats.
  /// Whether the proposals follow from the reasons is `plan_new_view`'s business.
  struct opened_new_view {
    new_view_statement statement;
    std::vector<view_change_statement> reasons;
  };
  result<opened_new_view> open(const signed_new_view& s);

 private:
  static constexpr std::size_t remembered_max = 1u << 14;

  bool verified(std::string_view tag, bytes_view body, seat_index seat, const crypto::signature& s);
  bool ours(const cluster_id& cluster, const ring_id& ring, std::uint64_t epoch) const;

  cluster_id cluster_;
  identity::ring_description ring_;
  seat_index seat_;
  crypto::signing_key key_;
  std::uint64_t window_, interval_;
  std::set<digest> remembered_;
};

/// What a new view proposes again: above the highest stable checkpoint among the reasons, each sequence up to the highest
/// prepared one; of several certificates the highest view's, without one the null batch.
struct new_view_plan {
  struct proposal {
    ballot what;
    std::vector<seat_index> preparers;  ///< seats that have the body on disk; empty for the null batch
  };
  checkpoint_certificate stable;
  std::vector<proposal> proposals;
};
new_view_plan plan_new_view(std::uint64_t view, std::size_t ring_size, const std::vector<view_change_statement>& reasons);

}  // namespace holdfast::agreement

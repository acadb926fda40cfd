#include "protocols/agreement/certificates.hpp"

namespace holdfast::agreement {

namespace {

constexpr std::string_view pre_prepare_tag = "holdfast/pre-prepare/v1";
constexpr std::string_view prepare_tag = "holdfast/prepare/v1";
constexpr std::string_view checkpoint_tag = "holdfast/checkpoint/v1";

std::string_view tag_of(phase p) { return p == phase::pre_prepare ? pre_prepare_tag : prepare_tag; }

struct ballot_statement {
  cluster_id cluster;
  ring_id ring;
  std::uint64_t epoch = 0;
  ballot what;
};
template <class F>
bool inspect(F& f, ballot_statement& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "epoch", x.epoch, "what", x.what);
}

struct checkpoint_statement {
  cluster_id cluster;
  ring_id ring;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  digest state;
};
template <class F>
bool inspect(F& f, checkpoint_statement& x) {
  return f.fields("cluster", x.cluster, "ring", x.ring, "epoch", x.epoch, "sequence", x.sequence, "state", x.state);
}

bool ascending(const std::vector<seat_signature>& votes, std::size_t seats) {
  for (std::size_t i = 0; i < votes.size(); ++i) {
    if (votes[i].seat >= seats || (i > 0 && votes[i].seat <= votes[i - 1].seat)) return false;
  }
  return true;
}

}  // namespace

certifier::certifier(cluster_id cluster, identity::ring_description ring, seat_index seat, crypto::signing_key key, const limits& bounds)
    : cluster_(cluster), ring_(std::move(ring)), seat_(seat), key_(std::move(key)), window_(bounds.window), interval_(bounds.checkpoint_interval) {}

crypto::signature certifier::sign(phase p, const ballot& what) const {
  return key_.sign(tag_of(p), codec::encode(ballot_statement{cluster_, ring_.id, ring_.epoch, what}));
}

crypto::signature certifier::sign_checkpoint(std::uint64_t sequence, const digest& state) const {
  return key_.sign(checkpoint_tag, codec::encode(checkpoint_statement{cluster_, ring_.id, ring_.epoch, sequence, state}));
}

signed_view_change certifier::sign_view_change(std::uint64_t view, checkpoint_certificate stable,
                                               std::vector<prepared_certificate> prepared) const {
  return signed_view_change::make({cluster_, ring_.id, ring_.epoch, seat_, view, std::move(stable), std::move(prepared)}, key_);
}

signed_new_view certifier::sign_new_view(std::uint64_t view, std::vector<signed_view_change> reasons,
                                         std::vector<crypto::signature> proposals) const {
  return signed_new_view::make({cluster_, ring_.id, ring_.epoch, view, std::move(reasons), std::move(proposals)}, key_);
}

bool certifier::verified(std::string_view tag, bytes_view body, seat_index seat, const crypto::signature& s) {
  if (seat >= ring_.size()) return false;
  auto key = codec::encode(seat);
  append(key, s.raw);
  append(key, as_bytes_view(tag));
  auto name = crypto::hash("holdfast/verified/v1", {key, body});
  if (remembered_.contains(name)) return true;
  if (!crypto::verify(ring_.seats[seat].key, tag, body, s)) return false;
  if (remembered_.size() >= remembered_max) remembered_.clear();
  remembered_.insert(name);
  return true;
}

bool certifier::holds(phase p, const ballot& what, seat_index seat, const crypto::signature& s) {
  return verified(tag_of(p), codec::encode(ballot_statement{cluster_, ring_.id, ring_.epoch, what}), seat, s);
}

bool certifier::holds_checkpoint(std::uint64_t sequence, const digest& state, seat_index seat, const crypto::signature& s) {
  return verified(checkpoint_tag, codec::encode(checkpoint_statement{cluster_, ring_.id, ring_.epoch, sequence, state}), seat, s);
}

outcome certifier::check(const prepared_certificate& c) {
  auto primary = primary_of(c.what.view);
  if (c.prepares.size() + 1 != ring_.quorum() || !ascending(c.prepares, ring_.size())) {
    return fail(errc::malformed, "a prepared certificate does not have a quorum of different seats");
  }
  if (!holds(phase::pre_prepare, c.what, primary, c.proposal)) {
    return fail(errc::bad_signature, "a prepared certificate's proposal is not its primary's");
  }
  for (const auto& p : c.prepares) {
    if (p.seat == primary) return fail(errc::malformed, "a prepared certificate counts its primary twice");
    if (!holds(phase::prepare, c.what, p.seat, p.sig)) return fail(errc::bad_signature, "a prepare in a prepared certificate is forged");
  }
  return {};
}

outcome certifier::check(const checkpoint_certificate& c) {
  if (c.sequence == 0) {
    if (c.votes.empty() && c.state.is_zero()) return {};
    return fail(errc::malformed, "the first checkpoint carries votes");
  }
  if (c.sequence % interval_ != 0 || c.votes.size() != ring_.quorum() || !ascending(c.votes, ring_.size())) {
    return fail(errc::malformed, "a checkpoint certificate does not have a quorum of different seats");
  }
  for (const auto& v : c.votes) {
    if (!holds_checkpoint(c.sequence, c.state, v.seat, v.sig)) return fail(errc::bad_signature, "a vote in a checkpoint certificate is forged");
  }
  return {};
}

bool certifier::ours(const cluster_id& cluster, const ring_id& ring, std::uint64_t epoch) const {
  return cluster == cluster_ && ring == ring_.id && epoch == ring_.epoch;
}

result<view_change_statement> certifier::open(const signed_view_change& s) {
  auto statement = s.peek();
  if (!statement) return statement;
  if (!ours(statement->cluster, statement->ring, statement->epoch)) return fail(errc::stale, "a view change of another ring or epoch");
  if (!verified(view_change_statement::type_tag, s.body, statement->seat, s.sig)) {
    return fail(errc::bad_signature, "a view change is not signed by its seat");
  }
  if (auto ok = check(statement->stable); !ok) return fail(ok.error());
  auto last = statement->stable.sequence;
  for (const auto& c : statement->prepared) {
    if (c.what.sequence <= last || c.what.sequence > statement->stable.sequence + window_ || c.what.view >= statement->view) {
      return fail(errc::malformed, "a view change's certificates are out of range or order");
    }
    last = c.what.sequence;
    if (auto ok = check(c); !ok) return fail(ok.error());
  }
  return statement;
}

result<certifier::opened_new_view> certifier::open(const signed_new_view& s) {
  auto statement = s.peek();
  if (!statement) return fail(statement.error());
  if (!ours(statement->cluster, statement->ring, statement->epoch)) return fail(errc::stale, "a new view of another ring or epoch");
  if (!verified(new_view_statement::type_tag, s.body, primary_of(statement->view), s.sig)) {
    return fail(errc::bad_signature, "a new view is not signed by its primary");
  }
  if (statement->reasons.size() != ring_.quorum()) return fail(errc::malformed, "a new view does not have a quorum of reasons");
  opened_new_view opened;
  for (const auto& reason : statement->reasons) {
    auto change = open(reason);
    if (!change) return fail(change.error());
    if (change->view != statement->view) return fail(errc::malformed, "a new view's reason is for another view");
    if (!opened.reasons.empty() && change->seat <= opened.reasons.back().seat) {
      return fail(errc::malformed, "a new view's reasons are not of different seats in order");
    }
    opened.reasons.push_back(std::move(*change));
  }
  opened.statement = std::move(*statement);
  return opened;
}

new_view_plan plan_new_view(std::uint64_t view, std::size_t ring_size, const std::vector<view_change_statement>& reasons) {
  new_view_plan plan;
  for (const auto& r : reasons) {
    if (r.stable.sequence > plan.stable.sequence) plan.stable = r.stable;
  }
  std::map<std::uint64_t, const prepared_certificate*> best;
  for (const auto& r : reasons) {
    for (const auto& c : r.prepared) {
      if (c.what.sequence <= plan.stable.sequence) continue;
      auto& chosen = best[c.what.sequence];
      if (!chosen || c.what.view > chosen->what.view) chosen = &c;
    }
  }
  if (best.empty()) return plan;
  for (auto sequence = plan.stable.sequence + 1; sequence <= best.rbegin()->first; ++sequence) {
    new_view_plan::proposal p{{view, sequence, null_digest()}, {}};
    if (auto found = best.find(sequence); found != best.end()) {
      const auto& c = *found->second;
      p.what.batch = c.what.batch;
      p.preparers.push_back(static_cast<seat_index>(c.what.view % ring_size));
      for (const auto& vote : c.prepares) p.preparers.push_back(vote.seat);
    }
    plan.proposals.push_back(std::move(p));
  }
  return plan;
}

}  // namespace holdfast::agreement

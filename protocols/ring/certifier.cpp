#include "protocols/ring/certifier.hpp"

namespace holdfast::ring {

certifier::certifier(cluster_id cluster, identity::ring_description ring, std::uint32_t seat, crypto::signing_key key)
    : cluster_(cluster), ring_(std::move(ring)), seat_(seat), key_(std::move(key)) {}

root_share certifier::on_executed(const state_root& reached) {
  root_share share;
  share.root = codec::encode(reached);
  share.sig = key_.sign(state_root::type_tag, share.root);
  executed_ = reached.sequence;
  own_newest_ = share;
  auto& candidate = pending_[reached.sequence];
  candidate.own = share.root;
  candidate.shares[seat_] = {share.root, share.sig};
  while (pending_.size() > pending_max) {
    // Others' shares of sequences to come make way first: a liar can make any number of them.
    auto last = std::prev(pending_.end());
    pending_.erase(last->first > executed_ ? last : pending_.begin());
  }
  return share;
}

bool certifier::on_share(std::uint32_t from, const root_share& share) {
  if (from >= ring_.size() || from == seat_) return false;
  auto root = codec::decode<state_root>(share.root, "state root");
  if (!root || root->cluster != cluster_ || root->ring != ring_.id || root->epoch != ring_.epoch) return false;
  if (root->sequence <= certified_ || root->sequence > executed_ + pending_max) return true;  // late, or beyond what is kept
  auto known = pending_.find(root->sequence);
  if (known != pending_.end() && known->second.shares.contains(from)) return true;
  if (!crypto::verify(ring_.seats[from].key, state_root::type_tag, share.root, share.sig)) return false;
  pending_[root->sequence].shares[from] = {share.root, share.sig};
  return true;
}

bool certifier::asked_again(std::uint32_t from, const root_share& share) {
  if (!newest_ || from >= ring_.size() || from == seat_) return false;
  auto root = codec::decode<state_root>(share.root, "state root");
  if (!root || root->sequence > certified_) return false;
  return std::exchange(late_[from], root->sequence) == root->sequence;
}

outcome certifier::on_certificate(const certified_root& root) {
  auto opened = codec::decode<state_root>(root.body, "state root");
  if (!opened) return fail(opened.error());
  if (opened->sequence <= certified_ || opened->sequence > executed_ + pending_max) return {};
  if (auto verified = verify(root, cluster_, ring_); !verified) return fail(verified.error());
  auto& candidate = pending_[opened->sequence];
  candidate.certificate = root;
  return {};
}

void certifier::adopt(std::uint64_t sequence, certified_root root) {
  newest_ = std::move(root);
  certified_ = sequence;
  pending_.erase(pending_.begin(), pending_.upper_bound(sequence));
}

bool certifier::advance() {
  for (auto at = pending_.rbegin(); at != pending_.rend(); ++at) {
    auto& [sequence, candidate] = *at;
    if (!candidate.own) continue;
    if (candidate.certificate) {
      if (candidate.certificate->body != *candidate.own) {
        diverged_ = true;
        return false;
      }
      adopt(sequence, std::move(*candidate.certificate));
      return true;
    }
    certified_root made{*candidate.own, {}};
    for (const auto& [seat, signed_root] : candidate.shares) {
      if (signed_root.first == *candidate.own && made.signatures.size() < ring_.certificate_size()) {
        made.signatures.push_back({seat, signed_root.second});
      }
    }
    if (made.signatures.size() < ring_.certificate_size()) continue;
    adopt(sequence, std::move(made));
    return true;
  }
  return false;
}

}  // namespace holdfast::ring

#include "actors/membership/own_admission.hpp"

#include "actors/base/clock.hpp"

namespace holdfast::actors {

namespace {

constexpr std::uint64_t rounds_between_looks = 240;  ///< a minute: whether it is due to be renewed

}  // namespace

void own_admission::show() {
  auto self = context_.config.self;
  self.member = context_.identity().node;
  self.admission = codec::encode(context_.identity().admission);
  self.directory_version = context_.trust().directory_version();
  caf::anon_send(context_.config.link.manager, identify_atom::value, std::move(self));
}

void own_admission::go_on() {
  ++rounds_;
  if (asked_) return;
  auto* proven = std::get_if<ring::ring_admission>(&context_.identity().admission);
  if (!proven) return ask_for_proof();
  if (rounds_ % rounds_between_looks != 0) return;
  auto admission = codec::decode<identity::admission>(*proven->entry.value, "admission");
  if (!admission) return;
  auto due = admission->issued + (admission->expires - admission->issued) * 2 / 3;
  if (wall_now() >= due) renew(*admission);
}

void own_admission::ask_for_proof() {
  asked_ = true;
  auto node = context_.identity().node;
  context_.ask_root(ring_reading{ring::admission_place(node), ring::ring_client::freshness::certified},
                    [this, node](result<ring::entry_reply> found) {
                      asked_ = false;
                      if (found && found->entry.value) wear({node, std::move(found->entry)});
                    });
}

void own_admission::renew(const identity::admission& current) {
  asked_ = true;
  ring::renew renewal{crypto::signed_statement<ring::renewal>::make({current.cluster, current.id, current.expires}, context_.identity_key())};
  context_.ask_root(ring_submission{codec::encode(ring::root_operation(renewal)), ring::admission_place(current.id)},
                    [this, node = current.id](result<ring::entry_reply> done) {
                      asked_ = false;
                      if (done) wear({node, std::move(done->entry)});
                    });
}

void own_admission::wear(ring::ring_admission admission) {
  context_.change_identity([&](node_identity& i) { i.admission = admission; });
  show();
}

}  // namespace holdfast::actors

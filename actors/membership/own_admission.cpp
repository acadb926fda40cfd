#include "actors/membership/own_admission.hpp"

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;

constexpr std::uint64_t rounds_between_looks = 240;             ///< a minute: whether it is due to be renewed
constexpr duration member_patience = std::chrono::seconds(40);  ///< the member asks the root ring for as long as that takes
constexpr duration pause_between_tries = std::chrono::seconds(5);

std::optional<identity::admission> said_by(const ring::admission_proof& proof) {
  auto said = ring::peek_admission(proof);
  return said ? std::optional(std::move(*said)) : std::nullopt;
}

}  // namespace

own_admission::own_admission(membership_context& context) : context_(context), current_(said_by(context.identity().admission)) {}

void own_admission::show() {
  shown_expired_ = is_past_its_term();
  auto self = context_.config.self;
  self.member = context_.identity().node;
  self.admission = codec::encode(context_.identity().admission);
  self.directory_version = context_.trust().directory_version();
  self.expired = shown_expired_;
  caf::anon_send(context_.config.link.manager, identify_atom::value, std::move(self));
}

void own_admission::wear(ring::ring_admission admission) {
  context_.change_identity([&](node_identity& i) { i.admission = admission; });
  current_ = said_by(context_.identity().admission);
  show();
}

ring::root_operation own_admission::renewal() const {
  return ring::renew{crypto::signed_statement<ring::renewal>::make({current_->cluster, current_->id, current_->expires}, context_.identity_key())};
}

// -- in time, by the root ring itself -------------------------------------------------------------------------------

void own_admission::go_on() {
  ++rounds_;
  if (asked_) return;
  if (std::holds_alternative<ring::provisional_admission>(context_.identity().admission)) return ask_for_proof();
  if (rounds_ % rounds_between_looks != 0 || !current_) return;
  auto due = current_->issued + (current_->expires - current_->issued) * 2 / 3;
  if (wall_now() >= due) renew();
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

void own_admission::renew() {
  asked_ = true;
  context_.ask_root(ring::submission_of(renewal()), [this, node = current_->id](result<ring::entry_reply> done) {
    asked_ = false;
    if (done) wear({node, std::move(done->entry)});
  });
}

// -- taken back -----------------------------------------------------------------------------------------------------

/// That a peer was revoked itself is why this node ends its links, and no word on this node's admission.
void own_admission::refused_by(const node_id& peer, link::refusal_reason reason) {
  auto configuration = context_.trust().configuration();
  auto directory = context_.trust().directory();
  bool itself = directory && directory->revoked.contains(peer);
  if (reason == link::refusal_reason::revoked && !itself && configuration && configuration->root.seat_of(peer)) revoked_by_.insert(peer);
}

bool own_admission::is_called_revoked(const identity::configuration_entry& configuration) const {
  auto directory = context_.trust().directory();
  if (directory && directory->revoked.contains(context_.identity().node)) return true;
  return revoked_by_.size() >= configuration.root.weak_quorum();
}

bool own_admission::is_revoked(const identity::configuration_entry& configuration) {
  auto revoked = is_called_revoked(configuration);
  if (revoked) context_.probe().say(life::starting, std::string(admission_revoked));
  if (std::exchange(revoked_, revoked) == revoked) return revoked;
  context_.config.on_revoked(revoked);
  if (revoked) {
    context_.note(severity::error, "admission-revoked", std::string(admission_revoked));
  } else {
    context_.note(severity::info, "admission-taken", "members speak with this node again: its admission is not revoked");
  }
  return revoked;
}

// -- too late, by any member ----------------------------------------------------------------------------------------

bool own_admission::is_past_its_term() const { return current_ && !ring::check_term(*current_, context_.trust().configuration(), wall_now()); }

bool own_admission::has_expired() {
  if (is_past_its_term() != shown_expired_) show();
  return shown_expired_;
}

void own_admission::renew_by_a_member() {
  context_.probe().say(life::starting, "the admission of this node has expired, and the cluster is asked to renew it");
  if (asked_ || steady_now() < retry_at_) return;
  auto member = next_member();
  if (!member) return;
  asked_ = true;
  log::info("the admission of this node has expired; a member is asked to have it renewed", {{"member", member->brief()}});
  context_.ask_peer(
      *member, membership::statement_request{codec::encode(renewal())},
      [this, member = *member](const result<membership::reply>& answer) {
        asked_ = false;
        take_word_of(member, answer);
      },
      member_patience);
}

/// Each in turn of those who are linked: one that keeps silent or lies must not be the only one asked.
std::optional<node_id> own_admission::next_member() {
  const auto& members = context_.identity().members;
  auto next = members.upper_bound(asked_last_);
  for (std::size_t i = 0; i < members.size(); ++i, ++next) {
    if (next == members.end()) next = members.begin();
    if (context_.config.link.port->is_up(next->first, link::traffic_class::foreground)) return asked_last_ = next->first;
  }
  return std::nullopt;
}

/// What the root ring proves counts, and only if it is of later than what this node has: an old proof is no renewal.
void own_admission::take_word_of(const node_id& member, const result<membership::reply>& answer) {
  retry_at_ = steady_now() + pause_between_tries;
  auto* done = answer ? std::get_if<membership::statement_reply>(&*answer) : nullptr;
  auto* refused = answer ? std::get_if<membership::refusal>(&*answer) : nullptr;
  if (!done) {
    auto why = !answer ? answer.error().message() : refused ? refused->sentence : "answered something else than was asked";
    return log::warning("renewal refused", {{"member", member.brief()}, {"why", why}});
  }
  ring::ring_admission proof{context_.identity().node, done->entry};
  auto renewed = ring::open_admission(proof, *context_.trust().verified());
  if (!renewed || renewed->expires <= current_->expires) {
    return log::warning("renewal refused", {{"member", member.brief()}, {"why", renewed ? "an old admission" : renewed.error().message()}});
  }
  wear(std::move(proof));
  if (!shown_expired_) context_.note(severity::info, "admission-renewed", "the admission of this node had expired and is renewed");
}

}  // namespace holdfast::actors

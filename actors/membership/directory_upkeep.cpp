#include "actors/membership/directory_upkeep.hpp"

#include "actors/base/clock.hpp"
#include "actors/base/log.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

namespace {

constexpr duration pause_after_refusal = std::chrono::seconds(5), pause_after_limit = std::chrono::minutes(1);

}  // namespace

void directory_upkeep::go_on(const identity::configuration_entry& configuration) {
  ++rounds_;
  learn(configuration);
  hand_on(configuration);
  advertise();
}

void directory_upkeep::learn(const identity::configuration_entry& configuration) {
  auto version = context_.trust().directory_version();
  if (version > dialled_) {
    dialled_ = version;
    dial_members();
    caf::anon_send(context_.config.link.manager, recheck_atom::value);
  }
  if (asked_ || rounds_ % 2 != 0) return;
  // Members of the root ring see their own state; the others ask one of them in turn.
  if (configuration.root.seat_of(context_.identity().node)) return;
  asked_ = true;
  const auto& seat = configuration.root.seats[rounds_ / 2 % configuration.root.size()];
  context_.ask_peer(seat.node, membership::directory_request{version}, [this](result<membership::reply> answer) {
    asked_ = false;
    auto* told = answer ? std::get_if<membership::directory_reply>(&*answer) : nullptr;
    if (!told || !told->directory) return;
    if (auto adopted = context_.trust().adopt(*told->directory); !adopted) log::warning("directory refused", {{"why", adopted.error().message()}});
  });
}

bool directory_upkeep::is_primary_of(const ring_id& ring) const {
  for (const auto& seat : context_.config.board->rings()) {
    if (seat.id == ring && seat.primary == context_.identity().node) return true;
  }
  return false;
}

/// The object ring places fragments by the root ring's directory: its primary hands each version on, and if none comes through,
/// any member does.
void directory_upkeep::hand_on(const identity::configuration_entry& configuration) {
  constexpr std::uint64_t patience_rounds = 8;
  auto version = context_.trust().directory_version();
  auto proof = context_.trust().directory_proof();
  if (!configuration.object.seat_of(context_.identity().node) || !proof || version <= handed_on_ || handing_on_) return;
  if (version > seen_version_) {
    seen_version_ = version;
    seen_at_ = rounds_;
  }
  if (!is_primary_of(configuration.object.id) && rounds_ - seen_at_ < patience_rounds) return;
  handing_on_ = true;
  context_.ask_object(ring::submission_of(ring::object_operation(ring::adopt_directory{*proof})), [this, version](result<ring::entry_reply> done) {
    handing_on_ = false;
    // Refused as stale: somebody else was first, or a newer one is there.
    if (done || done.error().is(errc::stale) || done.error().is(errc::already_exists)) handed_on_ = version;
  });
}

void directory_upkeep::dial_members() {
  const auto& manager = context_.config.link.manager;
  const auto self = context_.identity().node;
  std::map<node_id, std::string> known = context_.identity().members;
  for (const auto& [node, address] : context_.addresses) known[node] = address;
  if (auto directory = context_.trust().directory()) {
    for (const auto& [node, entry] : directory->nodes) {
      if (!entry.address.empty() && !directory->revoked.contains(node)) known[node] = entry.address;
    }
    for (const auto& [node, since] : directory->revoked) {
      known.erase(node);
      caf::anon_send(manager, release_atom::value, node);
    }
  }
  known.erase(self);
  for (const auto& [node, address] : known) caf::anon_send(manager, keep_atom::value, node, std::vector<std::string>{address});
  context_.addresses = known;
  context_.addresses[self] = context_.config.advert.address;
  if (known != context_.identity().members) context_.change_identity([&](node_identity& i) { i.members = known; });
}

void directory_upkeep::advertise() {
  auto directory = context_.trust().directory();
  if (!directory || advertising_ || steady_now() < advertise_at_) return;
  auto listed = directory->nodes.find(context_.identity().node);
  auto advert = context_.config.advert;
  advert.cluster = context_.identity().cluster;
  advert.node = context_.identity().node;
  if (listed != directory->nodes.end() && identity::lists(listed->second, advert)) return;
  advertising_ = true;
  advert.counter = std::max(static_cast<std::uint64_t>(wall_now().ms), counter_min_);
  ring::advertise operation{crypto::signed_statement<identity::advertisement>::make(advert, context_.identity_key())};
  context_.ask_root(ring::submission_of(ring::root_operation(operation)), [this](result<ring::entry_reply> done) {
    advertising_ = false;
    if (done) return;
    advertise_at_ = steady_now() + (done.error().is(errc::over_limit) ? pause_after_limit : pause_after_refusal);
    log::warning("advertisement refused", {{"why", done.error().message()}});
    if (done.error().is(errc::stale)) learn_counter();
  });
}

/// A clock that was ahead when this node last advertised itself left a counter behind that the right time does not reach.
void directory_upkeep::learn_counter() {
  advertising_ = true;
  context_.ask_root(ring_reading{ring::advertisement_place(context_.identity().node)}, [this](result<ring::entry_reply> found) {
    advertising_ = false;
    if (!found || !found->entry.value) return;
    auto last = codec::decode<ring::advertisement_record>(*found->entry.value, "advertisement");
    if (!last) return;
    counter_min_ = last->counter + 1;
    advertise_at_ = {};
  });
}

}  // namespace holdfast::actors

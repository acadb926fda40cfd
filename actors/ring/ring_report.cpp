#include "actors/ring/ring_report.hpp"

#include "actors/base/log.hpp"
#include "protocols/ring/object_operation.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;

/// Of the first page of the repair list; a longer one is told by its length.
std::uint64_t slots_missing(const ring::authenticated_map& map) {
  std::uint64_t missing = 0;
  for (const auto& entry : map.tree(ring::submap::repair).page({}, ring::page_entries_max)) {
    if (auto repair = codec::decode<ring::repair_entry>(*entry.value, "repair entry")) missing += repair->missing;
  }
  return missing;
}

/// What keeps it from serving; nothing if it serves.
std::string waits_for(const agreement::replica& replica, const std::string& label) {
  using agreement::silence;
  switch (replica.silent()) {
    case silence::diverged: return "its state contradicts the " + label + " ring's, so it has stopped voting; replace this node";
    case silence::log_lost:
      return replica.forsaken() ? "the log of this ring's only member is lost or damaged; put the node's data directory back from a backup"
                                : "its log was lost, and it waits until the others are past all it may have said";
    case silence::unconfirmed: return "waits for enough members of the " + label + " ring to know of its start";
    case silence::none: break;
  }
  if (replica.changing_view()) return "waits for a primary of the " + label + " ring, in view " + std::to_string(replica.view());
  if (replica.committed() == replica.executed()) return {};
  return "fetches what it missed of the " + label + " ring, up to batch " + std::to_string(replica.committed());
}

}  // namespace

life standing_of(const agreement::replica& replica) {
  using agreement::silence;
  switch (replica.silent()) {
    case silence::diverged: return life::dead;
    case silence::log_lost: return life::mute;
    case silence::unconfirmed: return life::starting;
    case silence::none: break;
  }
  return replica.changing_view() || replica.committed() > replica.executed() ? life::catching_up : life::serving;
}

introspection::ring_status report_of(const ring::ring_engine& engine, const ring_place& here) {
  const auto& replica = engine.replica();
  introspection::ring_status s;
  s.id = here.ring.id;
  s.label = here.label;
  s.epoch = here.ring.epoch;
  s.seat = here.seat;
  s.seats = static_cast<std::uint32_t>(here.ring.size());
  s.view = replica.view();
  s.primary = here.ring.seats[replica.primary()].node;
  s.executed = replica.executed();
  s.state = standing_of(replica);
  s.doing = waits_for(replica, here.label);
  if (const auto& proven = engine.proven()) {
    s.certified = proven->root.sequence;
    s.extents = proven->map.tree(ring::submap::extents).size();
    s.extents_short = proven->map.tree(ring::submap::repair).size();
    s.slots_missing = slots_missing(proven->map);
  }
  return s;
}

void report_event(status_board& board, const ring_place& here, const ring::ring_engine& engine, const agreement::event& e) {
  using kind = agreement::event_kind;
  auto about = here.label + " ring";
  auto note = [&](severity weight, std::string_view what, std::string sentence) {
    board.note(weight, std::string(what), about, std::move(sentence));
  };
  switch (e.kind) {
    case kind::view_change_started:
      note(severity::warning, introspection::view_change_event, "the " + about + " asks for view " + std::to_string(e.view));
      break;
    case kind::view_entered:
      note(severity::info, "view-entered",
           "the " + about + " is in view " + std::to_string(e.view) + "; its primary is seat " + std::to_string(e.view % here.ring.size()));
      break;
    case kind::caught_up: note(severity::info, "caught-up", "caught up with the " + about + " at batch " + std::to_string(e.sequence)); break;
    case kind::falling_behind:
      note(severity::info, "catching-up", "behind the " + about + ", which has committed batch " + std::to_string(e.sequence));
      break;
    case kind::equivocation:
      note(severity::error, "equivocation", "seat " + std::to_string(e.seat.value_or(0)) + " signed two batches for one place: " + e.text);
      break;
    case kind::diverged:
      note(severity::error, "diverged", "this member's state contradicts the ring's; it has stopped voting: " + e.text);
      break;
    case kind::muted:
      if (engine.replica().forsaken()) {
        note(severity::error, "log-lost",
             "the log of this ring's only member is lost or damaged: the ring serves nothing; put the node's data directory back from a backup");
      } else {
        note(severity::warning, "muted",
             "this member's log is not intact; it keeps silent until " +
                 (e.sequence == 0 ? "that is safe" : "batch " + std::to_string(e.sequence) + " is stable"));
      }
      break;
    case kind::unmuted: note(severity::info, "unmuted", "this member votes"); break;
    case kind::refused: log::debug("ring refused", {{"ring", here.label}, {"seat", e.seat.value_or(0)}, {"why", e.text}}); break;
    case kind::stable_checkpoint: break;
  }
}

}  // namespace holdfast::actors

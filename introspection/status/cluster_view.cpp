#include "introspection/status/cluster_view.hpp"

#include <algorithm>
#include <tuple>

#include "protocols/archive/archive_types.hpp"

namespace holdfast::introspection {

namespace {

std::string lasting(std::chrono::milliseconds time) {
  auto s = std::max<std::int64_t>(time.count() / 1000, 0);
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  if (s < 172'800) return std::to_string(s / 3600) + " h";
  return std::to_string(s / 86'400) + " days";
}

/// "1 extent is", "4 extents are".
std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

/// 0 for an unknown capacity.
std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<std::uint64_t>(std::min(100.0L * part / whole, 1000.0L));
}

bool at_work(life x) { return x == life::serving || x == life::catching_up || x == life::suspect; }

/// What the node says of the rings that it has a seat in, once of each; which rings those are, and how large, is not for it to say.
std::vector<ring_status> seats_of(const node_observation& seen, const std::optional<identity::configuration_entry>& configuration) {
  std::vector<ring_status> seats;
  if (!configuration) return seats;
  for (const auto& [ring, label] : {std::pair(&configuration->object, "object"), std::pair(&configuration->root, "root")}) {
    auto seat = ring->seat_of(seen.id);
    const auto& told = seen.mirror->node().rings;
    auto own = std::find_if(told.begin(), told.end(), [id = ring->id](const auto& r) { return r.id == id; });
    if (!seat || own == told.end()) continue;
    seats.push_back(*own);
    seats.back().label = label;
    seats.back().seat = *seat;
    seats.back().seats = static_cast<std::uint32_t>(ring->size());
  }
  return seats;
}

node_view view_of(const node_observation& seen, const std::optional<identity::configuration_entry>& configuration) {
  node_view v;
  if (seen.mirror && !seen.mirror->empty()) {
    v.status = seen.mirror->node();
    v.status.rings = seats_of(seen, configuration);
    for (const auto& [id, actor] : seen.mirror->actors()) v.actors.push_back(actor);
  }
  v.status.id = seen.id;
  if (!seen.name.empty()) v.status.name = seen.name;
  if (v.status.name.empty()) v.status.name = seen.id.brief();
  if (!seen.address.empty()) v.status.address = seen.address;
  if (v.status.roles.empty()) v.status.roles = seen.roles;
  v.answers = seen.seen == life::serving || seen.seen == life::suspect;
  v.state = seen.seen == life::serving ? v.status.state : seen.seen;
  v.since = seen.since;
  return v;
}

/// A member of a ring that has stopped for good.
bool given_up(const node_view& node) {
  return std::any_of(node.status.rings.begin(), node.status.rings.end(), [](const auto& ring) { return ring.state == life::dead; });
}

class diagnosis {
 public:
  explicit diagnosis(const cluster_view& view) : view_(view) {}

  std::vector<trouble> find() {
    for (const auto& node : view_.nodes) {
      look_at_node(node);
      if (node.answers) look_at_actors(node);
    }
    look_at_servers();
    look_at_rings();
    look_at_primaries();
    look_at_view_changes();
    look_at_archives();
    std::stable_sort(troubles_.begin(), troubles_.end(), [](const auto& a, const auto& b) { return a.weight > b.weight; });
    return std::move(troubles_);
  }

 private:
  void add(severity weight, std::string subject, std::string sentence) {
    if (troubles_.size() < events_max) troubles_.push_back({weight, std::move(subject), std::move(sentence)});
  }

  void look_at_node(const node_view& node) {
    const auto& name = node.status.name;
    auto doing = node.status.doing.empty() ? "" : ": " + node.status.doing;
    auto time = view_.time - node.since;
    auto silent = time < std::chrono::seconds(1) ? " has stopped answering" : " has not answered for " + lasting(time);
    switch (node.state) {
      case life::serving: break;
      case life::starting:
        add(severity::warning, name, node.answers ? name + " is starting" + doing : name + " has not been heard yet");
        break;
      case life::catching_up: add(severity::warning, name, name + " is catching up" + doing); break;
      case life::mute: add(given_up(node) ? severity::error : severity::warning, name, name + " does not vote" + doing); break;
      case life::draining: add(severity::info, name, name + " hands its work over" + doing); break;
      case life::backing_off: add(severity::warning, name, name + " restarts a part of itself" + doing); break;
      case life::suspect: add(severity::warning, name, name + " answers late"); break;
      case life::frozen: add(severity::warning, name, name + silent + " though its connection stands"); break;
      case life::dead: add(severity::warning, name, name + silent); break;
    }
  }

  void look_at_actors(const node_view& node) {
    for (const auto& actor : node.actors) {
      auto subject = node.status.name + "/" + actor.id;
      auto why = actor.last_death.empty() ? "" : " (" + actor.last_death + ")";
      if (actor.state == life::backing_off) add(severity::warning, subject, subject + " died" + why + " and is started again soon");
      if (actor.state == life::dead) add(severity::error, subject, subject + " died" + why + " and was given up");
    }
  }

  /// What the silence of archive servers means for whoever keeps files.
  void look_at_servers() {
    std::size_t servers = 0, here = 0;
    for (const auto& node : view_.nodes) {
      if (!node.status.roles.contains(identity::role_kind::archive)) continue;
      ++servers;
      here += node.answers || node.state == life::starting;  // who has not been heard yet is not silent
    }
    if (here == servers) return;
    auto code = archive::coding_for(servers);
    auto left = std::size_t{code.n} - std::min<std::size_t>(code.n, servers - here);  // of an extent that all the silent ones have a part of
    auto needed = archive::receipts_needed(code, identity::policy{}.write_margin);
    bool readable = left >= code.m, writable = here >= needed;
    auto who = std::to_string(here) + " of " + counted(servers, "archive server answers", "archive servers answer");
    auto extents = ": extents have at least " + std::to_string(left) + " of " + std::to_string(code.n) + " fragments, of which " +
                   std::to_string(code.m) + (code.m == 1 ? " is" : " are") + " needed";
    auto writes = writable ? ", and writes go on" : ", and files beyond 32 KiB cannot be put until " + std::to_string(needed) + " answer";
    add(readable && writable ? severity::warning : severity::error, "archive", who + (readable ? extents : ": some extents cannot be read") + writes);
  }

  struct ring_sum {
    ring_status latest;        // of the seat that is furthest ahead
    std::uint32_t at_work = 0;
    std::vector<std::uint64_t> shorts, missing;  // by the seats that answer
  };

  /// By the word of b + 1 members: one that lies neither hides what is short nor makes it up.
  static std::uint64_t vouched_for(std::vector<std::uint64_t> said, std::uint32_t seats) {
    auto bounds = identity::bounds_for(seats);
    if (said.empty() || !bounds) return 0;
    std::sort(said.rbegin(), said.rend());
    return said[std::min<std::size_t>(bounds->byzantine_max, said.size() - 1)];
  }

  void look_at_rings() {
    std::map<ring_id, ring_sum> rings;
    for (const auto& node : view_.nodes) {
      for (const auto& seat : node.status.rings) {
        auto& ring = rings[seat.id];
        if (ring.latest.seats == 0 || seat.executed >= ring.latest.executed) ring.latest = seat;
        if (node.answers && at_work(seat.state)) ++ring.at_work;
        if (!node.answers) continue;
        ring.shorts.push_back(seat.extents_short);
        ring.missing.push_back(seat.slots_missing);
      }
    }
    for (const auto& [id, ring] : rings) {
      look_at_quorum(ring);
      short_ += vouched_for(ring.shorts, ring.latest.seats);
      slots_missing_ += vouched_for(ring.missing, ring.latest.seats);
    }
  }

  void look_at_quorum(const ring_sum& ring) {
    auto bounds = identity::bounds_for(ring.latest.seats);
    if (!bounds) return;
    auto name = "the " + ring.latest.label + " ring";
    auto quorum = (ring.latest.seats + bounds->byzantine_max + 2) / 2;
    auto have = std::to_string(ring.at_work) + " of " + std::to_string(ring.latest.seats) + " members at work";
    if (ring.at_work < quorum) {
      add(severity::error, ring.latest.label, name + " has " + have + " and needs " + std::to_string(quorum) + ": changes wait until more return");
    } else if (ring.at_work == quorum && ring.at_work < ring.latest.seats) {
      add(severity::warning, ring.latest.label, name + " has " + have + " and can lose no other");
    }
  }

  /// By the word of b + 1 members, so that one that lies is not enough.
  void look_at_primaries() {
    constexpr auto usual = std::chrono::seconds(2);
    struct seekers {
      ring_status latest;
      std::vector<wall_time> since;
    };
    std::map<ring_id, seekers> rings;
    for (const auto& node : view_.nodes) {
      for (const auto& seat : node.status.rings) {
        if (!node.answers || seat.without_primary_since == wall_time{}) continue;
        auto& ring = rings[seat.id];
        ring.since.push_back(seat.without_primary_since);
        if (seat.view >= ring.latest.view) ring.latest = seat;
      }
    }
    for (auto& [id, ring] : rings) {
      auto bounds = identity::bounds_for(ring.latest.seats);
      if (!bounds || ring.since.size() <= bounds->byzantine_max) continue;
      std::sort(ring.since.begin(), ring.since.end());
      auto time = view_.time - ring.since[bounds->byzantine_max];
      if (time < usual) continue;
      auto who = std::to_string(ring.since.size()) + " of " + std::to_string(ring.latest.seats) + " members wait for view ";
      add(severity::error, ring.latest.label, "the " + ring.latest.label + " ring has had no primary for " + lasting(time) + ": " + who +
          std::to_string(ring.latest.view) + ", and changes wait with them");
    }
  }

  /// A change of primary mends a ring; one after another says that it does not. Each member notes those that it asks for itself.
  void look_at_view_changes() {
    constexpr auto lately = std::chrono::minutes(5);
    constexpr std::size_t many = 4;
    std::map<std::string, std::map<node_id, std::size_t>> rings;
    for (const auto& e : view_.events) {
      if (e.kind == view_change_event && view_.time - e.time < lately) ++rings[e.subject][e.node];
    }
    for (const auto& [ring, members] : rings) {
      std::size_t most = 0;
      for (const auto& [member, asked] : members) most = std::max(most, asked);
      if (most < many) continue;
      add(severity::warning, ring, "the " + ring + " asked for another primary " + std::to_string(most) + " times within 5 min: its members are " +
          "slow, or do not reach each other");
    }
  }

  void look_at_archives() {
    std::uint64_t rebuilding = 0;
    for (const auto& node : view_.nodes) {
      if (!node.status.archive) continue;
      const auto& archive = *node.status.archive;
      const auto& name = node.status.name;
      if (node.answers) rebuilding += archive.rebuilding;
      if (archive.damaged > 0) {
        add(severity::warning, name, name + " found " + counted(archive.damaged, "damaged fragment", "damaged fragments") + " and replaces them");
      }
      if (auto full = percent(archive.bytes, archive.capacity_bytes); full >= 90) {
        add(full >= 100 ? severity::error : severity::warning, name, name + "'s archive is " + std::to_string(full) + " % full");
      }
    }
    if (short_ == 0) return;
    auto what = counted(short_, "extent is", "extents are") + " short of " + counted(slots_missing_, "fragment", "fragments");
    auto then = rebuilding > 0 ? ", " + std::to_string(rebuilding) + " being rebuilt" : ", filled when a server returns";
    add(severity::warning, "archive", what + then);
  }

  const cluster_view& view_;
  std::vector<trouble> troubles_;
  std::uint64_t short_ = 0, slots_missing_ = 0;
};

std::string well(const cluster_view& view) {
  bool stores = false, extents = false;
  for (const auto& node : view.nodes) {
    if (node.status.archive) {
      stores = true;
      extents = extents || node.status.archive->extents > 0;
    }
  }
  auto n = view.nodes.size();
  auto who = n == 0 ? "No node is known yet" : n == 1 ? "The one node serves" : "All " + std::to_string(n) + " nodes serve";
  if (!stores) return who + ".";
  return who + (extents ? "; every extent has full redundancy." : "; no file beyond 32 KiB is stored yet.");
}

std::string ill(const std::vector<trouble>& troubles) {
  constexpr std::size_t shown = 3;
  std::string sentence;
  for (std::size_t i = 0; i < std::min(shown, troubles.size()); ++i) sentence += (i ? "; " : "") + troubles[i].sentence;
  if (troubles.size() > shown) sentence += "; and " + std::to_string(troubles.size() - shown) + " more";
  if (sentence.starts_with("the ")) sentence[0] = 'T';
  return sentence + ".";
}

/// Each node's newest are shown, so that whoever makes up many, or has many, leaves room for the others'.
void add_events(std::vector<event>& all, const status_mirror& mirror, std::size_t nodes) {
  constexpr std::size_t share_min = 32;
  const auto& own = mirror.events();
  auto share = std::min(own.size(), std::max(share_min, events_max / nodes));
  all.insert(all.end(), own.end() - static_cast<std::ptrdiff_t>(share), own.end());
}

}  // namespace

cluster_view build_view(const cluster_observation& seen) {
  cluster_view view{.cluster = seen.cluster, .observer = seen.observer, .time = seen.now};
  for (const auto& node : seen.nodes) {
    view.nodes.push_back(view_of(node, seen.configuration));
    view.nodes.back().answers |= node.id == seen.observer;  // whatever it says of its own state
    if (node.mirror) add_events(view.events, *node.mirror, seen.nodes.size());
  }
  std::sort(view.nodes.begin(), view.nodes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.status.name, a.status.id) < std::tie(b.status.name, b.status.id);
  });
  std::sort(view.events.begin(), view.events.end(), [](const auto& a, const auto& b) {
    return std::tie(a.time, a.node, a.sequence) > std::tie(b.time, b.node, b.sequence);
  });
  if (view.events.size() > events_max) view.events.resize(events_max);
  view.troubles = diagnosis(view).find();
  for (const auto& t : view.troubles) view.health = std::max(view.health, t.weight);
  view.sentence = view.troubles.empty() ? well(view) : ill(view.troubles);
  return view;
}

std::string cluster_view::name_of(const node_id& node) const {
  for (const auto& n : nodes) {
    if (n.status.id == node) return n.status.name;
  }
  return node.brief();
}

}  // namespace holdfast::introspection

#include "introspection/status/status_types.hpp"

#include <algorithm>

namespace holdfast::introspection {

std::string_view to_string(life x) {
  constexpr std::string_view names[] = {"starting", "serving", "catching-up", "mute", "draining", "backing-off", "suspect", "frozen", "dead"};
  return names[static_cast<std::size_t>(x)];
}

std::string_view to_string(severity x) {
  constexpr std::string_view names[] = {"info", "warning", "error"};
  return names[static_cast<std::size_t>(x)];
}

namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Control characters grow sixfold in JSON, and may do anything to a terminal.
bool text_fits(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && std::none_of(text.begin(), text.end(), is_control);
}
bool name_fits(std::string_view name) { return text_fits(name, name_bytes_max); }
bool sentence_fits(std::string_view sentence) { return text_fits(sentence, sentence_bytes_max); }

bool names_fit(std::initializer_list<std::string_view> names) { return std::all_of(names.begin(), names.end(), name_fits); }

template <class Map>
bool keys_fit(const Map& map, std::size_t size_max) {
  return map.size() <= size_max && std::all_of(map.begin(), map.end(), [](const auto& entry) { return name_fits(entry.first); });
}

bool fits(const actor_status& a) {
  return names_fit({a.id, a.role, a.parent}) && sentence_fits(a.doing) && sentence_fits(a.last_death);
}

bool fits(const event& e) { return names_fit({e.kind, e.subject}) && sentence_fits(e.sentence); }

bool fits(const node_status& s) {
  bool labels = keys_fit(s.labels, 16) && std::all_of(s.labels.begin(), s.labels.end(), [](const auto& label) { return name_fits(label.second); });
  bool rings = s.rings.size() <= rings_max && std::all_of(s.rings.begin(), s.rings.end(), [](const auto& ring) {
                 return name_fits(ring.label) && sentence_fits(ring.doing);
               });
  return labels && rings && names_fit({s.name, s.address, s.dashboard, s.version}) && sentence_fits(s.doing) &&
         keys_fit(s.counters, counters_max) && s.peers.size() <= peers_max;
}

}  // namespace

outcome check(const report& r, const node_id& sender) {
  if (r.node != sender || (r.status && (r.status->id != sender || r.status->boot_id != r.boot_id))) {
    return fail(errc::malformed, "a status report speaks of another node than its sender " + sender.brief());
  }
  if ((r.base == 0 && !r.status) || r.base > r.sequence) {
    return fail(errc::malformed, "a status report of " + sender.brief() + " starts from nothing, or runs backwards");
  }
  bool actors = r.actors.size() <= actors_max && std::all_of(r.actors.begin(), r.actors.end(), [](const auto& entry) {
    return entry.first == entry.second.id && fits(entry.second);
  });
  bool removed = r.removed.size() <= removed_max && std::all_of(r.removed.begin(), r.removed.end(), name_fits);
  bool events = r.events.size() <= events_max && std::all_of(r.events.begin(), r.events.end(), [&](const auto& e) {
    return e.node == sender && fits(e);
  });
  if (!actors || !removed || !events || (r.status && !fits(*r.status))) {
    return fail(errc::over_limit, "a status report of " + sender.brief() + " exceeds the bounds of status reports");
  }
  return {};
}

void settle_times(report& r, wall_time received) {
  for (auto& e : r.events) e.time = std::min(e.time, received);
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
    text = text.substr(0, bytes_max);
  }
  std::string out(text);
  std::replace_if(out.begin(), out.end(), is_control, ' ');
  return out;
}

}  // namespace holdfast::introspection

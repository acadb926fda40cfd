#include "actors/link/refusal_log.hpp"

#include <algorithm>
#include <vector>

#include "actors/base/log.hpp"

namespace holdfast::actors {

void refusal_log::make_room() {
  std::vector<instant> times;
  for (const auto& [key, e] : entries_) times.push_back(e.printed);
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  std::erase_if(entries_, [median = times[times.size() / 2]](const auto& e) { return e.second.printed <= median; });
}

void refusal_log::print(instant now, const key& about, entry& e) {
  log::warning("link refused", {{"address", about.first}, {"reason", to_string(about.second)}, {"by", e.by_peer ? "peer" : "us"},
                                {"why", e.text}, {"count", e.unprinted}});
  e.printed = now;
  e.unprinted = 0;
}

void refusal_log::note(instant now, const std::string& address, link::refusal_reason reason, const std::string& text, bool by_peer) {
  if (entries_.size() >= entries_max) make_room();
  auto [it, added] = entries_.try_emplace({address, reason});
  auto& e = it->second;
  ++e.unprinted;
  e.text = text;
  e.by_peer = by_peer;
  if (added || now - e.printed >= line_interval) print(now, it->first, e);
}

void refusal_log::settle(instant now) {
  if (now - settled_ < line_interval) return;
  settled_ = now;
  for (auto& [about, e] : entries_) {
    if (e.unprinted > 0 && now - e.printed >= line_interval) print(now, about, e);
  }
}

}  // namespace holdfast::actors

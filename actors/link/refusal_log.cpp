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

void refusal_log::note(instant now, const std::string& address, link::refusal_reason reason, const std::string& text, bool by_peer) {
  if (entries_.size() >= entries_max) make_room();
  auto [it, added] = entries_.try_emplace({address, reason});
  auto& e = it->second;
  if (!added && now - e.printed < std::chrono::seconds(1)) {
    ++e.unprinted;
    return;
  }
  log::warning("link refused", {{"address", address}, {"reason", to_string(reason)}, {"by", by_peer ? "peer" : "us"}, {"why", text},
                                {"count", e.unprinted + 1}});
  e = {now, 0};
}

}  // namespace holdfast::actors

#include "introspection/dashboard/event_feed.hpp"

namespace holdfast::introspection {

stream_message make_stream_message(std::string_view event, const std::string& data) {
  return std::make_shared<const std::string>("event: " + std::string(event) + "\ndata: " + data + "\n\n");
}

stream_message event_feed::advance(std::shared_ptr<const cluster_view> now, bool listeners) {
  if (!now || now == last_) return nullptr;
  auto sample = history_.observe(*now);
  auto before = std::exchange(last_, std::move(now));
  if (!listeners) return nullptr;
  if (!before) return opening();
  auto delta = delta_json(*before, *last_);
  if (sample) delta["sample"] = std::move(*sample);
  return make_stream_message("delta", dump(delta));
}

stream_message event_feed::opening() const {
  if (!last_) return nullptr;
  auto all = full_json(*last_, false);
  all["history"] = history_.to_json();
  return make_stream_message("snapshot", dump(all));
}

}  // namespace holdfast::introspection

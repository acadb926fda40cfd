// The messages of the event stream: a snapshot for each page that connects, then what changed, made once for all pages.
#pragma once

#include "introspection/dashboard/history.hpp"

namespace holdfast::introspection {

/// One message in server-sent events' format, shared by every stream's queue.
using stream_message = std::shared_ptr<const std::string>;

class event_feed {
 public:
  /// Takes the newest view. The message for streams that are open, or nothing if nothing is new. Without listeners none is made.
  stream_message advance(std::shared_ptr<const cluster_view> now, bool listeners);

  /// What a new stream starts with: the view that the next `advance` continues from. Nothing before the first view.
  stream_message opening() const;

 private:
  std::shared_ptr<const cluster_view> last_;
  history history_;
};

/// `data` must hold no line feed; JSON text never does.
stream_message make_stream_message(std::string_view event, const std::string& data);

}  // namespace holdfast::introspection

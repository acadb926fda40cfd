#include "protocols/link/message_kind.hpp"

namespace holdfast::link {

std::string_view to_string(traffic_class c) {
  constexpr std::string_view names[] = {"agreement", "foreground", "background"};
  return names[static_cast<std::size_t>(c)];
}

std::string_view to_string(message_kind k) {
  constexpr std::string_view names[] = {"hello", "heartbeat", "credit", "agreement", "ring", "archive", "mesh", "membership", "monitor", "replica"};
  return names[static_cast<std::size_t>(k)];
}

}  // namespace holdfast::link

// The archive server's answers on their way out: each by the lane that its asker used, and no fragment with a hole in it.
#pragma once

#include <functional>
#include <map>

#include "actors/link/link_types.hpp"
#include "protocols/archive/archive_server.hpp"

namespace holdfast::actors {

class archive_answers {
 public:
  using link_sender = std::function<outcome(outgoing)>;
  using local_sender = std::function<void(const archive::service_reply&)>;

  /// `local`: to the actors of this node itself.
  archive_answers(const node_id& self, link_sender send, local_sender local)
      : self_(self), send_(std::move(send)), local_(std::move(local)) {}

  void asked(const link::endpoint& by, link::traffic_class lane);
  /// A link is down; true if it was the one that the process asks by.
  bool lost(const link::endpoint& peer, link::traffic_class lane);

  /// Whoever waits for an answer that is lost asks again, or another server. Where a queue has no room for a piece of a fragment the
  /// rest of it stays behind, and its asker hears that it should ask again.
  void send(const std::vector<archive::outgoing_reply>& replies);

 private:
  static constexpr std::size_t peers_max = 1u << 16;  ///< 50 bytes each

  outcome pass(const archive::outgoing_reply& reply);

  const node_id self_;
  link_sender send_;
  local_sender local_;
  std::map<link::endpoint, link::traffic_class> lanes_;  ///< where each process asked last
};

}  // namespace holdfast::actors

#include "actors/archive/archive_answers.hpp"

#include <set>

#include "actors/archive/archive_wire.hpp"
#include "actors/base/log.hpp"

namespace holdfast::actors {

void archive_answers::asked(const link::endpoint& by, link::traffic_class lane) {
  if (lanes_.size() >= peers_max) lanes_.clear();
  lanes_[by] = lane;
}

bool archive_answers::lost(const link::endpoint& peer, link::traffic_class lane) {
  auto asks = lanes_.find(peer);
  if (asks == lanes_.end() || asks->second != lane) return false;
  lanes_.erase(asks);
  return true;
}

void archive_answers::send(const std::vector<archive::outgoing_reply>& replies) {
  std::set<std::pair<link::endpoint, std::uint64_t>> cut_off;
  for (const auto& reply : replies) {
    if (reply.to == link::endpoint(self_)) {
      local_(reply.reply);
      continue;
    }
    std::pair fragment(reply.to, reply.reply.id);
    if (cut_off.contains(fragment)) continue;
    auto sent = pass(reply);
    if (sent) continue;
    log::debug("archive answer not sent", {{"peer", reply.to.brief()}, {"why", sent.error().message()}});
    if (!std::holds_alternative<archive::fragment_piece>(reply.reply.body)) continue;
    cut_off.insert(fragment);
    // Small, so there may be room for it; else the asker's patience has to end.
    static_cast<void>(pass({reply.to, {reply.reply.id, archive::refusal{errc::unavailable, "the link's queue is full; ask again"}}}));
  }
}

outcome archive_answers::pass(const archive::outgoing_reply& reply) {
  auto lane = lanes_.find(reply.to);
  return send_({reply.to, lane == lanes_.end() ? link::traffic_class::foreground : lane->second, link::message_kind::archive,
                make_payload(seal(reply.reply))});
}

}  // namespace holdfast::actors

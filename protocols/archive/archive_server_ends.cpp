// What becomes of an extent that the server took: committed by its ring, expired, abandoned or left unfinished.
#include "protocols/archive/archive_server.hpp"

namespace holdfast::archive {

void archive_server::handle(const asker& from, settle& request) {
  for (const auto& id : request.extents) {
    auto* extent = table_.find(id);
    if (!extent || extent->open() || extent->header.client != from.member()) continue;
    step_.commitment_queries.push_back(id);
    extent->check_at = at_.now + extent->check_after;
  }
  reply(from, done{});
}

void archive_server::handle(const asker& from, abandon& request) {
  auto* extent = table_.find(request.extent);
  if (extent && extent->open() && !extent->sealing && extent->header.client == from.member()) {
    table_.erase(request.extent);
    step_.effects.push_back(discard_extent{request.extent});
    report(server_event::kind::extent_dropped, request.extent, 0, from.member(), "abandoned by its client");
  }
  if (!extent) withdraw_openings(from, request.extent);
  reply(from, done{});
}

/// Openings that still wait for what the store knows of the extent.
void archive_server::withdraw_openings(const asker& from, const extent_id& extent) {
  for (auto& [ticket, waiting] : pending_) {
    auto* read = std::get_if<pending_read>(&waiting);
    auto* opening = read ? std::get_if<open_extent>(&read->body) : nullptr;
    if (opening && read->from.member() == from.member() && id_of(opening->origin) == extent) read->withdrawn = true;
  }
}

server_step archive_server::on_commitment(clock_reading at, const extent_id& id, const commitment& said) {
  at_ = at;
  auto* extent = table_.find(id);
  if (!extent || (said.record && said.record->extent != id)) return finish();
  if (extent->open()) {
    // The ring has ordered the update without us: nobody finishes this any more, and what belongs here can be filled in.
    if (said.record && !extent->sealing && extent->appending_bytes == 0) leave_unfinished(id, "its update was ordered without this server");
    return finish();
  }
  const auto header = extent->header;
  bool fits = said.record && said.record->list == header.list && header.index < said.record->slots.size();
  auto holder = fits ? said.record->slots[header.index] : std::nullopt;
  if (holder == config_.self) {
    table_.erase(id);
    step_.effects.push_back(mark_committed{id});
    report(server_event::kind::extent_committed, id, 0, header.client, {});
  } else if (said.root_time > header.expires + limits().clock_skew) {
    table_.erase(id);
    step_.effects.push_back(drop_extent{id});
    report(server_event::kind::extent_dropped, id, 0, header.client, "expired, and its ring proves that nothing uses it");
  } else if (fits && !holder) {  // our receipt came too late for the update; the slot is vacant, and we have what belongs there
    step_.offers.push_back({id, said.record->version, receipt_for(header)});
  }
  return finish();
}

server_step archive_server::on_timer(clock_reading at) {
  at_ = at;
  std::vector<extent_id> left;
  for (auto& [id, extent] : table_.extents()) {
    if (extent.open()) {
      bool idle = at.now - extent.touched > limits().open_idle_max;
      bool orphaned = extent.writer_gone && at.now - *extent.writer_gone > limits().writer_gone_max;
      if (!extent.sealing && extent.appending_bytes == 0 && (idle || orphaned)) left.push_back(id);
    } else if (at.now >= extent.check_at && step_.commitment_queries.size() < commitment_queries_max) {
      step_.commitment_queries.push_back(id);
      extent.check_at = at.now + extent.check_after;
      extent.check_after = std::min(2 * extent.check_after, limits().commitment_check_max);
    }
  }
  for (const auto& id : left) leave_unfinished(id, "left unfinished");
  return finish();
}

/// Never sealed, so no receipt of ours speaks of it.
void archive_server::leave_unfinished(const extent_id& id, std::string why) {
  report(server_event::kind::extent_dropped, id, 0, table_.find(id)->header.client, std::move(why));
  table_.erase(id);
  step_.effects.push_back(discard_extent{id});
}

void archive_server::adopt(clock_reading at, const extent_header& sealed) {
  uncommitted_extent extent;
  extent.header = sealed;
  extent.check_after = limits().commitment_check;
  extent.check_at = at.now + extent.check_after;
  table_.insert(std::move(extent));
}

void archive_server::on_peer_lost(clock_reading at, const link::endpoint& peer) {
  table_.release_assemblies(peer);
  for (auto& [id, extent] : table_.extents()) {
    if (extent.writer == peer) extent.writer_gone = at.now;
  }
}

}  // namespace holdfast::archive

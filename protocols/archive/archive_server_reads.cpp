// The archive server's reading side: fragments, chunks, lists and inventory, each checked before it leaves.
#include "protocols/archive/archive_server.hpp"
#include "protocols/archive/fragment_tree.hpp"

namespace holdfast::archive {

namespace {

/// Whether an extent is looked up for who writes it.
bool is_lookup(const request_body& body) { return std::holds_alternative<open_extent>(body) || std::holds_alternative<seal_extent>(body); }

}  // namespace

std::optional<store_ticket> archive_server::begin_read(const asker& from, request_body body) {
  bool lookup = is_lookup(body);
  bool begun = lookup ? lookups_.begin(from.member(), limits().peer_lookups_max, limits().lookups_max)
                      : reads_.begin(from.member(), limits().peer_reads_max, limits().reads_max);
  if (!begun) {
    refuse(from, {errc::unavailable, std::string("too many ") + (lookup ? "openings" : "reads") + " under way; ask again"});
    return std::nullopt;
  }
  return issue(pending_read{from, std::move(body)});
}

void archive_server::handle(const asker& from, get_fragment& request) {
  if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_fragment{*ticket, request.extent, request.ordinal});
}

void archive_server::handle(const asker& from, get_chunk& request) {
  if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_fragment{*ticket, request.extent, request.ordinal});
}

void archive_server::handle(const asker& from, get_list& request) {
  if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_extent{*ticket, request.extent});
}

void archive_server::handle(const asker& from, get_inventory& request) {
  constexpr auto count = inventory_page_max + 1;  // one more tells whether more follow
  if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_inventory{*ticket, request.after, count});
}

void archive_server::handle(const asker& from, get_stat&) { reply(from, stat()); }

server_step archive_server::on_fragment(clock_reading at, store_ticket ticket, result<stored_fragment> found) {
  at_ = at;
  auto p = take(ticket);
  auto* read = p ? std::get_if<pending_read>(&*p) : nullptr;
  if (!read) return finish();
  auto* whole = std::get_if<get_fragment>(&read->body);
  auto* part = std::get_if<get_chunk>(&read->body);
  auto extent = whole ? whole->extent : part->extent;
  auto ordinal = whole ? whole->ordinal : part->ordinal;
  if (!found) {
    if (found.error().is(errc::damaged)) {
      damaged(read->from, extent, ordinal, found.error().message());
    } else {
      refuse_read(read->from, extent, found.error());
    }
  } else if (!verify_fragment(found->header, found->code, found->index, found->data)) {
    damaged(read->from, extent, ordinal, "it no longer proves itself against its root");
  } else if (whole) {
    send_fragment(read->from, std::move(*found));
  } else if (part->chunk >= chunks_in(static_cast<std::uint32_t>(found->data.size()))) {
    refuse(read->from, {errc::malformed, "the fragment has no such chunk"});
  } else {
    reply(read->from, prove_chunk(found->index, found->header, found->data, part->chunk));
  }
  return finish();
}

void archive_server::send_fragment(const asker& from, stored_fragment fragment) {
  const bytes_view all = fragment.data;
  for (std::size_t offset = 0; offset < all.size(); offset += piece_bytes_max) {
    fragment_piece piece;
    piece.index = fragment.index;
    piece.offset = static_cast<std::uint32_t>(offset);
    piece.data = to_bytes(all.subspan(offset, std::min<std::size_t>(piece_bytes_max, all.size() - offset)));
    piece.last = offset + piece.data.size() == all.size();
    if (offset == 0) piece.header = std::move(fragment.header);
    reply(from, std::move(piece));
  }
}

void archive_server::damaged(const asker& from, const extent_id& extent, std::uint32_t ordinal, const std::string& why) {
  ++damaged_;
  report(server_event::kind::fragment_damaged, extent, ordinal, config_.self, why);
  refuse(from, {errc::damaged, "fragment of block " + std::to_string(ordinal) + " of extent " + extent.brief() + " is damaged here: " + why});
}

/// Readers ask whom the ring's record names: what they miss here may be gone from this disk.
void archive_server::refuse_read(const asker& from, const extent_id& extent, const error& why) {
  if (why.is(errc::not_found) && !table_.find(extent)) report(server_event::kind::extent_missed, extent, 0, from.member(), why.message());
  refuse(from, why);
}

server_step archive_server::on_extent(clock_reading at, store_ticket ticket, result<stored_extent> found) {
  at_ = at;
  auto p = take(ticket);
  if (auto* read = p ? std::get_if<pending_read>(&*p) : nullptr) found_extent(*read, std::move(found));
  return finish();
}

void archive_server::found_extent(const pending_read& read, result<stored_extent> found) {
  if (auto* open = std::get_if<open_extent>(&read.body)) {
    if (read.withdrawn) return refuse(read.from, {errc::not_found, "the extent was abandoned"});
    if (auto* known = table_.find(id_of(open->origin))) return answer_open(read.from, *open, known->header, known->entries.size());
    if (found && found->header.state != extent_state::open) return answer_open(read.from, *open, found->header, found->entries.size());
    if (found || found.error().is(errc::not_found) || found.error().is(errc::damaged)) return begin_extent(read.from, *open);
    return refuse(read.from, found.error());
  }
  if (auto* list = std::get_if<get_list>(&read.body); list && !found) return refuse_read(read.from, list->extent, found.error());
  if (!found) return refuse(read.from, found.error());
  if (auto* seal = std::get_if<seal_extent>(&read.body)) {
    const auto& header = found->header;
    if (header.state == extent_state::open) return refuse(read.from, {errc::not_found, "the extent is not open here; open it first"});
    if (header.list != seal->list) return refuse(read.from, {errc::conflict, "the extent is sealed with another list"});
    return reply(read.from, extent_sealed{receipt_for(header)});
  }
  if (auto* list = std::get_if<get_list>(&read.body)) {
    list_part part{static_cast<std::uint32_t>(found->entries.size()), list->first, {}};
    for (std::size_t i = list->first; i < found->entries.size() && part.entries.size() < list_page_entries_max; ++i) {
      part.entries.push_back(found->entries[i]);
    }
    reply(read.from, std::move(part));
  }
}

server_step archive_server::on_inventory(clock_reading at, store_ticket ticket, const std::vector<extent_header>& found) {
  at_ = at;
  auto p = take(ticket);
  auto* read = p ? std::get_if<pending_read>(&*p) : nullptr;
  if (!read) return finish();
  inventory_part part;
  part.more = found.size() > inventory_page_max;
  for (const auto& header : found) {
    if (part.entries.size() == inventory_page_max) break;
    part.entries.push_back({header.extent, header.index, header.state == extent_state::committed, header.list});
  }
  reply(read->from, std::move(part));
  return finish();
}

archive_stat archive_server::stat() const {
  archive_stat s;
  s.uncommitted_extents = table_.extents().size();
  s.uncommitted_bytes = table_.reserved_bytes();
  s.stored_bytes = stored_bytes_;
  s.capacity_bytes = capacity_bytes_;
  s.damaged_fragments = damaged_;
  return s;
}

// -- bookkeeping ------------------------------------------------------------------------------------------------------

store_ticket archive_server::issue(pending p) {
  store_ticket ticket{++tickets_};
  pending_.emplace(ticket, std::move(p));
  return ticket;
}

std::optional<archive_server::pending> archive_server::take(store_ticket ticket) {
  auto found = pending_.extract(ticket);
  if (found.empty()) return std::nullopt;
  if (auto* read = std::get_if<pending_read>(&found.mapped())) {
    (is_lookup(read->body) ? lookups_ : reads_).end(read->from.member());
  }
  return std::move(found.mapped());
}

void archive_server::reply(const asker& to, reply_body body) { step_.replies.push_back({to.end, {to.request, std::move(body)}}); }

void archive_server::refuse(const asker& to, const error& why) {
  auto code = why.room() == error_room<errc>::name ? static_cast<errc>(why.code()) : errc::unavailable;
  reply(to, refusal{code, why.message().substr(0, 512)});
}

void archive_server::report(server_event::kind what, const extent_id& extent, std::uint32_t ordinal, const node_id& peer, std::string sentence) {
  step_.events.push_back({what, extent, ordinal, peer, std::move(sentence)});
}

server_step archive_server::finish() { return std::exchange(step_, {}); }

}  // namespace holdfast::archive

#include "protocols/archive/archive_server.hpp"

#include "protocols/archive/fragment_tree.hpp"
#include "protocols/base/plant.hpp"

namespace holdfast::archive {

std::string_view to_string(server_event::kind k) {
  switch (k) {
    case server_event::kind::fragment_damaged: return "fragment_damaged";
    case server_event::kind::extent_missed: return "extent_missed";
    case server_event::kind::fragment_refused: return "fragment_refused";
    case server_event::kind::extent_sealed: return "extent_sealed";
    case server_event::kind::extent_committed: return "extent_committed";
    case server_event::kind::extent_dropped: return "extent_dropped";
    case server_event::kind::store_failed: return "store_failed";
  }
  return "unknown";
}

archive_server::archive_server(server_config config, crypto::signing_key key, std::vector<stored_extent> uncommitted, clock_reading at)
    : config_(std::move(config)), key_(std::move(key)), table_(config_.limits) {
  for (auto& stored : uncommitted) {
    uncommitted_extent extent;
    extent.header = stored.header;
    for (const auto& entry : stored.entries) extent.bytes += entry.length;
    if (extent.open()) extent.entries = std::move(stored.entries);
    extent.touched = extent.check_at = at.now;
    extent.writer_gone = at.now;  // no link outlived this server
    extent.check_after = config_.limits.commitment_check;
    table_.insert(std::move(extent));
  }
}

server_step archive_server::on_request(clock_reading at, const link::endpoint& from, service_request request) {
  at_ = at;
  asker who{from, request.id};
  std::visit([&](auto& body) { handle(who, body); }, request.body);
  return finish();
}

// -- opening ----------------------------------------------------------------------------------------------------------

void archive_server::handle(const asker& from, open_extent& request) {
  if (!valid(request.code) || request.index >= request.code.n || request.bytes_expected == 0 || request.bytes_expected > extent_bytes_max) {
    return refuse(from, {errc::malformed, "extent with a coding, index or size out of range"});
  }
  if (request.origin.client != from.member()) return refuse(from, {errc::denied, "only the client that an extent names may write it"});
  if (auto* extent = table_.find(id_of(request.origin))) {
    return answer_open(from, request, extent->header, extent->entries.size());
  }
  // Committed extents are known to the store alone.
  if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_extent{*ticket, id_of(request.origin)});
}

void archive_server::answer_open(const asker& from, const open_extent& request, const extent_header& header, std::size_t blocks) {
  if (header.code != request.code || header.index != request.index || header.ring != request.ring) {
    return refuse(from, {errc::conflict, "extent " + header.extent.brief() + " is here already, in another slot or coding"});
  }
  extent_progress progress{header.extent, static_cast<std::uint32_t>(blocks), std::nullopt};
  if (header.state != extent_state::open) {
    progress.blocks = header.blocks;
    progress.sealed = receipt_for(header);
  } else if (auto* extent = table_.find(header.extent)) {
    extent->written(at_.now, from.end);
  }
  reply(from, std::move(progress));
}

void archive_server::begin_extent(const asker& from, const open_extent& request) {
  extent_header header;
  header.extent = id_of(request.origin);
  header.ring = request.ring;
  header.client = from.member();
  header.code = request.code;
  header.index = request.index;
  header.directory_version = request.directory_version;
  header.opened = at_.wall;
  header.bytes_expected = request.bytes_expected;
  if (store_failed_) return refuse(from, {errc::damaged, "this server's disk failed to write; use another"});
  if (auto admitted = table_.admits(header); !admitted) return refuse(from, admitted.error());
  auto wanted = stored_bytes_ + table_.reserved_bytes() + request.bytes_expected / request.code.m;
  if (capacity_bytes_ > 0 && wanted > capacity_bytes_) return refuse(from, {errc::over_limit, "this server is full"});

  uncommitted_extent extent;
  extent.header = header;
  extent.written(at_.now, from.end);
  table_.insert(std::move(extent));
  step_.effects.push_back(create_extent{header});
  reply(from, extent_progress{header.extent, 0, std::nullopt});
}

// -- fragments --------------------------------------------------------------------------------------------------------

uncommitted_extent* archive_server::writable(const asker& from, const extent_id& id) {
  auto* extent = table_.find(id);
  if (!extent || extent->header.client != from.member()) {
    refuse(from, {errc::not_found, "extent " + id.brief() + " is not open here; open it first"});
    return nullptr;
  }
  if (!extent->open() || extent->sealing || extent->failed) {
    refuse(from, {errc::conflict, "extent " + id.brief() + (extent->failed ? " failed to be written" : " is sealed")});
    return nullptr;
  }
  extent->written(at_.now, from.end);
  return extent;
}

void archive_server::handle(const asker& from, put_piece& request) {
  auto* extent = writable(from, request.extent);
  if (!extent) return;
  if (request.ordinal < extent->entries.size()) {  // kept already: a retry
    auto size = fragment_bytes(extent->header.code, extent->entries[request.ordinal].length);
    if (request.offset + request.data.size() == size) reply(from, fragment_kept{request.extent, request.ordinal});
    return;
  }
  if (auto taken = take_piece(from.end, *extent, request); !taken) {
    table_.finish(*extent);
    return refuse(from, taken.error());
  }
  if (extent->arriving->data.size() == extent->arriving->fragment_bytes) fragment_complete(from, *extent);
}

outcome archive_server::take_piece(const link::endpoint& from, uncommitted_extent& extent, const put_piece& piece) {
  if (piece.data.empty()) return fail(errc::malformed, "a piece without data");
  if (piece.ordinal != extent.entries.size()) {
    return fail(errc::conflict, "block " + std::to_string(piece.ordinal) + " out of order; " + std::to_string(extent.entries.size()) + " is next");
  }
  if (piece.offset == 0) {
    if (!piece.header) return fail(errc::malformed, "a fragment's first piece brings its header");
    auto length = piece.header->entry.length;
    if (length == 0 || length > block_bytes_max) return fail(errc::malformed, "block length out of range");
    if (piece.ordinal >= extent_blocks_max || extent.bytes + length > extent.header.bytes_expected) {
      return fail(errc::over_limit, "more than the extent was opened for");
    }
    if (extent.appending_bytes >= limits().appending_bytes_max) return fail(errc::over_limit, "more fragments under way than this server takes");
    if (auto begun = table_.begin(extent, from, *piece.header); !begun) return begun;
  }
  if (!extent.arriving || piece.offset != extent.arriving->data.size() ||
      piece.offset + piece.data.size() > extent.arriving->fragment_bytes) {
    return fail(errc::malformed, "a piece that does not follow the one before");
  }
  append(extent.arriving->data, piece.data);
  return {};
}

void archive_server::fragment_complete(const asker& from, uncommitted_extent& extent) {
  auto arrived = std::move(*extent.arriving);
  table_.finish(extent);
  auto id = extent.header.extent;
  auto ordinal = static_cast<std::uint32_t>(extent.entries.size());
  if (!planted(planted_bug::skipped_hash_check) &&
      !verify_fragment(arrived.header, extent.header.code, extent.header.index, arrived.data)) {
    report(server_event::kind::fragment_refused, id, ordinal, from.member(), "a fragment that its block's root does not contain");
    return refuse(from, {errc::damaged, "fragment of block " + std::to_string(ordinal) + " does not prove itself against its root"});
  }
  table_.add_entry(extent, arrived.header.entry);
  extent.appending_bytes += arrived.data.size();
  auto ticket = issue(pending_append{from, id, ordinal, arrived.data.size()});
  step_.effects.push_back(
      append_fragment{ticket, id, ordinal, {extent.header.code, extent.header.index, std::move(arrived.header), std::move(arrived.data)}});
}

void archive_server::appended(const pending_append& append, const outcome& stored) {
  auto* extent = table_.find(append.extent);
  if (extent) extent->appending_bytes -= std::min(extent->appending_bytes, append.bytes);
  if (stored && extent) return reply(append.from, fragment_kept{append.extent, append.ordinal});
  if (stored) return refuse(append.from, {errc::not_found, "extent " + append.extent.brief() + " is gone"});
  if (extent) give_up(append.extent, stored.error());
  refuse(append.from, stored.error().within("writing a fragment"));
}

void archive_server::give_up(const extent_id& id, const error& why) {
  auto* extent = table_.find(id);
  if (extent->sealing) {
    extent->failed = why;  // the seal's answer is still to come, and must not become a receipt
  } else {
    table_.erase(id);
    step_.effects.push_back(discard_extent{id});
  }
  if (!why.is(errc::over_limit) && !why.is(errc::conflict)) {
    store_failed_ = true;
    report(server_event::kind::store_failed, id, 0, {}, why.message());
  }
}

// -- sealing ----------------------------------------------------------------------------------------------------------

void archive_server::handle(const asker& from, seal_extent& request) {
  auto* extent = table_.find(request.extent);
  if (!extent) {
    if (auto ticket = begin_read(from, request)) step_.effects.push_back(read_extent{*ticket, request.extent});
    return;
  }
  if (extent->header.client != from.member()) return refuse(from, {errc::denied, "only the client that wrote an extent may seal it"});
  if (!extent->open()) {
    if (extent->header.list != request.list) return refuse(from, {errc::conflict, "the extent is sealed with another list"});
    return reply(from, extent_sealed{receipt_for(extent->header)});
  }
  begin_seal(from, *extent, request);
}

void archive_server::begin_seal(const asker& from, uncommitted_extent& extent, const seal_extent& request) {
  if (extent.failed) return refuse(from, *extent.failed);
  if (extent.sealing) return join_seal(from, request);
  if (extent.arriving || extent.entries.empty() || request.blocks != extent.entries.size() || request.bytes != extent.bytes ||
      request.list != list_hash(extent.entries)) {
    return refuse(from, {errc::conflict, "extent " + request.extent.brief() + " holds " + std::to_string(extent.entries.size()) +
                                             " blocks, which are not the list to be sealed"});
  }
  auto header = extent.header;
  header.state = extent_state::sealed;
  header.list = request.list;
  header.blocks = request.blocks;
  header.bytes = request.bytes;
  header.role_epoch = config_.role_epoch;
  header.expires = at_.wall + limits().receipt_life;
  extent.sealing = true;
  auto ticket = issue(pending_seal{request.extent, header, {from}});
  if (planted(planted_bug::receipt_before_durable)) reply(from, extent_sealed{receipt_for(header)});
  step_.effects.push_back(seal_stored{ticket, {header, extent.entries}});
}

/// Whoever asks again while the store is at it waits for the same answer.
void archive_server::join_seal(const asker& from, const seal_extent& request) {
  for (auto& [ticket, waiting] : pending_) {
    auto* seal = std::get_if<pending_seal>(&waiting);
    if (!seal || seal->extent != request.extent) continue;
    const auto& h = seal->header;
    if (h.list != request.list || h.blocks != request.blocks || h.bytes != request.bytes) {
      return refuse(from, {errc::conflict, "the extent is being sealed with another list"});
    }
    if (std::find(seal->from.begin(), seal->from.end(), from) != seal->from.end()) return;
    if (seal->from.size() >= seal_askers_max) return refuse(from, {errc::over_limit, "the extent is being sealed; ask again"});
    seal->from.push_back(from);
  }
}

void archive_server::sealed(const pending_seal& seal, const outcome& stored) {
  auto* extent = table_.find(seal.extent);
  auto problem = !stored ? std::optional(stored.error().within("sealing extent " + seal.extent.brief())) : extent ? extent->failed : std::nullopt;
  if (problem || !extent) {
    if (extent) {
      extent->sealing = false;
      give_up(seal.extent, *problem);
      if (stored) step_.effects.push_back(drop_extent{seal.extent});  // sealed with a hole in it
    }
    for (const auto& from : seal.from) refuse(from, problem.value_or(error(errc::not_found, "the extent is gone")));
    return;
  }
  table_.sealed(*extent, seal.header);
  extent->check_after = limits().commitment_check;
  extent->check_at = at_.now + extent->check_after;
  report(server_event::kind::extent_sealed, seal.extent, 0, seal.header.client, std::to_string(seal.header.blocks) + " blocks");
  auto receipt = receipt_for(seal.header);
  for (const auto& from : seal.from) reply(from, extent_sealed{receipt});
}

signed_receipt archive_server::receipt_for(const extent_header& sealed) const {
  receipt r;
  r.cluster = config_.cluster;
  r.ring = sealed.ring;
  r.server = config_.self;
  r.role_epoch = sealed.role_epoch;
  r.extent = sealed.extent;
  r.list = sealed.list;
  r.blocks = sealed.blocks;
  r.bytes = sealed.bytes;
  r.index = sealed.index;
  r.code = sealed.code;
  r.expires = sealed.expires;
  return signed_receipt::make(r, key_);
}

void archive_server::set_usage(std::uint64_t stored_bytes, std::uint64_t capacity_bytes) {
  stored_bytes_ = stored_bytes;
  capacity_bytes_ = capacity_bytes;
}

server_step archive_server::on_stored(clock_reading at, store_ticket ticket, const outcome& stored) {
  at_ = at;
  if (auto p = take(ticket)) {
    if (auto* append = std::get_if<pending_append>(&*p)) appended(*append, stored);
    if (auto* seal = std::get_if<pending_seal>(&*p)) sealed(*seal, stored);
  }
  return finish();
}

}  // namespace holdfast::archive

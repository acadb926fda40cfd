#include "protocols/archive/uncommitted_table.hpp"

#include "protocols/archive/reed_solomon.hpp"

namespace holdfast::archive {

namespace {

// What an extent counts for beside its bytes, so that many tiny ones are bounded too.
constexpr std::uint64_t extent_overhead_bytes = 64u << 10;

std::uint64_t reservation(const extent_header& header) {
  auto bytes = header.state == extent_state::open ? header.bytes_expected : header.bytes;
  return bytes / header.code.m + extent_overhead_bytes;
}

}  // namespace

uncommitted_extent* uncommitted_table::find(const extent_id& extent) {
  auto found = extents_.find(extent);
  return found == extents_.end() ? nullptr : &found->second;
}

uncommitted_extent& uncommitted_table::insert(uncommitted_extent extent) {
  erase(extent.header.extent);
  count(extent, true);
  auto id = extent.header.extent;
  return extents_.emplace(id, std::move(extent)).first->second;
}

void uncommitted_table::erase(const extent_id& extent) {
  auto* found = find(extent);
  if (!found) return;
  finish(*found);
  count(*found, false);
  extents_.erase(extent);
}

void uncommitted_table::count(const uncommitted_extent& extent, bool add) {
  auto& client = clients_[extent.header.client];
  auto bytes = reservation(extent.header);
  if (add) {
    client.bytes += bytes;
    client.open += extent.open();
    open_ += extent.open();
    entries_ += extent.entries.size();
    return;
  }
  client.bytes -= bytes;
  client.open -= extent.open();
  open_ -= extent.open();
  entries_ -= extent.entries.size();
  if (client.bytes == 0) clients_.erase(extent.header.client);
}

outcome uncommitted_table::admits(const extent_header& header) const {
  auto client = clients_.find(header.client);
  auto used = client == clients_.end() ? usage{} : client->second;
  if (used.open >= limits_.client_open_extents_max || open_ >= limits_.open_extents_max) {
    return fail(errc::over_limit, "too many extents are being written to this server; finish or abandon some");
  }
  if (used.bytes + reservation(header) > limits_.client_uncommitted_bytes_max) {
    return fail(errc::over_limit, "this client has " + std::to_string(used.bytes) + " bytes dispersed and not committed; commit them first");
  }
  return {};
}

outcome uncommitted_table::begin(uncommitted_extent& extent, const link::endpoint& from, const block_header& header) {
  finish(extent);
  auto size = fragment_bytes(extent.header.code, header.entry.length);
  if (assembling_bytes_ + size > limits_.assembling_bytes_max || entries_ >= limits_.open_entries_max) {
    return fail(errc::unavailable, "this server has as many fragments under way as it can hold; try again");
  }
  assembling_bytes_ += size;
  extent.arriving = assembly{from, header, size, {}};
  return {};
}

void uncommitted_table::finish(uncommitted_extent& extent) {
  if (!extent.arriving) return;
  assembling_bytes_ -= extent.arriving->fragment_bytes;
  extent.arriving.reset();
}

void uncommitted_table::add_entry(uncommitted_extent& extent, const block_entry& entry) {
  extent.entries.push_back(entry);
  extent.bytes += entry.length;
  ++entries_;
}

void uncommitted_table::sealed(uncommitted_extent& extent, const extent_header& header) {
  count(extent, false);
  extent.header = header;
  extent.entries = {};
  extent.sealing = false;
  count(extent, true);
}

void uncommitted_table::release_assemblies(const link::endpoint& from) {
  for (auto& [id, extent] : extents_) {
    if (extent.arriving && extent.arriving->from == from) finish(extent);
  }
}

std::uint64_t uncommitted_table::reserved_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [id, client] : clients_) bytes += client.bytes;
  return bytes;
}

}  // namespace holdfast::archive

#include "tests/simulation/core/disk.hpp"

#include "protocols/codec/reader.hpp"

namespace holdfast::simulation {

namespace {

constexpr std::size_t header_bytes = 12;  // length, checksum

std::uint64_t checksum(bytes_view record) {
  std::uint64_t h = 1469598103934665603ull ^ record.size();
  for (auto b : record) h = (h ^ b) * 1099511628211ull;
  return h;
}

/// The record that begins at `offset`, if one is there whole.
std::optional<bytes_view> record_at(bytes_view content, std::size_t offset) {
  codec::reader header(content.subspan(offset));
  std::uint32_t length = 0;
  std::uint64_t sum = 0;
  if (!header.get(length) || !header.get(sum) || header.remaining() < length) return std::nullopt;
  auto record = content.subspan(offset + header_bytes, length);
  if (checksum(record) != sum) return std::nullopt;
  return record;
}

}  // namespace

void log_disk::append(std::uint64_t ticket, bytes_view record, bool sync) {
  codec::writer framed(std::move(content_));
  framed.put(static_cast<std::uint32_t>(record.size()));
  framed.put(checksum(record));
  framed.raw(record);
  content_ = framed.take();
  pending_.push_back({ticket, content_.size(), sync});
  pass_point();
  if (!sync || syncing_ || failed_) return;
  syncing_ = true;
  events_.after(0us, [this, life = life_] {  // whatever is appended in the same step shares the fsync
    if (life == life_) begin_sync();
  });
}

void log_disk::begin_sync() {
  pass_point();
  auto takes = between(random_, options_.sync_min, options_.sync_max);
  if (chance(random_, options_.stall)) takes *= 50;
  events_.after(takes, [this, life = life_, covered = content_.size()] {
    if (life == life_) end_sync(covered);
  });
}

void log_disk::end_sync(std::size_t covered_bytes) {
  syncing_ = false;
  if (chance(random_, options_.failure)) {
    failed_ = true;
    listener_.failed();
    return;
  }
  durable_bytes_ = covered_bytes;
  pass_point();
  auto behind = std::find_if(pending_.begin(), pending_.end(), [&](const pending& p) { return p.end > covered_bytes; });
  auto ticket = std::prev(behind)->ticket;  // there is one: an fsync begins with something to make durable
  pending_.erase(pending_.begin(), behind);
  if (std::any_of(pending_.begin(), pending_.end(), [](const pending& p) { return p.sync; })) {
    syncing_ = true;
    begin_sync();
  }
  listener_.durable(ticket);
}

void log_disk::pass_point() {
  ++points_;
  // From the loop, not from within: the node is in the middle of carrying out a step.
  events_.after(0us, [this, point = points_, life = life_] {
    if (life == life_) listener_.point_passed(point);
  });
}

void log_disk::crash() {
  ++life_;
  auto survivors = durable_bytes_ + random_.below(content_.size() - durable_bytes_ + 1);
  if (chance(random_, options_.torn) && survivors > durable_bytes_) {
    auto hole = durable_bytes_ + random_.below(survivors - durable_bytes_);
    std::fill(content_.begin() + static_cast<std::ptrdiff_t>(hole), content_.begin() + static_cast<std::ptrdiff_t>(survivors), 0);
  }
  content_.resize(survivors);
  pending_.clear();
  syncing_ = failed_ = false;
}

log_content log_disk::recover() {
  log_content found;
  std::size_t offset = 0;
  while (auto record = record_at(content_, offset)) {
    found.records.push_back(to_bytes(*record));
    offset += header_bytes + record->size();
  }
  found.intact = offset >= durable_bytes_;
  content_.resize(offset);
  durable_bytes_ = offset;
  return found;
}

std::vector<std::size_t> log_disk::record_ends() const {
  std::vector<std::size_t> ends;
  std::size_t offset = 0;
  while (auto record = record_at(content_, offset)) ends.push_back(offset += header_bytes + record->size());
  return ends;
}

void log_disk::wipe() {
  content_.clear();
  durable_bytes_ = 0;
}

void log_disk::roll_back(std::size_t count) {
  auto ends = record_ends();
  content_.resize(count < ends.size() ? ends[ends.size() - 1 - count] : 0);
  durable_bytes_ = content_.size();
}

void log_disk::flip_bit() {
  if (durable_bytes_ > 0) content_[random_.below(durable_bytes_)] ^= static_cast<std::uint8_t>(1u << random_.below(8));
}

}  // namespace holdfast::simulation

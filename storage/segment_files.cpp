#include "storage/segment_files.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace holdfast::storage {
namespace {

constexpr std::size_t open_files_max = 256;  ///< descriptors kept for reading
constexpr std::uint64_t writeback_bytes = 8u << 20;
constexpr std::string_view suffix = ".fragments";

std::optional<std::uint64_t> number_of(std::string_view name) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

}  // namespace

segment_files::segment_files(file_system& files, std::string directory, std::uint64_t segment_bytes)
    : files_(files), directory_(std::move(directory)), segment_bytes_(segment_bytes) {}

std::string segment_files::name_of(std::uint64_t number) {
  auto digits = std::to_string(number);
  return std::string(12 - std::min<std::size_t>(12, digits.size()), '0') + digits + std::string(suffix);
}

std::string segment_files::path(std::uint64_t number) const { return directory_ + "/" + name_of(number); }

outcome segment_files::open(std::uint64_t above) {
  std::lock_guard guard(mutex_);
  if (auto made = files_.create_directories(directory_); !made) return made;
  auto names = files_.list(directory_);
  if (!names) return fail(names.error());
  for (const auto& name : *names) {
    auto number = number_of(name);
    if (!number) continue;
    auto opened = files_.open(path(*number), open_mode::read);
    if (!opened) return fail(opened.error());
    auto size = (*opened)->size();
    if (!size) return fail(size.error());
    segments_[*number].size = *size;
    total_ += *size;
    above = std::max(above, *number);
  }
  next_ = above + 1;
  return {};
}

outcome segment_files::begin_segment() {
  auto made = files_.open(path(next_), open_mode::create_new);
  if (!made) return fail(made.error());
  // The name must be durable before the index may speak of it.
  if (auto done = files_.sync_directory(directory_); !done) {
    static_cast<void>(files_.remove(path(next_)));
    return done;
  }
  newest_ = next_++;
  current_ = std::move(*made);
  segments_[newest_];
  remember(newest_, current_);
  return {};
}

result<segment_files::space> segment_files::take(std::uint64_t length) {
  std::lock_guard guard(mutex_);
  if (newest_ == 0 || segments_[newest_].size >= segment_bytes_) {
    if (auto begun = begin_segment(); !begun) return fail(begun.error());
  }
  auto& s = segments_[newest_];
  space taken{current_, newest_, s.size, length};
  s.size += length;
  total_ += length;
  ++s.holds;
  return taken;
}

outcome segment_files::write(const space& s, std::span<const bytes_view> parts) {
  auto written = s.where->write(s.offset, parts);
  auto end = s.offset + s.length;
  if (end / writeback_bytes != s.offset / writeback_bytes) {
    auto from = s.offset / writeback_bytes * writeback_bytes;
    s.where->start_writeback(from, end - from);
  }
  std::lock_guard guard(mutex_);
  auto& about = segments_[s.segment];
  about.unsynced = s.where;
  if (!written && about.size == end) {  // nobody came behind: the space can be given out again
    about.size = s.offset;
    total_ -= s.length;
  }
  return written;
}

void segment_files::release(std::uint64_t segment) {
  std::lock_guard guard(mutex_);
  --segments_[segment].holds;
}

outcome segment_files::sync(const std::set<std::uint64_t>& segments) {
  for (auto number : segments) {
    std::shared_ptr<file> unsynced;
    {
      std::lock_guard guard(mutex_);
      unsynced = std::exchange(segments_[number].unsynced, nullptr);
    }
    if (!unsynced) continue;
    if (auto done = unsynced->sync(); !done) return done;
  }
  return {};
}

std::shared_ptr<file> segment_files::remember(std::uint64_t number, std::shared_ptr<file> opened) {
  opened_.emplace_front(number, std::move(opened));
  if (opened_.size() > open_files_max) opened_.pop_back();
  return opened_.front().second;
}

result<std::shared_ptr<file>> segment_files::get(std::uint64_t segment) {
  std::lock_guard guard(mutex_);
  auto found = std::find_if(opened_.begin(), opened_.end(), [&](const auto& entry) { return entry.first == segment; });
  if (found != opened_.end()) {
    opened_.splice(opened_.begin(), opened_, found);
    return opened_.front().second;
  }
  auto opened = files_.open(path(segment), open_mode::read);
  if (!opened && opened.error().is(errc::not_found)) return fail(errc::corrupt, "segment file " + path(segment) + " is missing");
  if (!opened) return fail(opened.error());
  return remember(segment, std::move(*opened));
}

result<bool> segment_files::remove_unheld(std::uint64_t segment) {
  std::lock_guard guard(mutex_);
  auto found = segments_.find(segment);
  if (found == segments_.end()) return true;
  if (segment == newest_ || found->second.holds > 0) return false;
  if (auto removed = files_.remove(path(segment)); !removed && !removed.error().is(errc::not_found)) return fail(removed.error());
  total_ -= found->second.size;
  segments_.erase(found);
  std::erase_if(opened_, [&](const auto& entry) { return entry.first == segment; });
  return true;
}

outcome segment_files::set_aside(std::uint64_t segment, const std::string& folder) {
  std::lock_guard guard(mutex_);
  auto found = segments_.find(segment);
  if (found == segments_.end()) return {};
  auto moved = files_.create_directories(folder);
  if (moved) moved = files_.rename(path(segment), folder + "/" + name_of(segment));
  if (moved) moved = files_.sync_directory(folder);
  if (moved) moved = files_.sync_directory(directory_);
  if (!moved) return moved;
  total_ -= found->second.size;
  segments_.erase(found);
  return {};
}

std::set<std::uint64_t> segment_files::present() const {
  std::lock_guard guard(mutex_);
  std::set<std::uint64_t> numbers;
  for (const auto& [number, s] : segments_) numbers.insert(number);
  return numbers;
}

std::uint64_t segment_files::bytes() const {
  std::lock_guard guard(mutex_);
  return total_;
}

std::size_t segment_files::count() const {
  std::lock_guard guard(mutex_);
  return segments_.size();
}

}  // namespace holdfast::storage

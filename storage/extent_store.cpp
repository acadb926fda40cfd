#include "storage/extent_store.hpp"

#include <atomic>

#include "storage/extent_index.hpp"
#include "storage/fragment_reader.hpp"
#include "storage/segment_files.hpp"

namespace holdfast::storage {
namespace {

constexpr std::uint64_t page_meta_bytes_max = 64u << 20;

}  // namespace

struct extent_store::state {
  state(file_system& fs, std::string dir, database& db, extent_store_options o)
      : files(fs), directory(std::move(dir)), options(o), index(db), segments(fs, directory, o.segment_bytes) {}

  file_system& files;
  std::string directory;
  extent_store_options options;
  extent_index index;
  segment_files segments;
  std::vector<std::uint64_t> missing;

  std::mutex index_mutex;  ///< held over every change of the index and every deletion of a segment
  std::set<std::uint64_t> emptied;  ///< by drops; deleted once nothing holds them. Under `index_mutex`
  mutable std::mutex mutex;
  std::map<extent_id, block_places> open;  ///< each place in it holds its segment
  std::uint64_t open_blocks = 0;
  std::atomic<bool> broken = false;

  outcome usable() const;
  outcome settle(outcome done);
  std::uint64_t free_bytes() const;
  outcome admit(std::uint64_t space) const;
  void keep_open(const extent_id& extent, std::uint32_t block, const fragment_place& place);
  std::set<std::uint64_t> forget_open(const extent_id& extent);
  void forget_committed(const extent_id& extent, const block_places& committed);
  block_places open_places(const extent_id& extent) const;

  outcome collect(const std::set<std::uint64_t>& candidates);
  outcome find_segments();
  result<fragment_place> place_of(const extent_id& extent, std::uint32_t block) const;
  result<fragment_reader> reader_of(const extent_id& extent, std::uint32_t block);
};

/// After a failed write or sync nobody knows what the disk holds, so nothing more is promised.
outcome extent_store::state::usable() const {
  if (!broken) return {};
  return fail(errc::io_failed, "the extent store in " + directory + " stopped after a failed write; check the disk and start the node again");
}

outcome extent_store::state::settle(outcome done) {
  if (!done && !done.error().is(errc::no_space)) broken = true;
  return done;
}

extent_store::extent_store(std::unique_ptr<state> s) : state_(std::move(s)) {}
extent_store::~extent_store() = default;

// --- opening ---

result<std::unique_ptr<extent_store>> extent_store::open(file_system& files, std::string directory, database& index,
                                                         extent_store_options options) {
  auto s = std::make_unique<state>(files, std::move(directory), index, options);
  if (auto done = s->find_segments(); !done) return fail(done.error().within("opening the extent store in " + s->directory));
  return std::unique_ptr<extent_store>(new extent_store(std::move(s)));
}

/// Compares the files with the index: what only the index knows is missing, what only the disk has was never committed.
outcome extent_store::state::find_segments() {
  auto known = index.segments();
  if (!known) return fail(known.error());
  if (auto done = segments.open(known->empty() ? 0 : *known->rbegin()); !done) return done;
  auto present = segments.present();
  std::set_difference(known->begin(), known->end(), present.begin(), present.end(), std::back_inserter(missing));
  for (auto number : present) {
    if (known->contains(number)) continue;
    if (!options.unreferenced_to.empty()) {
      if (auto moved = segments.set_aside(number, options.unreferenced_to); !moved) return moved;
    } else if (auto removed = segments.remove_unheld(number); !removed) {
      return fail(removed.error());
    }
  }
  return {};
}

// --- writing ---

std::uint64_t extent_store::state::free_bytes() const {
  auto held = segments.bytes();
  auto by_limit = options.bytes_max - std::min(options.bytes_max, held);
  auto space = files.space(directory);
  if (!space) return by_limit;
  return std::min(by_limit, space->available_bytes - std::min(space->available_bytes, options.free_bytes_min));
}

outcome extent_store::state::admit(std::uint64_t space) const {
  if (space > free_bytes())
    return fail(errc::no_space, "the disk of " + directory + " is full: " + std::to_string(space) + " bytes refused");
  std::lock_guard guard(mutex);
  if (open_blocks < options.open_blocks_max) return {};
  return fail(errc::over_limit, "too many fragments wait for their extents to be sealed");
}

void extent_store::state::keep_open(const extent_id& extent, std::uint32_t block, const fragment_place& place) {
  std::lock_guard guard(mutex);
  auto [at, fresh] = open[extent].emplace(block, place);
  if (fresh) {
    ++open_blocks;
    return;
  }
  segments.release(at->second.segment);
  at->second = place;
}

outcome extent_store::append(const extent_id& extent, std::uint32_t block, bytes_view meta, bytes_view fragment) {
  auto& s = *state_;
  if (fragment.size() > fragment_bytes_max || meta.size() > fragment_meta_bytes_max || block >= archive::extent_blocks_max)
    return fail(errc::over_limit, fragment_name(extent, block) + " exceeds a bound of the store");
  if (auto ready = s.usable(); !ready) return ready;
  auto length = static_cast<std::uint32_t>(fragment.size());
  auto meta_length = static_cast<std::uint32_t>(meta.size());
  auto space = fragment_head_space(meta_length, length) + length;
  if (auto admitted = s.admit(space); !admitted) return admitted;
  auto taken = s.segments.take(space);
  if (!taken) return s.settle(fail(taken.error()));
  auto head = encode_fragment_head(extent, block, meta, fragment);
  std::array<bytes_view, 2> parts{head, fragment};
  if (auto written = s.settle(s.segments.write(*taken, parts)); !written) {
    s.segments.release(taken->segment);
    return written;
  }
  s.keep_open(extent, block, {taken->segment, taken->offset, meta_length, length});
  return {};
}

// --- sealing ---

block_places extent_store::state::open_places(const extent_id& extent) const {
  std::lock_guard guard(mutex);
  auto found = open.find(extent);
  return found == open.end() ? block_places{} : found->second;
}

void extent_store::state::forget_committed(const extent_id& extent, const block_places& committed) {
  std::lock_guard guard(mutex);
  auto found = open.find(extent);
  if (found == open.end()) return;
  for (const auto& [block, place] : committed) {
    auto at = found->second.find(block);
    if (at == found->second.end() || at->second != place) continue;  // appended again meanwhile: still open
    segments.release(place.segment);
    found->second.erase(at);
    --open_blocks;
  }
  if (found->second.empty()) open.erase(found);
}

outcome extent_store::commit(std::span<const seal_request> seals) {
  auto& s = *state_;
  std::lock_guard index_guard(s.index_mutex);
  if (auto ready = s.usable(); !ready) return ready;
  std::vector<block_places> places;
  std::set<std::uint64_t> touched;
  write_batch batch;
  for (const auto& seal : seals) {
    if (seal.meta.size() > extent_meta_bytes_max)
      return fail(errc::over_limit, "the meta of extent " + seal.extent.brief() + " has " + std::to_string(seal.meta.size()) + " bytes");
    places.push_back(s.open_places(seal.extent));
    if (places.back().empty()) {
      if (auto known = s.index.info(seal.extent); !known) return fail(known.error());
    }
    for (const auto& [block, place] : places.back()) touched.insert(place.segment);
    if (auto added = s.index.seal(batch, seal.extent, seal.meta, places.back()); !added) return added;
  }
  // The order is the promise: the bytes first, then what says that they are there.
  if (auto done = s.settle(s.segments.sync(touched)); !done) return done;
  if (auto done = s.settle(s.index.write(batch, durability::synced)); !done) return done;
  for (std::size_t i = 0; i < seals.size(); ++i) s.forget_committed(seals[i].extent, places[i]);
  return {};
}

outcome extent_store::seal(const extent_id& extent, bytes meta) {
  seal_request one{extent, std::move(meta)};
  return commit(std::span(&one, 1));
}

// --- reading ---

result<fragment_place> extent_store::state::place_of(const extent_id& extent, std::uint32_t block) const {
  {
    std::lock_guard guard(mutex);
    if (auto found = open.find(extent); found != open.end()) {
      if (auto at = found->second.find(block); at != found->second.end()) return at->second;
    }
  }
  return index.place(extent, block);
}

result<fragment_reader> extent_store::state::reader_of(const extent_id& extent, std::uint32_t block) {
  auto place = place_of(extent, block);
  if (!place) return fail(place.error());
  auto reader = fragment_reader::open(segments, extent, block, *place);
  if (reader) return reader;
  // Dropped or repaired between the two steps? Then the index answers otherwise now.
  auto again = place_of(extent, block);
  if (!again) return fail(again.error());
  return *again == *place ? reader : fragment_reader::open(segments, extent, block, *again);
}

result<bytes> extent_store::read(const extent_id& extent, std::uint32_t block, std::uint64_t offset, std::uint64_t length) const {
  auto reader = state_->reader_of(extent, block);
  if (!reader) return fail(reader.error());
  return reader->range(offset, length);
}

result<bytes> extent_store::read_meta(const extent_id& extent, std::uint32_t block) const {
  auto reader = state_->reader_of(extent, block);
  if (!reader) return fail(reader.error());
  return reader->meta();
}

result<std::uint32_t> extent_store::fragment_length(const extent_id& extent, std::uint32_t block) const {
  auto place = state_->place_of(extent, block);
  if (!place) return fail(place.error());
  return place->length;
}

result<std::vector<std::uint32_t>> extent_store::blocks(const extent_id& extent) const {
  auto places = state_->open_places(extent);
  auto sealed = state_->index.places(extent);
  if (!sealed) return fail(sealed.error());
  places.merge(*sealed);
  std::vector<std::uint32_t> blocks;
  for (const auto& [block, place] : places) blocks.push_back(block);
  return blocks;
}

result<extent_info> extent_store::stat(const extent_id& extent) const { return state_->index.info(extent); }

result<extent_page> extent_store::list(const extent_id& cursor, std::size_t limit) const {
  extent_page page;
  std::uint64_t meta_bytes = 0;
  auto scanned = state_->index.scan(cursor, [&](const extent_id& extent, result<extent_info> info) {
    auto size = info ? info->meta.size() : 0;
    if (page.extents.size() + page.damaged.size() == limit || (meta_bytes > 0 && meta_bytes + size > page_meta_bytes_max)) {
      page.next = extent;
      return false;
    }
    meta_bytes += size;
    if (info) page.extents.push_back(std::move(*info));
    else page.damaged.push_back(extent);
    return true;
  });
  if (!scanned) return fail(scanned.error());
  return page;
}

// --- forgetting ---

std::set<std::uint64_t> extent_store::state::forget_open(const extent_id& extent) {
  std::lock_guard guard(mutex);
  std::set<std::uint64_t> touched;
  auto found = open.find(extent);
  if (found == open.end()) return touched;
  for (const auto& [block, place] : found->second) {
    segments.release(place.segment);
    touched.insert(place.segment);
  }
  open_blocks -= found->second.size();
  open.erase(found);
  return touched;
}

/// Deletes those segments that hold nothing any more, now or, if they are still written to, at a later call. Called with `index_mutex` held.
outcome extent_store::state::collect(const std::set<std::uint64_t>& candidates) {
  emptied.insert(candidates.begin(), candidates.end());
  bool synced = false;
  for (auto it = emptied.begin(); it != emptied.end();) {
    auto used = index.holds_any(*it);
    if (!used) return fail(used.error());
    bool settled = *used;
    if (!settled) {
      // The index must have forgotten for good before the bytes go, or a crash would leave entries that point at nothing.
      if (auto done = synced ? outcome{} : index.sync(); !done) return done;
      synced = true;
      auto removed = segments.remove_unheld(*it);
      if (!removed) return fail(removed.error());
      settled = *removed;
    }
    it = settled ? emptied.erase(it) : std::next(it);
  }
  return {};
}

outcome extent_store::drop(const extent_id& extent) {
  auto& s = *state_;
  std::lock_guard index_guard(s.index_mutex);
  if (auto ready = s.usable(); !ready) return ready;
  write_batch batch;
  auto candidates = s.index.drop(batch, extent);
  if (!candidates) return fail(candidates.error());
  if (!batch.empty()) {
    if (auto done = s.settle(s.index.write(batch, durability::lazy)); !done) return done;
  }
  candidates->merge(s.forget_open(extent));
  return s.collect(*candidates);
}

std::vector<extent_id> extent_store::open_extents() const {
  std::vector<extent_id> all;
  std::lock_guard guard(state_->mutex);
  for (const auto& [extent, places] : state_->open) all.push_back(extent);
  return all;
}

void extent_store::discard(const extent_id& extent) {
  std::lock_guard index_guard(state_->index_mutex);
  // A segment that cannot be deleted now is deleted at the next opening.
  static_cast<void>(state_->collect(state_->forget_open(extent)));
}

extent_store_usage extent_store::usage() const {
  extent_store_usage usage;
  usage.segment_bytes = state_->segments.bytes();
  usage.segments = state_->segments.count();
  usage.free_bytes = state_->free_bytes();
  std::lock_guard guard(state_->mutex);
  usage.open_extents = state_->open.size();
  return usage;
}

const std::vector<std::uint64_t>& extent_store::missing_segments() const { return state_->missing; }

}  // namespace holdfast::storage

#include "tests/simulation/dispersal/extent_disk.hpp"

namespace holdfast::simulation {

using namespace archive;

std::vector<block_entry> extent_disk::kept_extent::entries() const {
  std::vector<block_entry> list;
  for (const auto& f : fragments) list.push_back(f.content.header.entry);
  return list;
}

void extent_disk::carry_out(store_effect effect) {
  std::visit([this](auto& e) { carry(e); }, effect);
}

void extent_disk::later(duration takes, std::function<void()> action) {
  busy_until_ = std::max(busy_until_, events_.now()) + takes;
  events_.at(busy_until_, [this, life = life_, action = std::move(action)] {
    if (life == life_) action();
  });
}

duration extent_disk::sync_takes() {
  auto takes = between(random_, options_.sync_min, options_.sync_max);
  return chance(random_, options_.stall) ? takes * 50 : takes;
}

void extent_disk::pass_point() {
  events_.after(0us, [this, point = ++points_, life = life_] {
    if (life == life_) listener_.point_passed(point);
  });
}

void extent_disk::carry(create_extent& e) {
  auto& kept = extents_[e.header.extent];
  if (kept.header.state != extent_state::committed) kept = {e.header, {}, false};
  pass_point();
}

void extent_disk::carry(append_fragment& e) {
  pass_point();
  later(50us, [this, e] {
    auto kept = extents_.find(e.extent);
    if (kept == extents_.end() || kept->second.durable || kept->second.fragments.size() != e.ordinal) {
      return listener_.stored(e.ticket, fail(errc::not_found, "the extent is not open for this fragment"));
    }
    kept->second.fragments.push_back({e.fragment});
    listener_.stored(e.ticket, {});
  });
}

void extent_disk::carry(seal_stored& e) {
  pass_point();
  later(sync_takes(), [this, e] {
    auto kept = extents_.find(e.extent.header.extent);
    if (chance(random_, options_.failure)) return listener_.stored(e.ticket, fail(errc::unavailable, "the disk failed"));
    if (kept == extents_.end() || kept->second.fragments.size() != e.extent.entries.size()) {
      return listener_.stored(e.ticket, fail(errc::not_found, "the extent is not there whole"));
    }
    kept->second.header = e.extent.header;
    kept->second.header.state = extent_state::sealed;
    kept->second.durable = true;
    pass_point();
    listener_.stored(e.ticket, {});
  });
}

void extent_disk::carry(mark_committed& e) {
  if (auto kept = extents_.find(e.extent); kept != extents_.end()) kept->second.header.state = extent_state::committed;
}

void extent_disk::carry(discard_extent& e) {
  if (auto kept = extents_.find(e.extent); kept != extents_.end() && !kept->second.durable) extents_.erase(kept);
  pass_point();
}

void extent_disk::carry(drop_extent& e) {
  extents_.erase(e.extent);
  pass_point();
}

void extent_disk::carry(replace_fragment& e) {
  pass_point();
  later(sync_takes(), [this, e] {
    auto kept = extents_.find(e.extent);
    if (kept == extents_.end() || e.ordinal >= kept->second.fragments.size()) {
      return listener_.stored(e.ticket, fail(errc::not_found, "there is no such fragment to replace"));
    }
    kept->second.fragments[e.ordinal] = {e.fragment};
    listener_.stored(e.ticket, {});
  });
}

void extent_disk::carry(read_fragment& e) {
  later(between(random_, 50us, 2ms), [this, e]() -> void {
    auto kept = extents_.find(e.extent);
    if (kept == extents_.end() || e.ordinal >= kept->second.fragments.size()) {
      return listener_.fragment(e.ticket, fail(errc::not_found, "there is no such fragment"));
    }
    const auto& fragment = kept->second.fragments[e.ordinal];
    if (fragment.damaged) return listener_.fragment(e.ticket, fail(errc::damaged, "the fragment's checksum is wrong"));
    listener_.fragment(e.ticket, fragment.content);
  });
}

void extent_disk::carry(read_extent& e) {
  later(between(random_, 50us, 2ms), [this, e]() -> void {
    auto kept = extents_.find(e.extent);
    if (kept == extents_.end()) return listener_.extent(e.ticket, fail(errc::not_found, "there is no such extent"));
    listener_.extent(e.ticket, stored_extent{kept->second.header, kept->second.entries()});
  });
}

void extent_disk::carry(read_inventory& e) {
  later(between(random_, 50us, 2ms), [this, e] {
    std::vector<extent_header> found;
    for (auto kept = extents_.upper_bound(e.after); kept != extents_.end() && found.size() < e.count; ++kept) {
      if (kept->second.header.state != extent_state::open) found.push_back(kept->second.header);
    }
    listener_.inventory(e.ticket, std::move(found));
  });
}

void extent_disk::crash() {
  ++life_;
  busy_until_ = events_.now();
  for (auto kept = extents_.begin(); kept != extents_.end();) {
    auto& extent = kept->second;
    if (extent.durable) {
      // That it is committed need not have been written; the ring is asked again.
      if (random_.below(2) && extent.header.state == extent_state::committed) extent.header.state = extent_state::sealed;
      ++kept;
      continue;
    }
    extent.fragments.resize(random_.below(extent.fragments.size() + 1));
    kept = random_.below(2) ? extents_.erase(kept) : std::next(kept);
  }
}

std::vector<stored_extent> extent_disk::recover() const {
  std::vector<stored_extent> found;
  for (const auto& [id, kept] : extents_) {
    if (kept.header.state != extent_state::committed) found.push_back({kept.header, kept.entries()});
  }
  return found;
}

void extent_disk::flip_bit() {
  std::vector<kept_fragment*> durable;
  for (auto& [id, kept] : extents_) {
    for (auto& fragment : kept.fragments) {
      if (kept.durable) durable.push_back(&fragment);
    }
  }
  if (!durable.empty()) durable[random_.below(durable.size())]->damaged = true;
}

std::map<extent_id, extent_header> extent_disk::held() const {
  std::map<extent_id, extent_header> found;
  for (const auto& [id, kept] : extents_) {
    if (kept.durable) found.emplace(id, kept.header);
  }
  return found;
}

bool extent_disk::holds_durably(const extent_id& extent, const digest& list) const {
  auto kept = extents_.find(extent);
  return kept != extents_.end() && kept->second.durable && kept->second.header.list == list;
}

std::size_t extent_disk::sound_fragments(const extent_id& extent) const {
  auto kept = extents_.find(extent);
  if (kept == extents_.end() || !kept->second.durable) return 0;
  const auto& fragments = kept->second.fragments;
  return static_cast<std::size_t>(std::count_if(fragments.begin(), fragments.end(), [](const auto& f) { return !f.damaged; }));
}

}  // namespace holdfast::simulation

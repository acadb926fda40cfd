#include "protocols/archive/filler.hpp"

#include <cassert>

namespace holdfast::archive {

namespace {

constexpr duration list_timeout = std::chrono::seconds(3);         // of each part
constexpr duration whole_list_timeout = std::chrono::seconds(15);  // of all that one holder gives
constexpr std::uint64_t list_requests = 1ull << 30;  // list requests are numbered above the collector's

}  // namespace

filler::filler(filler_config config)
    : config_(std::move(config)), codec_(config_.record.code), collector_(config_.request_base), tickets_(config_.ticket_base) {
  assert(config_.slot < config_.record.slots.size());
  list_request_ = config_.request_base + list_requests;
  for (const auto& server : config_.record.slots) {
    if (server && *server != config_.self) holders_.push_back(*server);
  }
}

filler_step filler::start(clock_reading at) {
  at_ = at;
  if (holders_.empty()) {
    end({errc::unavailable, "extent " + config_.record.extent.brief() + " has no other holder to rebuild it from"});
  } else {
    ask_list();
  }
  return finish();
}

// -- the list ---------------------------------------------------------------------------------------------------------

void filler::ask_list() {
  list_asked_ = at_.now;
  if (entries_.empty()) list_begun_ = at_.now;
  step_.requests.push_back({holders_[holder_], {++list_request_, get_list{config_.record.extent, static_cast<std::uint32_t>(entries_.size())}}});
}

void filler::list_arrived(const list_part& part) {
  // Full parts only: a holder that gives one entry at a time would keep this filler busy for an hour.
  if (part.blocks != config_.record.blocks || part.first != entries_.size() ||
      part.entries.size() != std::min<std::size_t>(list_page_entries_max, part.blocks - entries_.size())) {
    return next_holder("its list is not the record's");
  }
  entries_.insert(entries_.end(), part.entries.begin(), part.entries.end());
  if (entries_.size() < part.blocks) return ask_list();
  if (list_hash(entries_) != config_.record.list) return next_holder("its list does not hash to the record's");
  list_complete();
}

void filler::next_holder(std::string why) {
  list_trouble_ = holders_[holder_].brief() + ": " + std::move(why);
  entries_.clear();
  if (++holder_ == holders_.size()) return end({errc::unavailable, "no holder gives the block list; " + list_trouble_});
  ask_list();
}

void filler::list_complete() {
  list_known_ = true;
  auto& h = filled_.header;
  h.extent = config_.record.extent;
  h.ring = config_.ring;
  h.client = config_.self;
  h.code = config_.record.code;
  h.index = config_.slot;
  h.directory_version = config_.record.directory_version;
  h.opened = at_.wall;
  h.bytes_expected = config_.record.bytes;
  for (auto ordinal : config_.only) {
    if (ordinal >= entries_.size()) return end({errc::not_found, "the extent has no block " + std::to_string(ordinal)});
  }
  if (config_.only.empty()) step_.effects.push_back(create_extent{h});
  fetch_more();
}

// -- the blocks -------------------------------------------------------------------------------------------------------

std::uint32_t filler::ordinal_at(std::size_t position) const {
  return config_.only.empty() ? static_cast<std::uint32_t>(position) : config_.only[position];
}

std::size_t filler::positions() const { return config_.only.empty() ? entries_.size() : config_.only.size(); }

void filler::fetch_more() {
  // What is fetched, rebuilt or being written counts, so memory stays bounded by the window.
  while (!outcome_ && fetched_ < positions() && fetched_ - stored_ + writing_.size() < config_.blocks_under_way_max) {
    auto position = fetched_++;
    const auto& entry = entries_[ordinal_at(position)];
    block_want want{config_.record.extent, ordinal_at(position), entry.block, entry.length, config_.record.code, config_.record.slots, {}, false};
    want.fragment_root = entry.fragment_root;
    for (auto& server : want.slots) {
      if (server == config_.self) server.reset();
    }
    take(collector_.fetch(at_, position, std::move(want)));
  }
}

void filler::take(collector_step step) {
  for (auto& request : step.requests) step_.requests.push_back(std::move(request));
  for (const auto& fetched : step.fetched) rebuilt(fetched);
}

void filler::rebuilt(const fetched_block& fetched) {
  if (outcome_) return;
  auto ordinal = ordinal_at(fetched.fetch);
  if (!fetched.ciphertext) return end(fetched.ciphertext.error());
  auto coded = code_block(codec_, *fetched.ciphertext);
  if (coded.entry != entries_[ordinal]) {
    step_.evidence.push_back({config_.record.extent, ordinal, entries_[ordinal], coded.entry.fragment_root});
    return end({errc::damaged, "block " + std::to_string(ordinal) + " of extent " + config_.record.extent.brief() +
                                   " does not code to the fragments that were dispersed"});
  }
  auto& own = coded.fragments[config_.slot];
  ready_.emplace(fetched.fetch, stored_fragment{config_.record.code, config_.slot, {coded.entry, std::move(own.path)}, std::move(own.data)});
  store_ready();
}

void filler::store_ready() {
  while (!ready_.empty() && ready_.begin()->first == stored_) {
    auto fragment = std::move(ready_.extract(ready_.begin()).mapped());
    auto ordinal = ordinal_at(stored_++);
    store_ticket ticket{++tickets_};
    writing_.insert(ticket);
    filled_.bytes += fragment.data.size();
    if (config_.only.empty()) {
      step_.effects.push_back(append_fragment{ticket, config_.record.extent, ordinal, std::move(fragment)});
    } else {
      step_.effects.push_back(replace_fragment{ticket, config_.record.extent, ordinal, std::move(fragment)});
    }
  }
}

filler_step filler::on_stored(clock_reading at, store_ticket ticket, const holdfast::outcome& stored) {
  at_ = at;
  bool ours = writing_.erase(ticket) > 0 || sealing_ == ticket;
  if (!ours || outcome_) return finish();
  if (!stored) {
    end(stored.error().within("filling in extent " + config_.record.extent.brief()));
  } else if (sealing_) {
    outcome_ = filled_;
  } else {
    ++done_;
    fetch_more();
    if (done_ == positions()) close();
  }
  return finish();
}

void filler::close() {
  filled_.blocks = done_;
  if (!config_.only.empty()) {
    outcome_ = filled_;
    return;
  }
  auto& h = filled_.header;
  h.state = extent_state::sealed;
  h.list = config_.record.list;
  h.blocks = config_.record.blocks;
  h.bytes = config_.record.bytes;
  h.role_epoch = config_.role_epoch;
  h.expires = at_.wall + config_.receipt_life;
  sealing_ = store_ticket{++tickets_};
  step_.effects.push_back(seal_stored{*sealing_, {h, entries_}});
}

void filler::end(error why) {
  if (outcome_) return;
  if (list_known_ && config_.only.empty()) step_.effects.push_back(discard_extent{config_.record.extent});
  outcome_ = fail(std::move(why));
}

// -- inputs -----------------------------------------------------------------------------------------------------------

filler_step filler::on_reply(clock_reading at, const node_id& from, const service_reply& reply) {
  at_ = at;
  if (outcome_) return finish();
  if (list_known_) {
    take(collector_.on_reply(at, from, reply));
    fetch_more();
  } else if (reply.id == list_request_ && from == holders_[holder_]) {
    if (auto* part = std::get_if<list_part>(&reply.body)) {
      list_arrived(*part);
    } else if (auto* why = std::get_if<refusal>(&reply.body)) {
      next_holder(why->sentence);
    } else {
      next_holder("it answers with something else");
    }
  }
  return finish();
}

filler_step filler::on_peer_lost(clock_reading at, const node_id& peer) {
  at_ = at;
  if (outcome_) return finish();
  if (list_known_) {
    take(collector_.on_peer_lost(at, peer));
  } else if (holders_[holder_] == peer) {
    next_holder("the link to it is down");
  }
  return finish();
}

filler_step filler::on_timer(clock_reading at) {
  at_ = at;
  if (outcome_) return finish();
  if (list_known_) {
    take(collector_.on_timer(at));
    fetch_more();
  } else if (at.now - list_asked_ > list_timeout || at.now - list_begun_ > whole_list_timeout) {
    next_holder("no answer in time");
  }
  return finish();
}

filler_step filler::finish() { return std::exchange(step_, {}); }

}  // namespace holdfast::archive

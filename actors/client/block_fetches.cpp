#include "actors/client/block_fetches.hpp"

#include <caf/send.hpp>

namespace holdfast::actors {

namespace {

constexpr auto silence_max = std::chrono::minutes(3);  ///< far beyond what the engines wait: the desk itself has gone

}  // namespace

// -- the reader's end -----------------------------------------------------------------------------------------------

block_fetches::~block_fetches() {
  if (inbox_) inbox_->cancel();
}

void block_fetches::ask(std::uint64_t tag, archive::block_want want) {
  inbox_->expect(tag, block_inbox::source::archive);
  caf::anon_send(desk_, fetch_wanted{inbox_, tag, std::move(want)});
}

void block_fetches::ask_too(std::uint64_t tag, archive::block_want want) {
  if (inbox_->expect_archive_too(tag)) caf::anon_send(desk_, fetch_wanted{inbox_, tag, std::move(want)});
}

void block_fetches::ask(std::uint64_t tag, replica_access& replicas, const replica::get_block& wanted) {
  inbox_->expect(tag, block_inbox::source::replica);
  replicas.ask(wanted.object, wanted, {[to = inbox_, tag] { to->overdue(tag); }, [to = inbox_, tag](std::optional<replica_answer> answer) {
                                         to->from_replica(tag, std::move(answer));
                                       }});
}

// -- the inbox ------------------------------------------------------------------------------------------------------

void block_inbox::expect(std::uint64_t tag, source from) {
  std::lock_guard lock(mutex_);
  auto& of = under_way_[tag];
  (from == source::archive ? of.archive : of.replica) = true;
}

bool block_inbox::expect_archive_too(std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  auto at = under_way_.find(tag);
  if (at == under_way_.end()) return false;
  at->second.archive = true;
  return true;
}

void block_inbox::from_archive(archive::fetched_block block) {
  std::lock_guard lock(mutex_);
  auto at = under_way_.find(block.fetch);
  if (at == under_way_.end()) return;  // the replica was faster
  arrived_block arrival{std::move(block), std::nullopt, false};
  at->second.archive = false;
  if (!arrival.ciphertext && at->second.replica) {
    at->second.failed = std::move(arrival);
  } else {
    under_way_.erase(at);
    arrive(std::move(arrival));
  }
}

void block_inbox::from_replica(std::uint64_t tag, std::optional<replica_answer> answer) {
  std::lock_guard lock(mutex_);
  auto at = under_way_.find(tag);
  if (at == under_way_.end()) return;  // the archive servers were faster
  at->second.replica = false;
  if (auto* data = answer ? std::get_if<bytes>(&answer->what) : nullptr) {
    under_way_.erase(at);
    arrived_block arrival;
    arrival.fetch = tag;
    arrival.ciphertext = std::move(*data);
    arrival.replica = answer->by;
    arrive(std::move(arrival));
  } else if (at->second.failed) {
    auto failed = std::move(*at->second.failed);
    under_way_.erase(at);
    arrive(std::move(failed));
  } else if (!at->second.archive) {
    tell_overdue(tag, at->second);
  }
}

void block_inbox::overdue(std::uint64_t tag) {
  std::lock_guard lock(mutex_);
  if (auto at = under_way_.find(tag); at != under_way_.end()) tell_overdue(tag, at->second);
}

void block_inbox::tell_overdue(std::uint64_t tag, sources& of) {
  if (std::exchange(of.told_overdue, true)) return;
  arrived_block word;
  word.fetch = tag;
  word.ciphertext = fail(errc::unavailable, "no replica answers");
  word.overdue = true;
  arrive(std::move(word));
}

void block_inbox::arrive(arrived_block block) {
  arrived_.push_back(std::move(block));
  changed_.notify_all();
}

result<arrived_block> block_inbox::next() {
  std::unique_lock lock(mutex_);
  bool came = changed_.wait_for(lock, silence_max, [&] { return !arrived_.empty(); });
  if (!came) return fail(errc::unavailable, "the archive servers did not answer");
  auto block = std::move(arrived_.front());
  arrived_.pop_front();
  return block;
}

void block_inbox::cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
}

bool block_inbox::cancelled() const {
  std::lock_guard lock(mutex_);
  return cancelled_;
}

// -- the desk's end -------------------------------------------------------------------------------------------------

void block_reads::fetch(clock_reading at, fetch_wanted wanted) {
  waiting_.push_back(std::move(wanted));
  begin_fetches(at);
}

void block_reads::on_reply(clock_reading at, const node_id& from, const archive::service_reply& reply) {
  carry(at, collector_.on_reply(at, from, reply));
}

void block_reads::on_peer_lost(clock_reading at, const node_id& peer) { carry(at, collector_.on_peer_lost(at, peer)); }
void block_reads::on_timer(clock_reading at) { carry(at, collector_.on_timer(at)); }

void block_reads::carry(clock_reading at, archive::collector_step step) {
  transmit_(step.requests);
  for (auto& block : step.fetched) {
    auto [inbox, tag] = std::move(readers_.extract(block.fetch).mapped());
    for (std::size_t i = 0; i < block.fates.size(); ++i) {
      if (block.fates[i] == archive::fragment_fate::unreachable && block.slots[i]) memory_->failed(*block.slots[i]);
    }
    block.fetch = tag;
    inbox->from_archive(std::move(block));
  }
  if (!step.fetched.empty()) begin_fetches(at);
}

void block_reads::begin_fetches(clock_reading at) {
  while (!waiting_.empty() && collector_.wants_more()) {
    auto [inbox, tag, want] = std::move(waiting_.front());
    waiting_.pop_front();
    if (inbox->cancelled()) continue;
    auto number = ++last_;
    readers_.emplace(number, reader{std::move(inbox), tag});
    carry(at, collector_.fetch(at, number, std::move(want)));
  }
}

}  // namespace holdfast::actors

#include "tests/simulation/dispersal/block_reader.hpp"

namespace holdfast::simulation {

using namespace archive;

block_reader::block_reader(archive_world& world)
    : world_(world),
      index_(world.add(node_id{crypto::hash_raw("holdfast/test-reader/v1", {})}, *this)),
      random_(world.random.next_u64()),
      clock_(world.plan.clock, random_) {}

clock_reading block_reader::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void block_reader::fetch(const kept_extent& extent, std::uint32_t ordinal, std::set<node_id> shunned, bool must) {
  auto id = id_of(extent.claim.origin);
  const auto& record = world_.committed.at(id);
  block_want want{id, ordinal, extent.names[ordinal], static_cast<std::uint32_t>(extent.blocks[ordinal].size()), record.code, record.slots};
  for (auto& slot : want.slots) {
    if (slot && shunned.contains(*slot)) slot.reset();
  }
  under_way_[++fetches_] = {extent.blocks[ordinal], std::move(shunned), must};
  carry_out(collector_.fetch(reading(), fetches_, std::move(want)));
  if (!ticking_) tick_later();
}

void block_reader::carry_out(collector_step step) {
  for (const auto& out : step.requests) world_.send(index_, world_.index_of(out.to), archive_packet(out.request));
  for (const auto& fetched : step.fetched) judge(fetched);
}

void block_reader::judge(const fetched_block& fetched) {
  auto expected = under_way_.extract(fetched.fetch).mapped();
  if (fetched.ciphertext) {
    ++world_.report.counts["blocks_read"];
    if (*fetched.ciphertext != expected.content) world_.violation("a read answered other bytes than were written, " + fetched.describe());
    return;
  }
  ++world_.report.counts["reads_failed"];
  if (expected.must) world_.violation("an acknowledged block is not readable: " + fetched.ciphertext.error().message() + ", " + fetched.describe());
}

void block_reader::tick_later() {
  ticking_ = true;
  world_.events.after(collector::tick, [this] {
    carry_out(collector_.on_timer(reading()));
    ticking_ = !idle();
    if (ticking_) tick_later();
  });
}

void block_reader::receive(node_index from, const archive_packet& p) {
  if (auto reply = std::get_if<service_reply>(&p)) carry_out(collector_.on_reply(reading(), world_.id_of(from), *reply));
}

void block_reader::peer_lost(node_index peer) { carry_out(collector_.on_peer_lost(reading(), world_.id_of(peer))); }

}  // namespace holdfast::simulation

#include "tests/simulation/dispersal/extent_writer.hpp"

#include "protocols/archive/placement.hpp"

namespace holdfast::simulation {

using namespace archive;

extent_writer::extent_writer(archive_world& world, std::uint32_t number, std::vector<kept_extent>& kept)
    : world_(world),
      kept_(kept),
      index_(world.add(node_id{crypto::hash_raw("holdfast/test-client/v1", {codec::encode(number)})}, *this)),
      random_(world.random.next_u64()),
      clock_(world.plan.clock, random_),
      session_{random_.array<32>()},
      left_(world.plan.work.requests) {}

clock_reading extent_writer::reading() const { return {clock_.now(world_.events.now()), clock_.wall(world_.events.now())}; }

void extent_writer::start() {
  world_.events.after(between(random_, 0us, world_.plan.work.think), [this] { begin(); });
}

void extent_writer::begin() {
  disperser_config config;
  config.ring = world_.ring;
  config.origin = {world_.id_of(index_), session_, ++operation_, 0};
  config.code = coding_for(world_.servers);
  config.order = placement_order(world_.directory, id_of(config.origin), placement_candidates(config.code));
  config.margin = world_.directory.rules.write_margin;
  config.window_bytes = 64u << 10;
  config.queue_bytes = 128u << 10;
  config.request_base = operation_ << 32;
  codec_.emplace(config.code);
  disperser_ = std::make_unique<disperser>(config, world_.directory);
  blocks_.clear();
  blocks_left_ = 1 + static_cast<std::uint32_t>(random_.below(6));
  closed_ = concluded_ = false;
  carry_out(disperser_->start(reading()));
  tick_later();
}

void extent_writer::carry_out(disperser_step step) {
  for (const auto& out : step.requests) world_.send(index_, world_.index_of(out.to), archive_packet(out.request));
  for (const auto& e : step.events) {
    ++world_.report.counts[e.replaced_by ? "slot_moved" : "slot_lost"];
    world_.log.event(world_.events.now(), index_, "slot", e.why.message());
  }
  if (!disperser_ || concluded_) return;
  if (auto outcome = disperser_->outcome()) return conclude(*outcome);
  feed();
}

void extent_writer::feed() {
  if (closed_) return;
  if (blocks_left_ == 0) {
    closed_ = true;
    return carry_out(disperser_->close(reading()));
  }
  if (!disperser_->wants_more()) return;
  --blocks_left_;
  blocks_.push_back(random_block());
  carry_out(disperser_->add(reading(), code_block(*codec_, blocks_.back())));
}

/// Mostly small; now and then so large that its fragments travel in pieces.
bytes extent_writer::random_block() {
  auto length = random_.below(40) == 0 ? 300'000 + random_.below(400'000) : 1 + random_.below(6000);
  bytes block(length);
  random_.fill(block);
  return block;
}

void extent_writer::tick_later() {
  world_.events.after(disperser::tick, [this, operation = operation_] {
    if (!disperser_ || operation != operation_) return;
    carry_out(disperser_->on_timer(reading()));
    tick_later();
  });
}

void extent_writer::receive(node_index from, const archive_packet& p) {
  auto reply = std::get_if<service_reply>(&p);
  if (reply && disperser_) carry_out(disperser_->on_reply(reading(), world_.id_of(from), *reply));
}

void extent_writer::peer_lost(node_index peer) {
  if (disperser_) carry_out(disperser_->on_peer_lost(reading(), world_.id_of(peer)));
}

void extent_writer::conclude(const result<extent_claim>& outcome) {
  concluded_ = true;
  if (outcome) {
    auto slots = verify_claim(*outcome, world_.directory, world_.ring, world_.wall() + std::chrono::minutes(10));
    if (!slots) return world_.violation("a claim that its own writer made does not hold: " + slots.error().message());
    auto receipts = outcome->receipts.size();
    if (receipts < receipts_needed(outcome->code, world_.directory.rules.write_margin)) world_.violation("too few receipts were called enough");
    world_.committed[id_of(outcome->origin)] = record_of(*outcome, *slots);
    kept_extent kept{*outcome, blocks_, {}};
    for (const auto& entry : disperser_->blocks()) kept.names.push_back(entry.block);
    kept_.push_back(std::move(kept));
    for (const auto& out : disperser_->settle_requests()) world_.send(index_, world_.index_of(out.to), archive_packet(out.request));
    ++world_.report.counts["extents_acknowledged"];
    --left_;
  } else {
    world_.log.event(world_.events.now(), index_, "gave up", outcome.error().message());
    ++world_.report.counts["extents_given_up"];
  }
  // Not from here: the disperser is still in the middle of a step.
  world_.events.after(between(random_, 0us, world_.plan.work.think), [this] {
    disperser_.reset();
    if (left_ > 0) begin();
  });
}

}  // namespace holdfast::simulation

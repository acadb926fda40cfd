// A simulated server fills in: now and then it compares what the ring has committed with what its disk holds, and rebuilds what it should
// hold from the other servers with the real filler. What a ring would prove, the world tells.
#include "tests/simulation/dispersal/server_node.hpp"

namespace holdfast::simulation {

using namespace archive;

namespace {

constexpr std::uint32_t number_shift = 40;  // a filler's requests and tickets bear its number above; the server's own tickets count below
constexpr std::size_t fillers_max = 2;

}  // namespace

void server_node::sweep_later() {
  if (!world_.plan.work.filling) return;
  world_.events.after(between(random_, 300ms, 1200ms), [this, life = lives_] {
    if (life != lives_) return;
    sweep();
    sweep_later();
  });
}

void server_node::sweep() {
  std::vector<coding_record> records;
  for (const auto& [id, record] : world_.committed) records.push_back(record);
  auto plan = plan_sweep(world_.id_of(index_), records, disk_.held(), world_.directory, world_.servers_running());
  for (const auto& extent : plan.confirm) ask_ring(extent);
  for (const auto& task : plan.fill) {
    auto known = engine_->uncommitted().extents().find(task.record.extent);
    bool being_written = known != engine_->uncommitted().extents().end() && known->second.open();
    being_written ? ask_ring(task.record.extent) : fill(task);
  }
}

void server_node::fill(const fill_task& task) {
  bool filling = std::any_of(fillers_.begin(), fillers_.end(), [&](const auto& f) { return f.second.extent == task.record.extent; });
  if (filling || fillers_.size() >= fillers_max) return;
  auto number = ++last_filler_;
  filler_config config;
  config.record = task.record;
  config.ring = world_.ring;
  config.self = world_.id_of(index_);
  config.slot = task.slot;
  config.request_base = config.ticket_base = number << number_shift;
  auto& running = fillers_[number];
  running = {task.record.extent, std::make_unique<filler>(std::move(config))};
  carry_out(number, running.engine->start(reading()));
  filler_tick_later(number);
}

void server_node::filler_tick_later(std::uint64_t number) {
  world_.events.after(filler::tick, [this, number, life = lives_] {
    if (life != lives_ || !fillers_.contains(number)) return;
    carry_out(number, fillers_[number].engine->on_timer(reading()));
    if (fillers_.contains(number)) filler_tick_later(number);
  });
}

void server_node::carry_out(std::uint64_t number, filler_step step) {
  for (auto& effect : step.effects) disk_.carry_out(std::move(effect));
  for (const auto& out : step.requests) world_.send(index_, world_.index_of(out.to), archive_packet(out.request));
  for (const auto& e : step.evidence) world_.violation("honest dispersal is taken for false: extent " + e.extent.brief());
  auto& running = fillers_.at(number);
  if (!running.engine->outcome()) return;
  auto outcome = *running.engine->outcome();
  fillers_.erase(number);
  if (!outcome) {
    ++world_.report.counts["fill_put_off"];
    return;
  }
  ++world_.report.counts["extent_filled_in"];
  engine_->adopt(reading(), outcome->header);
  ask_ring(outcome->header.extent);
}

void server_node::stored(store_ticket ticket, const outcome& done) {
  auto number = ticket.value >> number_shift;
  if (number == 0) return carry_out(engine_->on_stored(reading(), ticket, done));
  if (fillers_.contains(number)) carry_out(number, fillers_[number].engine->on_stored(reading(), ticket, done));
}

void server_node::replied(node_index from, const service_reply& reply) {
  auto number = reply.id >> number_shift;
  if (fillers_.contains(number)) carry_out(number, fillers_[number].engine->on_reply(reading(), world_.id_of(from), reply));
}

void server_node::fillers_lost(node_index peer) {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, f] : fillers_) numbers.push_back(number);
  for (auto number : numbers) {
    if (fillers_.contains(number)) carry_out(number, fillers_[number].engine->on_peer_lost(reading(), world_.id_of(peer)));
  }
}

}  // namespace holdfast::simulation

#include "tests/simulation/dispersal/dispersal_run.hpp"

#include "tests/simulation/core/fault_injector.hpp"
#include "tests/simulation/dispersal/block_reader.hpp"
#include "tests/simulation/dispersal/replica_node.hpp"
#include "tests/simulation/dispersal/server_node.hpp"

namespace holdfast::simulation {

using namespace archive;

namespace {

class dispersal_run final : public machines {
 public:
  dispersal_run(const scenario& plan, std::uint64_t seed, bool tracing) : world_(plan, seed, tracing) {
    for (const auto& [id, entry] : world_.directory.nodes) add_server(id);
    appoint_liars();
    for (std::uint32_t i = 0; i < plan.work.clients; ++i) writers_.push_back(std::make_unique<extent_writer>(world_, i, kept_));
    reader_ = std::make_unique<block_reader>(world_);
    replica_ = std::make_unique<replica_node>(world_, seed);
    faults_.emplace(world_.events, world_.net, *this, plan, seed, losses_max() - unreliable_.size(), liars_, world_.log,
                    world_.report);
  }

  run_report run() {
    for (auto& s : servers_) s->start();
    for (auto& w : writers_) w->start();
    read_later();
    read_through_replica_later();
    run_until(instant(world_.plan.heal_at), [] { return false; });
    auto limit = instant(world_.plan.heal_at + world_.plan.live_within);
    auto rests = [this] { return std::all_of(writers_.begin(), writers_.end(), [](const auto& w) { return w->resting(); }); };
    if (!run_until(limit, rests)) unfinished("a writer has not finished within the time after healing");
    if (plan_fills() && !run_until(limit, [this] { return everything_filled(); })) unfinished(what_is_missing());
    reading_ = false;
    check_promises();
    read_everything();
    world_.report.trace_hash = world_.log.hash();
    world_.report.events = world_.events.executed();
    return std::move(world_.report);
  }

 private:
  // -- machines ---------------------------------------------------------------------------------------------------------

  std::size_t count() const override { return servers_.size(); }
  bool running(node_index node) const override { return servers_[node]->running(); }
  void stop(node_index node) override { servers_[node]->stop(); }
  void start(node_index node) override { servers_[node]->start(); }
  void heal_disk(node_index node) override { servers_[node]->disk().heal(); }

  void damage(node_index node, fault_kind kind) override {
    unreliable_.insert(node);
    if (kind == fault_kind::flip_bit) return servers_[node]->disk().flip_bit();
    servers_[node]->disk().wipe();
  }

  /// Servers that may lie or lose what was durable: an extent needs m receipts, and has more by the margin, if there are as many.
  std::size_t losses_max() const {
    auto code = coding_for(world_.servers);
    return receipts_needed(code, world_.directory.rules.write_margin) - code.m;
  }

  // -- making -----------------------------------------------------------------------------------------------------------

  void add_server(const node_id& id) {
    auto node = static_cast<node_index>(servers_.size());
    servers_.push_back(std::make_unique<server_node>(world_, node, [this, node](std::uint64_t point) {
      if (faults_) faults_->point_passed(node, point);
    }));
    world_.add(id, *servers_.back());
  }

  void appoint_liars() {
    for (const auto& liar : world_.plan.liars) {
      if (liars_.size() == losses_max()) return;
      auto node = static_cast<node_index>(world_.random.below(world_.servers));
      servers_[node]->lie(liar.how);
      liars_.insert(node);
      unreliable_.insert(node);
    }
  }

  // -- running ----------------------------------------------------------------------------------------------------------

  template <class Condition>
  bool run_until(instant limit, Condition finished) {
    while (world_.report.violations.empty()) {
      if (finished()) return true;
      if (!world_.events.step(limit)) return finished();
      if (world_.events.executed() > run_report::events_max) world_.violation("messages beget messages without end");
    }
    return false;
  }

  /// While the faults last, reads may fail; what they answer must be right all the same.
  void read_later() {
    world_.events.after(between(world_.random, 0us, 400ms), [this] {
      if (!reading_) return;
      if (!kept_.empty() && reader_->wants_more()) {
        const auto& extent = kept_[world_.random.below(kept_.size())];
        reader_->fetch(extent, static_cast<std::uint32_t>(world_.random.below(extent.blocks.size())), {}, false);
      }
      read_later();
    });
  }

  /// The same through a replica, more often, since it answers most from memory.
  void read_through_replica_later() {
    world_.events.after(20ms, [this] {
      if (!reading_) return;
      replica_->read_something(kept_);
      read_through_replica_later();
    });
  }

  // -- judging ----------------------------------------------------------------------------------------------------------

  bool plan_fills() const { return world_.plan.work.filling; }

  std::size_t slots_short() const {
    std::size_t found = 0;
    for (const auto& [id, record] : world_.committed) {
      for (const auto& slot : record.slots) {
        found += !slot || servers_[world_.index_of(*slot)]->disk().sound_fragments(id) < record.blocks;
      }
    }
    return found;
  }

  /// Whatever was lost, every extent has all its fragments again, each where the ring says.
  bool everything_filled() const { return slots_short() == 0; }
  std::string what_is_missing() const { return std::to_string(slots_short()) + " fragments of committed extents were not filled in"; }

  /// An honest server whose disk was not damaged keeps what it signed for.
  void check_promises() {
    for (const auto& [id, record] : world_.committed) {
      for (const auto& slot : record.slots) {
        if (!slot) continue;
        auto node = world_.index_of(*slot);
        if (unreliable_.contains(node)) continue;
        if (servers_[node]->disk().sound_fragments(id) < record.blocks) {
          world_.violation("server " + std::to_string(node) + " has lost an extent that it gave a receipt for");
        }
      }
    }
  }

  void read_everything() {
    for (const auto& extent : kept_) {
      if (!world_.report.violations.empty()) return;
      auto lost = losses_for(world_.committed.at(id_of(extent.claim.origin)));
      for (std::uint32_t ordinal = 0; ordinal < extent.blocks.size(); ++ordinal) reader_->fetch(extent, ordinal, lost, true);
      if (!run_until(world_.events.now() + 60s, [this] { return reader_->idle(); })) unfinished("a read has no end");
      for (std::uint32_t ordinal = 0; ordinal < extent.blocks.size(); ++ordinal) replica_->read(extent, ordinal, true);
      if (!run_until(world_.events.now() + 60s, [this] { return replica_->idle(); })) unfinished("a read through a replica has no end");
    }
  }

  /// As many of an extent's reliable servers as it can lose beside the unreliable ones.
  std::set<node_id> losses_for(const coding_record& record) {
    std::vector<node_id> reliable;
    for (const auto& slot : record.slots) {
      if (slot && !unreliable_.contains(world_.index_of(*slot))) reliable.push_back(*slot);
    }
    std::set<node_id> lost;
    while (reliable.size() > record.code.m) {
      auto chosen = reliable.begin() + static_cast<std::ptrdiff_t>(world_.random.below(reliable.size()));
      lost.insert(*chosen);
      reliable.erase(chosen);
    }
    return lost;
  }

  void unfinished(const std::string& sentence) {
    if (world_.report.violations.empty()) world_.violation(sentence);
  }

  archive_world world_;
  std::vector<std::unique_ptr<server_node>> servers_;
  std::vector<std::unique_ptr<extent_writer>> writers_;
  std::unique_ptr<block_reader> reader_;
  std::unique_ptr<replica_node> replica_;
  std::vector<kept_extent> kept_;
  std::optional<fault_injector> faults_;
  std::set<node_index> liars_, unreliable_;
  bool reading_ = true;
};

}  // namespace

run_report run_dispersal(const scenario& plan, std::uint64_t seed, bool tracing) { return dispersal_run(plan, seed, tracing).run(); }

}  // namespace holdfast::simulation

#include "tests/simulation/ring/ring_run.hpp"

#include <algorithm>

#include "tests/history/history_checker.hpp"
#include "tests/simulation/core/fault_injector.hpp"
#include "tests/simulation/ring/engine_member.hpp"
#include "tests/simulation/ring/ring_user.hpp"

namespace holdfast::simulation {

namespace {

constexpr duration link_notice = 2ms;  ///< until others see that a process has gone or come

class ring_run final : public machines {
 public:
  ring_run(const scenario& plan, std::uint64_t seed, bool tracing)
      : random_(seed),
        world_(plan, plan.sizes[seed % plan.sizes.size()], tracing),
        net_(world_.events, plan.network, random_.next_u64(), [this](auto to, auto from, const auto& f) { deliver(to, from, f); }) {
    world_.net = &net_;
    for (agreement::seat_index seat = 0; seat < world_.size(); ++seat) {
      members_.push_back(std::make_unique<engine_member>(world_, seat, random_.next_u64(), [this, seat](std::uint64_t point) {
        if (faults_) faults_->point_passed(seat, point);
      }));
    }
    for (std::uint32_t i = 0; i < plan.work.clients; ++i) users_.push_back(std::make_unique<ring_user>(world_, roots_, i, random_.next_u64()));
    std::set<node_index> liars;
    auto bounds = world_.fixture.ring();
    for (std::size_t i = 0; i < plan.liars.size() && i < bounds.byzantine_max; ++i) {
      auto seat = static_cast<node_index>(random_.below(world_.size()));
      members_[seat]->answer_of_old();
      liars.insert(seat);
    }
    auto faulty_max = bounds.byzantine_max + bounds.crash_max - liars.size();
    faults_.emplace(world_.events, net_, *this, plan, seed, faulty_max, liars, world_.log, world_.report);
  }

  run_report run() {
    for (node_index i = 0; i < count(); ++i) start(i);
    for (auto& u : users_) u->start(world_.plan.work.requests);
    run_until(instant(world_.plan.heal_at), [] { return false; });
    if (!run_until(instant(world_.plan.heal_at + world_.plan.live_within), [this] { return everything_done(); })) report_unfinished();
    judge();
    world_.report.trace_hash = world_.log.hash();
    world_.report.events = world_.events.executed();
    return std::move(world_.report);
  }

 private:
  // -- machines ---------------------------------------------------------------------------------------------------------

  std::size_t count() const override { return members_.size(); }
  bool running(node_index node) const override { return members_[node]->running(); }
  void heal_disk(node_index node) override { members_[node]->disk().heal(); }

  void stop(node_index node) override {
    members_[node]->stop();
    world_.events.after(link_notice, [this, node] {
      if (running(node)) return;
      for (auto& m : members_) m->peer_lost(node);
      for (auto& u : users_) u->unreachable(node);
    });
  }

  void start(node_index node) override {
    members_[node]->start();
    world_.events.after(link_notice, [this, node] {
      if (!running(node)) return;
      for (node_index other = 0; other < count(); ++other) {
        if (other == node || !running(other)) continue;
        members_[other]->peer_connected(node);
        members_[node]->peer_connected(other);
      }
    });
  }

  void damage(node_index node, fault_kind kind) override {
    auto& disk = members_[node]->disk();
    if (kind == fault_kind::wipe) return disk.wipe();
    if (kind == fault_kind::flip_bit) return disk.flip_bit();
    disk.roll_back(1 + random_.below(20));
  }

  node_index primary() const override {
    auto found = std::find_if(members_.begin(), members_.end(), [](const auto& m) { return m->running() && m->engine().replica().is_primary(); });
    return found == members_.end() ? 0 : static_cast<node_index>(found - members_.begin());
  }

  // -- running ----------------------------------------------------------------------------------------------------------

  void deliver(node_index to, node_index from, const frame& f) {
    auto p = codec::decode<service_packet>(*f, "packet");
    if (!p) return world_.report.violation("a frame does not decode: " + p.error().message());
    world_.log.event(world_.events.now(), to, "from " + std::to_string(from), *f, [&] { return "kind " + std::to_string(p->index()); });
    if (to < world_.size()) return members_[to]->receive(from, *p);
    if (auto* answer = std::get_if<service_answer>(&*p)) users_[to - world_.size()]->receive(*answer);
  }

  template <class Condition>
  bool run_until(instant limit, Condition finished) {
    for (std::uint64_t i = 0; world_.report.violations.empty(); ++i) {
      if (i % 64 == 0 && finished()) return true;
      if (!world_.events.step(limit)) return finished();
      if (world_.events.executed() > run_report::events_max) world_.report.violation("messages beget messages without end");
    }
    return false;
  }

  std::uint64_t highest() const {
    std::uint64_t highest = 0;
    for (const auto& m : members_) {
      if (m->running()) highest = std::max(highest, m->engine().replica().executed());
    }
    return highest;
  }

  /// All clients are answered, all members have executed the same, and the newest of it is certified everywhere.
  bool everything_done() const {
    auto all = highest();
    auto whole = [&](const auto& m) {
      if (!m->running() || m->engine().replica().executed() != all || (world_.size() > 1 && m->engine().replica().mute())) return false;
      return m->engine().proven() && m->engine().proven()->root.sequence == all;
    };
    return std::all_of(users_.begin(), users_.end(), [](const auto& u) { return u->resting(); }) &&
           std::all_of(members_.begin(), members_.end(), whole);
  }

  void report_unfinished() {
    if (!world_.report.violations.empty()) return;
    std::string sentence = "not done after healing:";
    for (node_index i = 0; i < count(); ++i) {
      sentence += " seat " + std::to_string(i);
      if (!running(i)) {
        sentence += " down;";
        continue;
      }
      const auto& e = members_[i]->engine();
      sentence += " view " + std::to_string(e.replica().view()) + (e.replica().mute() ? " mute" : "") + " executed " +
                  std::to_string(e.replica().executed()) + " certified " + std::to_string(e.proven() ? e.proven()->root.sequence : 0) + ';';
    }
    for (const auto& u : users_) sentence += u->resting() ? "" : " a client waits after " + std::to_string(u->history().size()) + ';';
    world_.report.violation(sentence);
  }

  // -- judging ----------------------------------------------------------------------------------------------------------

  void judge() {
    if (!world_.report.violations.empty()) return;
    std::map<std::string, std::vector<history::operation>> by_object;
    std::vector<history::operation> seen;
    for (const auto& u : users_) {
      for (const auto& op : u->history()) {
        by_object[op.object].push_back(op);
        seen.push_back(op);
      }
    }
    for (auto& v : history::check_version_order(seen)) world_.report.violation(v);
    for (const auto& [object, operations] : by_object) {
      if (operations.size() > history::linearizable_operations_max) continue;
      if (history::check_linearizable(operations) == history::linearizability::violated) {
        world_.report.violation("the history of object " + object + " is not linearizable");
      }
    }
    for (const auto& m : members_) judge_content(*m);
  }

  /// Every member holds every object's newest content.
  void judge_content(const engine_member& m) {
    if (!m.running() || !m.engine().proven()) return;
    for (const auto& u : users_) {
      auto* value = m.engine().proven()->map.get(ring::place_of(ring::submap::heads, u->object()));
      if (!value) continue;
      auto head = codec::decode<object::head>(*value, "head");
      for (const auto& op : u->history()) {
        if (op.kind != history::operation_kind::put || op.outcome != history::operation_outcome::ok || op.version != head->version) continue;
        auto held = std::any_of(m.blocks().begin(), m.blocks().end(), [&](const auto& b) { return b.first.brief() == op.hash; });
        if (!held) world_.report.violation("a member does not hold the content of version " + std::to_string(op.version));
      }
    }
  }

  seeded_random random_;
  ring_world world_;
  network net_;
  believed_roots roots_;
  std::vector<std::unique_ptr<engine_member>> members_;
  std::vector<std::unique_ptr<ring_user>> users_;
  std::optional<fault_injector> faults_;
};

}  // namespace

run_report run_ring(const scenario& plan, std::uint64_t seed, bool tracing) { return ring_run(plan, seed, tracing).run(); }

}  // namespace holdfast::simulation

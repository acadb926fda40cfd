#include "tests/simulation/agreement/agreement_run.hpp"

#include <algorithm>

#include "protocols/codec/printer.hpp"
#include "tests/history/history_checker.hpp"
#include "tests/simulation/agreement/liars.hpp"
#include "tests/simulation/agreement/ring_client.hpp"
#include "tests/simulation/agreement/ring_watch.hpp"
#include "tests/simulation/core/fault_injector.hpp"

namespace holdfast::simulation {

namespace {

class agreement_run final : public machines {
 public:
  agreement_run(const scenario& plan, std::uint64_t seed, bool tracing)
      : random_(seed),
        world_(plan, plan.sizes[seed % plan.sizes.size()], tracing),
        watch_(world_),
        net_(world_.events, plan.network, random_.next_u64(), [this](auto to, auto from, const auto& f) { deliver(to, from, f); }) {
    world_.net = &net_;
    for (agreement::seat_index seat = 0; seat < world_.size(); ++seat) {
      member_seeds_.push_back(random_.next_u64());
      members_.push_back(make_member(seat, member_seeds_.back()));
    }
    appoint_liars();
    for (std::uint32_t i = 0; i < plan.work.clients; ++i) {
      clients_.push_back(std::make_unique<ring_client>(world_, watch_, i, random_.next_u64()));
      world_.clients[clients_.back()->id()] = static_cast<node_index>(world_.size()) + i;
    }
    std::set<node_index> spared;
    for (const auto& m : members_) {
      if (!m->honest()) spared.insert(m->seat());
    }
    auto bounds = world_.fixture.ring();
    auto faulty_max = bounds.byzantine_max + bounds.crash_max;
    faults_.emplace(world_.events, net_, *this, plan, seed, faulty_max - std::min<std::size_t>(spared.size(), faulty_max), spared,
                    world_.log, world_.report);
  }

  run_report run() {
    for (auto& m : members_) m->start();
    for (auto& [seat, twin] : twins_) twin->start();
    for (auto& c : clients_) c->start(world_.plan.work.requests);
    run_until(instant(world_.plan.heal_at), [] { return false; });
    auto finished = [this] { return everything_done(); };
    if (!run_until(instant(world_.plan.heal_at + world_.plan.live_within), finished)) report_unfinished("after healing");
    if (world_.report.violations.empty() && liar_count_ == 0) lose_primary();
    judge();
    world_.report.trace_hash = world_.log.hash();
    world_.report.events = world_.events.executed();
    return std::move(world_.report);
  }

 private:
  // -- machines ---------------------------------------------------------------------------------------------------------

  std::size_t count() const override { return members_.size(); }
  bool running(node_index node) const override { return members_[node]->running(); }
  void stop(node_index node) override { members_[node]->stop(); }
  void start(node_index node) override { members_[node]->start(); }
  void heal_disk(node_index node) override { members_[node]->disk().heal(); }

  void damage(node_index node, fault_kind kind) override {
    auto& disk = members_[node]->disk();
    if (kind == fault_kind::wipe) return disk.wipe();
    if (kind == fault_kind::flip_bit) return disk.flip_bit();
    disk.roll_back(1 + random_.below(20));
    watch_.rolled_back(members_[node]->seat());
  }

  node_index primary() const override {
    std::map<agreement::seat_index, std::size_t> believers;
    for (const auto& m : members_) {
      if (m->running() && m->honest()) ++believers[m->replica().primary()];
    }
    auto most = std::max_element(believers.begin(), believers.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == believers.end() ? 0 : most->first;
  }

  // -- making -----------------------------------------------------------------------------------------------------------

  std::unique_ptr<member> make_member(agreement::seat_index seat, std::uint64_t member_seed) {
    return std::make_unique<member>(world_, watch_, seat, member_seed, [this, seat](std::uint64_t point) {
      if (faults_) faults_->point_passed(seat, point);
    });
  }

  void appoint_liars() {
    for (const auto& liar : world_.plan.liars) {
      if (liar_count_ == world_.fixture.ring().byzantine_max) return;  // more would be beyond what the protocol promises
      // The first view's primary is seat 0, and what later views make of it is the run's business.
      auto seat = liar.who == "primary" ? 0 : liar.who == "any" ? random_.below(world_.size()) : std::stoul(liar.who) % world_.size();
      auto& m = *members_[seat];
      if (!m.honest()) continue;
      auto lie_seed = random_.next_u64();
      m.wear(mask_for(liar.how, world_, lie_seed));
      watch_.ignore(m.seat());
      ++liar_count_;
      if (liar.how != behaviour::equivocate) continue;
      // On machines of one clock, so that their starts cannot be told apart.
      auto& twin = twins_[m.seat()] = make_member(m.seat(), member_seeds_[m.seat()]);
      twin->wear(twin_mask(world_, lie_seed, 1));
    }
  }

  // -- running ----------------------------------------------------------------------------------------------------------

  void deliver(node_index to, node_index from, const frame& f) {
    auto p = codec::decode<packet>(*f, "packet");
    if (!p) return watch_.violation(0, "a frame does not decode: " + p.error().message());
    world_.log.event(world_.events.now(), to, "from " + std::to_string(from), *f, [&] { return describe(*p); });
    if (to >= world_.size()) {
      if (auto reply = std::get_if<client_reply>(&*p)) clients_[to - world_.size()]->receive(from, *reply);
      return;
    }
    members_[to]->receive(from, *p);
    if (auto twin = twins_.find(to); twin != twins_.end()) twin->second->receive(from, *p);
  }

  static std::string describe(const packet& p) {
    if (auto m = std::get_if<agreement::message>(&p)) return std::string(agreement::kind_of(*m)) + ' ' + codec::print(*m);
    if (auto reply = std::get_if<client_reply>(&p)) return "reply " + codec::print(*reply);
    return "client's request";
  }

  template <class Condition>
  bool run_until(instant limit, Condition finished) {
    for (std::uint64_t i = 0; world_.report.violations.empty(); ++i) {
      if (i % 64 == 0 && finished()) return true;
      if (!world_.events.step(limit)) return finished();
      if (world_.events.executed() > run_report::events_max) watch_.violation(0, "messages beget messages without end");
    }
    return false;
  }

  bool everything_done() const {
    auto rests = [](const auto& c) { return c->resting(); };
    return std::all_of(clients_.begin(), clients_.end(), rests) && all_members_equal() && all_members_vote();
  }

  /// Nobody stays mute for good, whatever its disk has lost: an idle ring goes on until it is safe. Alone, a member without its log never is.
  bool all_members_vote() const {
    if (world_.size() == 1) return true;
    return std::all_of(members_.begin(), members_.end(), [](const auto& m) { return !m->honest() || (m->running() && !m->replica().mute()); });
  }

  bool all_members_equal() const {
    return std::all_of(members_.begin(), members_.end(), [&](const auto& m) {
      return !m->honest() || (m->running() && m->executed() == watch_.highest_executed());
    });
  }

  /// Healed, the ring must outlive its primary as quickly as on its first day: patience that grew in bad times has come back down.
  void lose_primary() {
    if (world_.size() == 1) return;
    auto lost = primary();
    world_.log.event(world_.events.now(), lost, "fault", "the primary goes for good");
    members_[lost]->stop();
    for (auto& c : clients_) c->start(1);
    auto limit = world_.events.now() + world_.plan.work.think + 5 * small_limits().request_timeout;
    auto rests = [this] { return std::all_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->resting(); }); };
    if (!run_until(limit, rests)) report_unfinished("after the loss of the primary in a healthy ring");
  }

  void report_unfinished(const std::string& when) {
    if (!world_.report.violations.empty()) return;
    std::string sentence = "not live " + when + ":";
    for (const auto& m : members_) {
      if (!m->honest()) continue;
      sentence += " seat " + std::to_string(m->seat());
      if (!m->running()) {
        sentence += " down;";
        continue;
      }
      const auto& r = m->replica();
      sentence += " view " + std::to_string(r.view()) + (r.changing_view() ? " (changing)" : "") + (r.mute() ? " (mute)" : "") + " committed " +
                  std::to_string(r.committed()) + " executed " + std::to_string(m->executed()) + " pending " +
                  std::to_string(r.pending_requests()) + ';';
    }
    for (const auto& c : clients_) {
      if (!c->resting()) sentence += " client " + c->id().brief() + " waits after " + std::to_string(c->done().size()) + ';';
    }
    watch_.violation(0, sentence);
  }

  // -- judging ----------------------------------------------------------------------------------------------------------

  void judge() {
    std::vector<history::operation> seen;
    for (const auto& c : clients_) {
      seen.insert(seen.end(), c->history().begin(), c->history().end());
      for (const auto& answer : c->done()) judge_durable(answer);
    }
    if (!world_.report.violations.empty()) return;
    for (const auto& c : clients_) seen.push_back(final_read(*c));
    for (auto& v : history::check_version_order(seen)) watch_.violation(0, v);
  }

  /// What was acknowledged is known to every honest member, with the same result.
  void judge_durable(const acknowledged& answer) {
    for (const auto& m : members_) {
      if (!m->honest() || !m->running() || m->executed() < answer.result.sequence) continue;
      if (m->result_of(answer.operation) != answer.result) {
        watch_.violation(m->seat(), "has lost or changed what was acknowledged: " + codec::print(answer.result));
      }
    }
  }

  history::operation final_read(const ring_client& client) {
    auto now = world_.events.now().time_since_epoch().count();
    history::operation read{0, history::operation_kind::get, client.object().brief()};
    read.call_us = now + 1;
    read.return_us = now + 2;
    read.outcome = history::operation_outcome::not_found;
    for (const auto& m : members_) {
      if (!m->honest() || !m->running() || m->executed() < watch_.highest_executed()) continue;
      auto head = m->state().map().load<object::head>(ring::place_of(ring::submap::heads, client.object()));
      if (!head) continue;
      read.outcome = history::operation_outcome::ok;
      read.version = head->version;
      read.hash = watch_.content_of_version(client.object(), head->version);
    }
    return read;
  }

  seeded_random random_;
  ring_world world_;
  ring_watch watch_;
  network net_;
  std::vector<std::uint64_t> member_seeds_;
  std::vector<std::unique_ptr<member>> members_;
  std::map<node_index, std::unique_ptr<member>> twins_;
  std::vector<std::unique_ptr<ring_client>> clients_;
  std::optional<fault_injector> faults_;
  std::size_t liar_count_ = 0;
};

}  // namespace

run_report run_agreement(const scenario& plan, std::uint64_t seed, bool tracing) { return agreement_run(plan, seed, tracing).run(); }

}  // namespace holdfast::simulation

#include "actors/supervision/supervisor.hpp"

#include "actors/base/role_actor.hpp"
#include "actors/base/send_later.hpp"

namespace holdfast::actors {

namespace {

using introspection::life;
using introspection::severity;

struct supervisor_state {
  supervisor_state() = default;
  static inline const char* name = "supervisor";

  std::map<std::string, caf::actor> living;
};

class supervisor_role final : public role_actor<supervisor_actor, supervisor_state> {
 public:
  supervisor_role(caf::actor_config& base, probe_ptr probe, supervisor_config config, supervision::supervisor_planner planner)
      : role_actor(base, std::move(probe)), config_(std::move(config)), planner_(std::move(planner)) {}

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& down) { on_down(down); });
    set_exit_handler([this](caf::exit_msg& exit) {
      if (exit.reason != caf::exit_reason::kill) carry(planner_.stop(steady_now()));
    });
    carry(planner_.start(steady_now()));
    return {
        [this](supervisor_timer_atom, std::uint64_t timer) { carry(planner_.on_timer(timer, steady_now())); },
        [this](supervisor_kill_atom, const std::string& child, const caf::actor& handle) {
          auto living = state.living.find(child);
          if (living != state.living.end() && living->second == handle) send_exit(handle, caf::exit_reason::kill);
        },
        [this](const supervised_child& further) {
          auto actions = planner_.add(further.spec, steady_now());
          if (!actions) return config_.board->note(severity::error, "not-started", further.spec.id, actions.error().message());
          config_.children.push_back(further);
          carry(std::move(*actions));
        },
        [this](supervisor_stop_atom) { carry(planner_.stop(steady_now())); },
    };
  }

 private:
  const supervised_child& child(const std::string& id) const {
    return *std::find_if(config_.children.begin(), config_.children.end(), [&](const auto& c) { return c.spec.id == id; });
  }

  void on_down(const caf::down_msg& down) {
    auto at = std::find_if(state.living.begin(), state.living.end(), [&](const auto& entry) { return entry.second.address() == down.source; });
    if (at == state.living.end()) return;  // one that was replaced already
    auto id = at->first;
    state.living.erase(at);
    bool normal = !down.reason || down.reason == caf::exit_reason::user_shutdown || down.reason == caf::exit_reason::normal;
    auto why = normal ? std::string("stopped") : system().render(down.reason);
    if (!normal) config_.board->note(severity::error, "actor-died", child(id).probe.empty() ? id : child(id).probe, id + " died: " + why);
    if (auto& probe = child(id).probe; !probe.empty() && !normal) config_.board->mark_dead(probe, why);
    carry(planner_.on_died(id, {normal, why}, steady_now()));
  }

  void carry(supervision::actions actions) {
    for (auto& action : actions) std::visit([this](auto& what) { carry_out(what); }, action);
    std::size_t living = state.living.size();
    probe().say(life::serving, "keeps " + std::to_string(living) + " of " + std::to_string(config_.children.size()) + " children alive");
  }

  void carry_out(const supervision::start_child& what) {
    auto handle = child(what.child).start();
    monitor(handle);
    state.living[what.child] = handle;
    carry(planner_.on_started(what.child, steady_now()));
  }

  void carry_out(const supervision::stop_child& what) {
    auto living = state.living.find(what.child);
    if (living == state.living.end()) return;
    send_exit(living->second, caf::exit_reason::user_shutdown);
    send_later(this, what.grace, supervisor_kill_atom::value, what.child, living->second);
  }

  void carry_out(const supervision::wait& what) { send_later(this, what.delay, supervisor_timer_atom::value, what.timer); }

  void carry_out(const supervision::supervisor_report& report) {
    config_.board->note(severity::warning, "supervisor-report", report.supervisor,
                        std::string(to_string(report.what)) + ": " + report.offender + ": " + report.reason);
  }

  void carry_out(const supervision::escalate& what) {
    config_.board->note(severity::error, "escalation", config_.spec.id, config_.spec.id + " gives up: " + what.reason);
    quit(caf::make_error(caf::sec::runtime_error, what.reason));
  }

  void carry_out(const supervision::stopped&) { quit(caf::exit_reason::user_shutdown); }

  supervisor_config config_;
  supervision::supervisor_planner planner_;
};

}  // namespace

result<supervisor_actor> spawn_supervisor(caf::actor_system& system, supervisor_config config) {
  config.spec.children.clear();
  for (const auto& child : config.children) config.spec.children.push_back(child.spec);
  auto planner = supervision::supervisor_planner::make(config.spec);
  if (!planner) return fail(planner.error());
  auto probe = config.board->enroll("supervisor/" + config.spec.id, "supervisor", config.parent);
  return system.spawn<supervisor_role>(std::move(probe), std::move(config), std::move(*planner));
}

}  // namespace holdfast::actors

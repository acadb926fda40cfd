// Carries a scenario's faults out on a cluster: when and on whom is the seed's choice. At `heal_at` everything is undone.
#pragma once

#include <set>

#include "tests/simulation/core/network.hpp"
#include "tests/simulation/core/report.hpp"
#include "tests/simulation/core/scenario.hpp"
#include "tests/simulation/core/trace.hpp"

namespace holdfast::simulation {

/// What faults are done to. A machine that is not running has neither memory nor timers; its disk stays.
class machines {
 public:
  virtual ~machines() = default;
  virtual std::size_t count() const = 0;
  virtual bool running(node_index node) const = 0;
  virtual void stop(node_index node) = 0;
  virtual void start(node_index node) = 0;

  /// Does to the disk of a machine that is not running what `wipe`, `roll_back` or `flip_bit` says.
  virtual void damage(node_index node, fault_kind kind) = 0;
  /// From now on a good disk.
  virtual void heal_disk(node_index node) = 0;

  /// The member that most believe to be the primary; 0 where there is no such thing.
  virtual node_index primary() const { return 0; }
};

class fault_injector {
 public:
  /// `forgetful_max`: how many machines may lose what was durable, in the whole run. `spared` never do: they lie already.
  fault_injector(event_queue& events, network& net, machines& targets, const scenario& plan, std::uint64_t seed, std::size_t forgetful_max,
                 std::set<node_index> spared, trace& log, run_report& report);

  /// To be told of each persistence point: the machine may have to die there.
  void point_passed(node_index node, std::uint64_t point);

 private:
  /// Ends all faults: a good world, every machine running.
  void heal();
  void schedule(const fault& f, instant when);
  void strike(const fault& f);
  void crash(node_index node, const fault& f);
  void divide(const fault& f);
  void cut_off(const fault& f);
  void clog(const fault& f);
  bool may_forget(node_index node);
  node_index choose(const fault& f);
  void note(node_index node, std::string_view what);

  event_queue& events_;
  network& net_;
  machines& targets_;
  const scenario& plan_;
  std::uint64_t seed_;
  seeded_random random_;
  std::size_t forgetful_max_;
  std::set<node_index> spared_, forgetful_;
  trace& trace_;
  run_report& report_;
  bool healed_ = false;
};

}  // namespace holdfast::simulation

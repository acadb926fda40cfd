#include "tests/simulation/core/fault_injector.hpp"

namespace holdfast::simulation {

namespace {

bool loses_data(fault_kind kind) {
  return kind == fault_kind::wipe || kind == fault_kind::roll_back || kind == fault_kind::flip_bit;
}

}  // namespace

fault_injector::fault_injector(event_queue& events, network& net, machines& targets, const scenario& plan, std::uint64_t seed,
                               std::size_t forgetful_max, std::set<node_index> spared, trace& log, run_report& report)
    : events_(events),
      net_(net),
      targets_(targets),
      plan_(plan),
      seed_(seed),
      random_(seed ^ 0xfa017),
      forgetful_max_(forgetful_max),
      spared_(std::move(spared)),
      trace_(log),
      report_(report) {
  for (const auto& f : plan_.faults) {
    if (f.kind == fault_kind::crash_at_point) continue;  // `point_passed` sees to it
    schedule(f, instant(f.every == 0us ? between(random_, f.from, f.until) : f.from + between(random_, 0us, f.every)));
  }
  events_.at(instant(plan_.heal_at), [this] { heal(); });
}

void fault_injector::schedule(const fault& f, instant when) {
  if (when >= instant(std::min(f.until, plan_.heal_at))) return;
  events_.at(when, [this, &f] {
    strike(f);
    if (f.every > 0us) schedule(f, events_.now() + between(random_, f.every / 2, f.every * 3 / 2));
  });
}

void fault_injector::strike(const fault& f) {
  switch (f.kind) {
    case fault_kind::crash:
    case fault_kind::wipe:
    case fault_kind::roll_back:
    case fault_kind::flip_bit: return crash(choose(f), f);
    case fault_kind::crash_at_point: return;
    case fault_kind::partition: return divide(f);
    case fault_kind::isolate:
    case fault_kind::deafen:
    case fault_kind::silence: return cut_off(f);
    case fault_kind::clog: return clog(f);
  }
}

void fault_injector::point_passed(node_index node, std::uint64_t point) {
  for (const auto& f : plan_.faults) {
    // Seeds in a row take the machines in turn, and then the next point.
    if (f.kind != fault_kind::crash_at_point || healed_) continue;
    if (node == seed_ % targets_.count() && point == 1 + seed_ / targets_.count()) crash(node, f);
  }
}

void fault_injector::crash(node_index node, const fault& f) {
  if (!targets_.running(node) || (loses_data(f.kind) && !may_forget(node))) return;
  note(node, "crash");
  targets_.stop(node);
  if (loses_data(f.kind)) {
    note(node, f.kind == fault_kind::wipe ? "wipe" : f.kind == fault_kind::roll_back ? "roll_back" : "flip_bit");
    targets_.damage(node, f.kind);
  }
  events_.after(between(random_, f.lasting / 4, f.lasting), [this, node] {
    if (targets_.running(node)) return;
    note(node, "restart");
    targets_.start(node);
  });
}

bool fault_injector::may_forget(node_index node) {
  if (spared_.contains(node)) return false;
  if (!forgetful_.contains(node) && forgetful_.size() >= forgetful_max_) return false;
  forgetful_.insert(node);
  return true;
}

void fault_injector::divide(const fault& f) {
  std::vector<node_index> left, right;
  for (node_index node = 0; node < targets_.count(); ++node) (random_.below(2) ? left : right).push_back(node);
  bool one_way = random_.below(4) == 0;
  note(0, one_way ? "partition_one_way" : "partition");
  auto each = [this, left, right, one_way](auto apply) {
    for (auto a : left) {
      for (auto b : right) {
        apply(a, b);
        if (!one_way) apply(b, a);
      }
    }
  };
  each([this](auto a, auto b) { net_.cut(a, b); });
  events_.after(f.lasting, [this, each] { each([this](auto a, auto b) { net_.mend(a, b); }); });
}

void fault_injector::cut_off(const fault& f) {
  auto node = choose(f);
  note(node, f.kind == fault_kind::isolate ? "isolate" : f.kind == fault_kind::deafen ? "deafen" : "silence");
  auto each = [this, node, kind = f.kind](auto apply) {
    for (node_index other = 0; other < targets_.count(); ++other) {
      if (other == node) continue;
      if (kind != fault_kind::deafen) apply(node, other);
      if (kind != fault_kind::silence) apply(other, node);
    }
  };
  each([this](auto a, auto b) { net_.cut(a, b); });
  events_.after(f.lasting, [this, each] { each([this](auto a, auto b) { net_.mend(a, b); }); });
}

void fault_injector::clog(const fault& f) {
  auto from = choose(f);
  auto to = static_cast<node_index>(random_.below(targets_.count()));
  note(from, "clog");
  net_.clog(from, to, events_.now() + f.lasting);
}

void fault_injector::heal() {
  healed_ = true;
  net_.heal();
  trace_.event(events_.now(), 0, "heal", "");
  for (node_index node = 0; node < targets_.count(); ++node) {
    targets_.heal_disk(node);
    if (!targets_.running(node)) targets_.start(node);
  }
}

node_index fault_injector::choose(const fault& f) {
  auto count = targets_.count();
  if (f.who == "primary") return targets_.primary();
  if (f.who == "backup") return static_cast<node_index>((targets_.primary() + 1 + random_.below(std::max<std::size_t>(count - 1, 1))) % count);
  if (f.who == "any") return static_cast<node_index>(random_.below(count));
  return static_cast<node_index>(std::stoul(f.who) % count);
}

void fault_injector::note(node_index node, std::string_view what) {
  trace_.event(events_.now(), node, "fault", what);
  ++report_.counts[std::string(what)];
}

}  // namespace holdfast::simulation

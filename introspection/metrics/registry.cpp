#include "introspection/metrics/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace holdfast::introspection {

namespace {

bool well_named(const std::string& name, bool total) {
  bool letters = std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return letters && name.starts_with("holdfast_") && std::count(name.begin(), name.end(), '_') >= 2 && !name.ends_with('_') &&
         name.find("__") == std::string::npos && name.size() <= 96 && name.ends_with("_total") == total;
}

/// `\`, `"` and line feeds are the three that the text format escapes.
std::string escaped(const std::string& text, bool quotes) {
  std::string out;
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\\' || (quotes && c == '"')) {
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

std::string print(const metric_labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name + "=\"" + escaped(value, true) + '"';
  }
  return out;
}

std::string braced(const std::string& labels) { return labels.empty() ? "" : "{" + labels + "}"; }

/// Microseconds as seconds, without floating point's noise: 0.000128.
std::string seconds_of(std::uint64_t us) {
  auto fraction = std::to_string(us % 1'000'000);
  return std::to_string(us / 1'000'000) + "." + std::string(6 - fraction.size(), '0') + fraction;
}

void print_latency(std::string& out, const std::string& name, const std::string& labels, const histogram& h) {
  auto reading = h.read();
  auto prefix = labels.empty() ? "" : labels + ",";
  for (unsigned octave = 7; octave <= 25; octave += 2) {  // bounds of 128 us, 512 us ... 34 s: they end buckets exactly
    auto bound = (1ull << octave) - 1;
    out += name + "_bucket{" + prefix + "le=\"" + seconds_of(bound + 1) + "\"} " + std::to_string(reading.at_most(bound)) + "\n";
  }
  out += name + "_bucket{" + prefix + "le=\"+Inf\"} " + std::to_string(reading.count) + "\n";
  out += name + "_sum" + braced(labels) + " " + seconds_of(reading.sum_us) + "\n";
  out += name + "_count" + braced(labels) + " " + std::to_string(reading.count) + "\n";
}

}  // namespace

registry::family& registry::family_of(const std::string& name, const std::string& help, type what) {
  bool latency_named = name.ends_with("_us");
  if (!well_named(name, what == type::counter) || (what == type::latency) != latency_named) {
    throw std::invalid_argument("metric " + name + " is not named holdfast_<room>_<thing>_<unit>[_total]");
  }
  auto [found, fresh] = families_.try_emplace(name);
  if (fresh) {
    found->second.what = what;
    found->second.help = help;
  }
  if (found->second.what != what) throw std::invalid_argument("metric " + name + " is of another type already");
  return found->second;
}

template <class T>
T& registry::series(std::map<std::string, std::unique_ptr<T>>& all, const metric_labels& labels, T& overflow) {
  auto key = print(labels);
  if (auto found = all.find(key); found != all.end()) return *found->second;
  if (series_ >= series_max) return overflow;
  ++series_;
  return *(all[key] = std::make_unique<T>());
}

counter& registry::count(const std::string& name, const std::string& help, const metric_labels& labels) {
  std::lock_guard lock(mutex_);
  return series(family_of(name, help, type::counter).counters, labels, overflow_counter_);
}

gauge& registry::level(const std::string& name, const std::string& help, const metric_labels& labels) {
  std::lock_guard lock(mutex_);
  return series(family_of(name, help, type::gauge).gauges, labels, overflow_gauge_);
}

histogram& registry::latency(const std::string& name, const std::string& help, const metric_labels& labels) {
  std::lock_guard lock(mutex_);
  return series(family_of(name, help, type::latency).latencies, labels, overflow_latency_);
}

std::string registry::prometheus() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, f] : families_) {
    auto printed = f.what == type::latency ? name.substr(0, name.size() - 3) + "_seconds" : name;
    constexpr const char* types[] = {"counter", "gauge", "histogram"};
    out += "# HELP " + printed + " " + escaped(f.help, false) + "\n# TYPE " + printed + " " + types[static_cast<int>(f.what)] + "\n";
    for (const auto& [labels, c] : f.counters) out += name + braced(labels) + " " + std::to_string(c->value()) + "\n";
    for (const auto& [labels, g] : f.gauges) out += name + braced(labels) + " " + std::to_string(g->value()) + "\n";
    for (const auto& [labels, h] : f.latencies) print_latency(out, printed, labels, *h);
  }
  return out;
}

std::map<std::string, std::uint64_t> registry::values(std::size_t size_max) const {
  std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> out;
  for (const auto& [name, f] : families_) {
    for (const auto& [labels, c] : f.counters) {
      if (out.size() < size_max) out[name + braced(labels)] = c->value();
    }
    for (const auto& [labels, g] : f.gauges) {
      if (out.size() < size_max) out[name + braced(labels)] = g->value() < 0 ? 0 : static_cast<std::uint64_t>(g->value());
    }
  }
  return out;
}

}  // namespace holdfast::introspection

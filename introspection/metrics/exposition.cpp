#include "introspection/metrics/exposition.hpp"

#include <algorithm>
#include <stdexcept>

namespace holdfast::introspection {

namespace {

constexpr std::string_view latency_suffix = "_us";

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

std::string print_latency(const std::string& name, const std::string& labels, const histogram_reading& reading) {
  std::string out;
  auto prefix = labels.empty() ? "" : labels + ",";
  for (unsigned octave = 7; octave <= 25; octave += 2) {  // bounds of 128 us, 512 us ... 34 s: they end buckets exactly
    auto bound = (1ull << octave) - 1;
    out += name + "_bucket{" + prefix + "le=\"" + seconds_of(bound + 1) + "\"} " + std::to_string(reading.at_most(bound)) + "\n";
  }
  out += name + "_bucket{" + prefix + "le=\"+Inf\"} " + std::to_string(reading.count) + "\n";
  out += name + "_sum" + braced(labels) + " " + seconds_of(reading.sum_us) + "\n";
  out += name + "_count" + braced(labels) + " " + std::to_string(reading.count) + "\n";
  return out;
}

}  // namespace

void exposition::counter(const std::string& name, const std::string& help, std::uint64_t value, const metric_labels& labels) {
  auto printed = print(labels);
  add(name, help, type::counter, printed, name + braced(printed) + " " + std::to_string(value) + "\n");
}

void exposition::gauge(const std::string& name, const std::string& help, std::int64_t value, const metric_labels& labels) {
  auto printed = print(labels);
  add(name, help, type::gauge, printed, name + braced(printed) + " " + std::to_string(value) + "\n");
}

void exposition::latency(const std::string& name, const std::string& help, const histogram_reading& reading, const metric_labels& labels) {
  if (!name.ends_with(latency_suffix)) throw std::invalid_argument("latency " + name + " does not end in " + std::string(latency_suffix));
  auto seconds = name.substr(0, name.size() - latency_suffix.size()) + "_seconds";
  auto printed = print(labels);
  add(seconds, help, type::latency, printed, print_latency(seconds, printed, reading));
}

void exposition::add(const std::string& name, const std::string& help, type what, const std::string& labels, std::string lines) {
  if (!well_named(name, what == type::counter) || name.ends_with(latency_suffix)) {
    throw std::invalid_argument("metric " + name + " is not named holdfast_<room>_<thing>_<unit>[_total]");
  }
  auto [found, fresh] = families_.try_emplace(name, family{what, help, {}});
  if (found->second.what != what) throw std::invalid_argument("metric " + name + " is of another type already");
  if (!found->second.lines.contains(labels)) {
    if (series_ >= series_max) return;
    ++series_;
  }
  found->second.lines[labels] = std::move(lines);
}

std::string exposition::text() const {
  constexpr const char* types[] = {"counter", "gauge", "histogram"};
  std::string out;
  for (const auto& [name, f] : families_) {
    out += "# HELP " + name + " " + escaped(f.help, false) + "\n# TYPE " + name + " " + types[static_cast<int>(f.what)] + "\n";
    for (const auto& [labels, lines] : f.lines) out += lines;
  }
  return out;
}

}  // namespace holdfast::introspection

#include "tests/simulation/core/scenario.hpp"

#include <algorithm>
#include <sstream>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace holdfast::simulation {

namespace {

constexpr std::pair<std::string_view, fault_kind> fault_names[] = {
    {"crash", fault_kind::crash},         {"crash_at_point", fault_kind::crash_at_point},
    {"wipe", fault_kind::wipe},           {"roll_back", fault_kind::roll_back},
    {"flip_bit", fault_kind::flip_bit},   {"partition", fault_kind::partition},
    {"isolate", fault_kind::isolate},     {"deafen", fault_kind::deafen},
    {"silence", fault_kind::silence},     {"clog", fault_kind::clog},
};

constexpr std::pair<std::string_view, behaviour> behaviour_names[] = {
    {"equivocate", behaviour::equivocate}, {"silent", behaviour::silent}, {"silent_primary", behaviour::silent_primary},
    {"delay", behaviour::delay},           {"censor", behaviour::censor}, {"forge", behaviour::forge},
    {"replay", behaviour::replay},         {"stale_view_change", behaviour::stale_view_change},
    {"old_answers", behaviour::old_answers},
};

constexpr std::pair<std::string_view, subject_kind> subject_names[] = {
    {"agreement", subject_kind::agreement},
    {"dispersal", subject_kind::dispersal},
    {"ring", subject_kind::ring},
};

struct refused {
  std::string sentence;
  toml::source_region where;
};

/// A table whose keys are taken one by one; what is left over at the end was not known.
class section {
 public:
  explicit section(const toml::table& table) : table_(table) {}

  template <class T>
  void take(std::string_view key, T& value) {
    taken_.push_back(std::string(key));
    if (auto node = table_.get(key)) value = read<T>(key, *node);
  }

  /// A time in milliseconds, whole or in parts.
  void take_ms(std::string_view key, duration& value) {
    auto ms = static_cast<double>(value.count()) / 1000;
    take(key, ms);
    value = duration(static_cast<std::int64_t>(ms * 1000));
  }

  template <class Enum, std::size_t N>
  void take_name(std::string_view key, Enum& value, const std::pair<std::string_view, Enum> (&names)[N]) {
    std::string text;
    take(key, text);
    auto known = std::find_if(std::begin(names), std::end(names), [&](const auto& name) { return name.first == text; });
    if (known == std::end(names)) throw refused{"\"" + text + "\" is no " + std::string(key), where(key)};
    value = known->second;
  }

  template <class Read>
  void each(std::string_view key, Read read_table) {
    taken_.push_back(std::string(key));
    auto node = table_.get(key);
    if (!node) return;
    if (auto table = node->as_table()) return read_table(section(*table));
    auto list = node->as_array();
    if (!list || !list->is_homogeneous(toml::node_type::table)) throw refused{std::string(key) + " is no table", node->source()};
    for (const auto& element : *list) read_table(section(*element.as_table()));
  }

  void end() const {
    for (const auto& [key, node] : table_) {
      if (std::find(taken_.begin(), taken_.end(), key.str()) == taken_.end()) {
        throw refused{"unknown key \"" + std::string(key.str()) + "\"", node.source()};
      }
    }
  }

 private:
  toml::source_region where(std::string_view key) const { return table_.get(key) ? table_.get(key)->source() : table_.source(); }

  template <class T>
  static T read(std::string_view key, const toml::node& node) {
    if constexpr (std::same_as<T, std::vector<std::size_t>>) {
      std::vector<std::size_t> list;
      auto array = node.as_array();
      if (!array) throw refused{std::string(key) + " is no list", node.source()};
      for (const auto& element : *array) list.push_back(read<std::size_t>(key, element));
      if (list.empty()) throw refused{std::string(key) + " is empty", node.source()};
      return list;
    } else if constexpr (std::unsigned_integral<T> && !std::same_as<T, bool>) {
      auto number = node.value<std::int64_t>();
      if (!number || *number < 0) throw refused{std::string(key) + " is no count", node.source()};
      return static_cast<T>(*number);
    } else {
      auto value = node.value<T>();
      if (!value) throw refused{std::string(key) + " has another type than it should", node.source()};
      return *value;
    }
  }

  const toml::table& table_;
  std::vector<std::string> taken_;
};

void read_network(section table, network_options& network) {
  table.take_ms("delay_min_ms", network.delay_min);
  table.take_ms("delay_max_ms", network.delay_max);
  table.take("loss", network.loss);
  table.take("duplication", network.duplication);
  table.take("reordering", network.reordering);
  table.end();
}

void read_disk(section table, disk_options& disk) {
  table.take_ms("sync_min_ms", disk.sync_min);
  table.take_ms("sync_max_ms", disk.sync_max);
  table.take("stall", disk.stall);
  table.take("failure", disk.failure);
  table.take("torn", disk.torn);
  table.end();
}

void read_workload(section table, workload& work) {
  table.take("clients", work.clients);
  table.take("requests", work.requests);
  table.take_ms("think_ms", work.think);
  table.take_ms("resend_ms", work.resend);
  table.take("filling", work.filling);
  table.take("duplicates", work.duplicates);
  table.end();
}

fault read_fault(section table, duration heal_at) {
  fault f;
  f.until = heal_at;
  table.take_name("kind", f.kind, fault_names);
  table.take("who", f.who);
  table.take_ms("from_ms", f.from);
  table.take_ms("until_ms", f.until);
  table.take_ms("every_ms", f.every);
  table.take_ms("lasting_ms", f.lasting);
  table.end();
  return f;
}

liar read_liar(section table) {
  liar l;
  table.take("who", l.who);
  table.take_name("how", l.how, behaviour_names);
  table.end();
  return l;
}

scenario read_scenario(section table) {
  scenario s;
  table.take("summary", s.summary);
  table.take_name("subject", s.subject, subject_names);
  table.take("seeds", s.seeds);
  table.take("sizes", s.sizes);
  table.take_ms("heal_at_ms", s.heal_at);
  table.take_ms("live_within_ms", s.live_within);
  table.each("network", [&](section t) { read_network(t, s.network); });
  table.each("disk", [&](section t) { read_disk(t, s.disk); });
  table.each("clock", [&](section t) {
    t.take("drift_ppm_max", s.clock.drift_ppm_max);
    t.take("wall_offset_ms_max", s.clock.wall_offset_ms_max);
    t.end();
  });
  table.each("workload", [&](section t) { read_workload(t, s.work); });
  table.each("fault", [&](section t) { s.faults.push_back(read_fault(t, s.heal_at)); });
  table.each("liar", [&](section t) { s.liars.push_back(read_liar(t)); });
  table.end();
  return s;
}

tl::unexpected<error> refuse(const std::filesystem::path& file, const toml::source_region& where, std::string_view sentence) {
  std::ostringstream text;
  text << file.string() << ':' << where.begin.line << ':' << where.begin.column << ": " << sentence;
  return fail(errc::malformed, text.str());
}

}  // namespace

result<scenario> parse_scenario(const std::filesystem::path& file) {
  try {
    auto table = toml::parse_file(file.string());
    auto s = read_scenario(section(table));
    auto name = file.stem().string();
    s.name = name.substr(0, name.rfind("_sim"));
    return s;
  } catch (const toml::parse_error& e) {
    return refuse(file, e.source(), e.description());
  } catch (const refused& e) {
    return refuse(file, e.where, e.sentence);
  }
}

result<std::vector<scenario>> parse_scenarios(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().ends_with("_sim.toml")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<scenario> scenarios;
  for (const auto& file : files) {
    auto parsed = parse_scenario(file);
    if (!parsed) return fail(parsed.error());
    scenarios.push_back(std::move(*parsed));
  }
  return scenarios;
}

}  // namespace holdfast::simulation

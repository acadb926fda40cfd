// The commands that keep data: `put`, `get`, `ls`, `log`, `rm`, `restore`.
#include <iomanip>
#include <iostream>

#include "actors/base/clock.hpp"
#include "tools/command_line/times.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/keep.hpp"

namespace holdfast::tools {

namespace {

object::version_walk::target wanted(const get_options& o) {
  if (o.version) return *o.version;
  if (!o.at.empty()) return *parse_time(o.at, actors::wall_now());
  return object::version_walk::newest{};
}

int say(const std::string& name, const actors::version_info& made, bool json) {
  if (json) {
    auto j = to_json(made);
    j["name"] = name;
    std::cout << j.dump() << std::endl;
  } else {
    std::cerr << name << " version " << made.version << ", " << made.size << " bytes\n";
  }
  return 0;
}

}  // namespace

int run(const put_options& o) {
  auto file = source_file::open(o.file);
  if (!file) return report(file.error(), o.as.json);
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  actors::put_options options;
  options.size = file->size();
  options.if_version = o.if_version;
  options.if_absent = o.if_absent;
  transfer_bar bar(o.name);
  auto made = client->put(o.name, [&](mutable_bytes_view out) { return file->read(out); }, options, bar.watch());
  if (!made) return report(made.error(), o.as.json);
  bar.finish();
  return say(o.name, *made, o.as.json);
}

int run(const get_options& o) {
  // Standard output may be the content itself: whatever is said goes to standard error.
  auto complain = [&](const error& e) {
    std::cerr << (o.as.json ? describe_json(e) + "\n" : describe(e)) << std::flush;
    return exit_code(e);
  };
  auto client = open_client(o.as);
  if (!client) return complain(client.error());
  auto sink = sink_file::open(o.output);
  if (!sink) return complain(sink.error());
  transfer_bar bar(o.name, !sink->is_terminal());
  auto got = client->get(o.name, wanted(o), [&](bytes_view data) { return sink->write(data); }, bar.watch());
  if (sink->ends_within_a_line()) std::cerr << "\n";
  if (!got) return complain(got.error());
  if (auto done = sink->finish(); !done) return complain(done.error());
  bar.finish();
  if (o.as.json) {
    auto j = to_json(got->version);
    j["name"] = o.name;
    j["read"] = got->describe();
    auto names = nlohmann::json::array();
    for (const auto& server : got->used) names.push_back(client->name_of(server));
    j["servers"] = std::move(names);
    std::cerr << j.dump() << std::endl;
  } else {
    std::cerr << o.name << " version " << got->version.version << ", " << got->version.size << " bytes, " << got->describe() << "\n";
  }
  return 0;
}

int run(const ls_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  auto entries = client->ls(o.name, o.removed);
  if (!entries) return report(entries.error(), o.as.json);
  auto json = nlohmann::json::array();
  for (const auto& e : *entries) {
    bool folder = e.kind == object::entry_kind::directory;
    if (o.as.json) {
      auto j = e.newest && !folder ? to_json(*e.newest) : nlohmann::json::object();
      j["name"] = e.name;
      j["kind"] = folder ? "folder" : "file";
      json.push_back(std::move(j));
    } else if (folder || !e.newest) {
      std::cout << std::setw(14) << (folder ? "" : "?") << "  " << std::setw(19) << (e.newest ? print_time(e.newest->time) : "") << "  "
                << e.name << (folder ? "/" : "") << "\n";
    } else {
      std::cout << std::setw(14) << e.newest->size << "  " << print_time(e.newest->time) << "  " << e.name << "\n";
    }
  }
  if (o.as.json) std::cout << nlohmann::json{{"entries", json}}.dump() << "\n";
  std::cout << std::flush;
  return 0;
}

int run(const log_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  auto versions = client->log(o.name);
  if (!versions) return report(versions.error(), o.as.json);
  if (o.as.json) {
    auto json = nlohmann::json::array();
    for (const auto& v : *versions) json.push_back(to_json(v));
    std::cout << nlohmann::json{{"name", o.name}, {"versions", json}}.dump() << std::endl;
    return 0;
  }
  std::cout << std::setw(8) << "version" << "  " << std::left << std::setw(19) << "time" << std::right << std::setw(16) << "bytes" << "  writer\n";
  for (const auto& v : *versions) {
    auto writer = to_hex(v.writer.raw).substr(0, 8);
    std::cout << std::setw(8) << v.version << "  " << print_time(v.time) << std::setw(16) << v.size << "  " << writer << "\n";
  }
  std::cout << std::flush;
  return 0;
}

int run(const rm_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  auto gone = client->rm(o.name);
  if (!gone) return report(gone.error(), o.as.json);
  bool folder = gone->kind == object::entry_kind::directory;
  auto newest = gone->newest ? std::to_string(*gone->newest) : std::string("N");
  if (o.as.json) {
    nlohmann::json said{{"name", o.name}, {"removed", true}};
    if (gone->newest) said["version"] = *gone->newest;
    std::cout << said.dump() << std::endl;
  }
  auto what = o.name + (folder ? "/NAME --version N` brings back a file that was in it" : " --version " + newest + "` brings it back");
  std::cerr << "removed " << o.name << "; `holdfast restore " << what << "\n";
  return 0;
}

int run(const restore_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  auto made = client->restore(o.name, o.version);
  if (!made) return report(made.error(), o.as.json);
  return say(o.name, *made, o.as.json);
}

}  // namespace holdfast::tools

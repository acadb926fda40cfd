// `holdfast verify` and `holdfast repair`: how whole a file is, and waiting until it is whole again.
#include <iostream>

#include "tools/commands/commands.hpp"
#include "tools/commands/keep.hpp"
#include "tools/errors/error_table.hpp"
#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

namespace {

std::string sentence(const std::string& name, const actors::verify_report& r) {
  return name + " version " + std::to_string(r.version.version) + ": " + std::string(to_string(r.state)) + ", " + std::to_string(r.good_fragments) +
         " of " + std::to_string(r.fragments) + " fragments good in " + std::to_string(r.blocks) + " blocks";
}

nlohmann::json to_json(const std::string& name, const actors::verify_report& r, const actors::client& client) {
  nlohmann::json j = {{"name", name},          {"version", r.version.version},     {"state", to_string(r.state)},
                      {"blocks", r.blocks},    {"fragments", r.fragments},         {"good_fragments", r.good_fragments},
                      {"findings", r.findings}, {"extents", nlohmann::json::array()}};
  for (const auto& e : r.extents) {
    auto slots = nlohmann::json::array();
    for (std::size_t i = 0; i < e.slots.size(); ++i) {
      slots.push_back({{"server", e.slots[i] ? nlohmann::json(client.name_of(*e.slots[i])) : nlohmann::json()}, {"good", e.good[i]}});
    }
    j["extents"].push_back({{"extent", e.extent.hex()},
                            {"coding", std::to_string(e.code.m) + "+" + std::to_string(e.code.n - e.code.m)},
                            {"blocks", e.blocks},
                            {"unreadable", e.unreadable},
                            {"slots", std::move(slots)}});
  }
  return j;
}

/// The exit code says how whole it is; what a person can do stands in the table of errors.
int conclude(const std::string& name, const actors::verify_report& r, const actors::client& client, bool json) {
  if (json) {
    std::cout << to_json(name, r, client).dump() << std::endl;
  } else {
    std::cout << sentence(name, r) << "\n";
    for (const auto& finding : r.findings) std::cout << "  " << finding << "\n";
    std::cout << std::flush;
  }
  if (r.state == actors::soundness::full) return 0;
  auto code = r.state == actors::soundness::degraded ? tool_errc::degraded : tool_errc::damaged;
  auto wrong = error(code, name + " is " + std::string(to_string(r.state)));
  return json ? exit_code(wrong) : report(wrong);
}

}  // namespace

int run(const verify_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  transfer_bar bar(o.name);
  using target = object::version_walk::target;
  auto found = client->verify(o.name, o.version ? target(*o.version) : target(), bar.watch());
  if (!found) return report(found.error(), o.as.json);
  bar.finish();
  return conclude(o.name, *found, *client, o.as.json);
}

int run(const repair_options& o) {
  auto client = open_client(o.as);
  if (!client) return report(client.error(), o.as.json);
  std::string said;
  auto told = [&](const actors::verify_report& r) {
    if (r.state == actors::soundness::full || sentence(o.name, r) == said) return;
    said = sentence(o.name, r);
    std::cerr << said << "; waiting for the cluster to mend it\n";
  };
  auto found = client->repair(o.name, std::chrono::seconds(o.as.timeout_s), told);
  if (!found) return report(found.error(), o.as.json);
  return conclude(o.name, *found, *client, o.as.json);
}

}  // namespace holdfast::tools

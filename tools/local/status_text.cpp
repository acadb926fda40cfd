// How a local cluster's state is printed.
#include <sstream>

#include <nlohmann/json.hpp>

#include "tools/local/cluster.hpp"

namespace holdfast::tools {

std::string_view to_string(node_state s) {
  switch (s) {
    case node_state::starting: return "starting";
    case node_state::serving: return "serving";
    case node_state::catching_up: return "catching-up";
    case node_state::frozen: return "frozen";
    case node_state::dead: return "dead";
  }
  return "";
}

std::string show_json(const std::vector<node_status>& nodes) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& n : nodes) {
    list.push_back({{"name", n.name}, {"pid", n.pid}, {"listen", to_string(n.listen)}, {"dashboard", to_string(n.dashboard)},
                    {"state", to_string(n.state)}});
    if (!n.trouble.empty()) list.back()["trouble"] = n.trouble;
  }
  return nlohmann::ordered_json{{"nodes", list}}.dump();
}

std::string show(const std::vector<node_status>& nodes) {
  auto padded = [](std::string text, std::size_t width) { return text + std::string(text.size() < width ? width - text.size() : 0, ' ') + "  "; };
  std::ostringstream out;
  out << padded("NODE", 8) << padded("STATE", 11) << padded("PID", 7) << padded("LISTEN", 21) << "DASHBOARD\n";
  for (const auto& n : nodes) {
    out << padded(n.name, 8) << padded(std::string(to_string(n.state)), 11) << padded(n.pid ? std::to_string(n.pid) : "-", 7)
        << padded(to_string(n.listen), 21) << "http://" << to_string(n.dashboard) << "/\n";
    if (!n.trouble.empty()) out << padded("", 8) << n.trouble << "\n";
  }
  return out.str();
}

}  // namespace holdfast::tools

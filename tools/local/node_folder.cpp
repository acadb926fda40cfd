#include "tools/local/node_folder.hpp"

#include <charconv>
#include <fstream>

#include <nlohmann/json.hpp>

#include "tools/local/http_get.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;

std::uint32_t local_cluster::node::number() const {
  constexpr std::string_view prefix = "node-";
  std::uint32_t value = 0;
  if (!name.starts_with(prefix)) return 0;
  std::from_chars(name.data() + prefix.size(), name.data() + name.size(), value);
  return value;
}

bool local_cluster::node::has_joined() const {
  std::error_code why;
  return fs::exists(data() / "node.identity", why);
}

std::optional<process_name> local_cluster::node::process() const {
  std::ifstream file(process_file());
  std::string line;
  std::getline(file, line);
  auto p = parse_process_name(line);
  if (!p || state_of(*p) == process_state::gone) return std::nullopt;
  return p;
}

node_status local_cluster::node::status() const {
  node_status s{name, 0, listen, dashboard, node_state::dead};
  auto p = process();
  if (!p) return s;
  s.pid = p->pid;
  if (state_of(*p) == process_state::stopped) {
    s.state = node_state::frozen;
    return s;
  }
  s.state = node_state::starting;
  auto answer = http_get(dashboard, "/health/ready", std::chrono::seconds(2));
  if (!answer) return s;
  auto body = nlohmann::json::parse(answer->body, nullptr, false);
  auto state = body.is_object() && body.contains("state") && body["state"].is_string() ? body["state"].get<std::string>() : "";
  if (state == "serving") s.state = node_state::serving;
  if (state == "catching-up") s.state = node_state::catching_up;
  if (body.is_object() && body.contains("trouble") && body["trouble"].is_string()) s.trouble = body["trouble"].get<std::string>();
  return s;
}

std::string local_cluster::node::last_words() const {
  constexpr std::streamoff tail_bytes = 1500;
  std::ifstream file(log(), std::ios::binary | std::ios::ate);
  auto size = file.tellg();
  if (size <= 0) return "its log is empty";
  auto begin = std::max<std::streamoff>(0, size - tail_bytes);
  file.seekg(begin);
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  return "the end of " + log().string() + ":\n" + text;
}

void local_cluster::node::rotate_log() const {
  constexpr std::uintmax_t log_bytes_max = 64u << 20;
  std::error_code why;
  if (fs::file_size(log(), why) > log_bytes_max && !why) fs::rename(log(), fs::path(log()) += ".1", why);
}

}  // namespace holdfast::tools

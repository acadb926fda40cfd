#include "actors/base/log.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <unistd.h>

namespace holdfast::actors::log {

namespace {

// Plain data set once before threads start; a line is one write(2), which the kernel does not tear for O_APPEND files.
std::atomic<level> least{level::info};
std::atomic<bool> as_json{false};
std::atomic<int> output{STDERR_FILENO};
std::string node_name;

constexpr std::string_view names[] = {"debug", "info", "warning", "error"};

void escape(std::string& out, std::string_view text) {
  out += '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c < 0x20 || c == 0x7f) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
      out += buffer;
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (unsigned char c : text) {
    if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f) return false;
  }
  return true;
}

void put(std::string& out, std::string_view key, std::string_view value, bool json) {
  if (json) {
    if (!out.empty()) out += ',';
    escape(out, key);
    out += ':';
    escape(out, value);
  } else {
    if (!out.empty()) out += ' ';
    out += key;
    out += '=';
    if (plain(value)) {
      out += value;
    } else {
      escape(out, value);
    }
  }
}

std::string time_stamp() {
  auto now = std::chrono::system_clock::now();
  auto seconds = std::chrono::system_clock::to_time_t(now);
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[40];
  auto n = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(buffer + n, sizeof buffer - n, ".%03dZ", static_cast<int>(ms));
  return buffer;
}

}  // namespace

std::string format(level l, std::string_view message, fields f, bool json) {
  std::string line;
  put(line, "level", names[static_cast<std::size_t>(l)], json);
  if (!node_name.empty()) put(line, "node", node_name, json);
  put(line, "msg", message, json);
  for (const auto& one : f) put(line, one.key, one.value, json);
  return line;
}

bool configure(const options& o) {
  int to = STDERR_FILENO;
  if (!o.file.empty()) {
    to = ::open(o.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (to < 0) return false;
  }
  int before = output.exchange(to);
  if (before != STDERR_FILENO && before != to) ::close(before);
  least = o.least;
  as_json = o.json;
  node_name = o.node;
  return true;
}

void write(level l, std::string_view message, fields f) {
  if (l < least.load(std::memory_order_relaxed)) return;
  bool json = as_json.load(std::memory_order_relaxed);
  std::string line;
  put(line, json ? "time" : "ts", time_stamp(), json);
  line += json ? ',' : ' ';
  line += format(l, message, f, json);
  if (json) line = '{' + line + '}';
  line += '\n';
  [[maybe_unused]] auto written = ::write(output.load(std::memory_order_relaxed), line.data(), line.size());
}

}  // namespace holdfast::actors::log

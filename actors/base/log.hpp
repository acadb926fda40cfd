// The program's log: one logfmt line per event on standard error, or JSON with `--log-json`; safe from any thread.
//
//   log::info("link up", {{"peer", peer.name}, {"class", "agreement"}});
//   ts=2026-11-21T01:30:16.123Z level=info msg="link up" peer=n3 class=agreement
//
// Secrets never go in: there is no overload that takes one.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace holdfast::actors::log {

enum class level : std::uint8_t { debug, info, warning, error };

/// One `key=value`. Keys are literals; values are quoted where they need it.
struct field {
  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(v) {}
  field(std::string_view k, const std::string& v) : key(k), value(v) {}
  field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <std::integral T>
  field(std::string_view k, T v) : key(k), value(std::to_string(v)) {}
  field(std::string_view k, double v) : key(k), value(std::to_string(v)) {}

  std::string_view key;
  std::string value;
};
using fields = std::initializer_list<field>;

struct options {
  level least = level::info;
  bool json = false;
  std::string file;  ///< appended to; empty: standard error
  std::string node;  ///< a `node=` in every line; empty: none
};

/// To be called once, before threads start; without it lines of level info go to standard error. False if the file does not open.
bool configure(const options& o);

void write(level l, std::string_view message, fields f = {});
inline void debug(std::string_view message, fields f = {}) { write(level::debug, message, f); }
inline void info(std::string_view message, fields f = {}) { write(level::info, message, f); }
inline void warning(std::string_view message, fields f = {}) { write(level::warning, message, f); }
inline void error(std::string_view message, fields f = {}) { write(level::error, message, f); }

/// The line without its time stamp and line end, as `write` would print it.
std::string format(level l, std::string_view message, fields f, bool json);

}  // namespace holdfast::actors::log

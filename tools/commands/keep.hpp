// What the commands that keep data share: a client opened from the options, files as sources and sinks, versions as text.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "actors/client/client.hpp"
#include "tools/command_line/options.hpp"
#include "tools/files/descriptor.hpp"
#include "tools/progress/progress_bar.hpp"

namespace holdfast::tools {

result<actors::client> open_client(const identity_options& as);

/// A file or standard input to be kept.
class source_file {
 public:
  static result<source_file> open(const std::string& path);

  /// Of a regular file; a pipe's is not known.
  std::optional<std::uint64_t> size() const { return size_; }
  result<std::size_t> read(mutable_bytes_view out);

 private:
  std::string path_;
  descriptor file_;
  std::optional<std::uint64_t> size_;
};

/// A file or standard output to be filled. A file appears under its name when it is whole, and not before.
class sink_file {
 public:
  static result<sink_file> open(const std::string& path);
  sink_file(sink_file&&) = default;
  sink_file& operator=(sink_file&&) = delete;
  ~sink_file();

  outcome write(bytes_view data);
  outcome finish();

 private:
  sink_file() = default;
  std::filesystem::path path_, partial_;  ///< empty: standard output
  descriptor file_;
};

/// A bar on a terminal for as long as a transfer lasts.
class transfer_bar {
 public:
  explicit transfer_bar(std::string label) : label_(std::move(label)) {}

  /// Refers to this bar.
  actors::transfer_watch watch();
  void finish();

 private:
  std::string label_;
  std::optional<progress_bar> bar_;
};

nlohmann::json to_json(const actors::version_info& v);

/// "2026-11-21T10:30:05.123Z".
std::string print_time_utc(wall_time t);

}  // namespace holdfast::tools

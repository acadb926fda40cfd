// What the commands that keep data share: a client opened from the options, files as sources and sinks, versions as text.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "actors/client/client.hpp"
#include "tools/command_line/options.hpp"
#include "tools/files/descriptor.hpp"
#include "tools/interrupts/interrupts.hpp"
#include "tools/progress/progress_bar.hpp"

namespace holdfast::tools {

/// Ctrl-C is heeded from here on.
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

/// A file or standard output to be filled. A file appears under its name when it is whole, and not before: until then it has a name of its
/// own beside it, so that two may fill one file at once. Where there is a file already, its mode stays.
class sink_file {
 public:
  static result<sink_file> open(const std::string& path);
  sink_file(sink_file&&) = default;
  sink_file& operator=(sink_file&&) = delete;
  ~sink_file();

  outcome write(bytes_view data);
  outcome finish();

  /// The content is being shown to a person: the terminal belongs to it.
  bool is_terminal() const;
  /// It has left the terminal's cursor behind its last line.
  bool ends_within_a_line() const { return is_terminal() && last_ != '\n'; }

 private:
  sink_file() = default;
  outcome begin_beside(const std::filesystem::path& path);

  std::filesystem::path path_, partial_;  ///< empty: standard output, or what is no regular file
  descriptor file_;
  char last_ = '\n';
  std::unique_ptr<undo_on_interrupt> undo_;
};

/// A bar on a terminal for as long as a transfer lasts, unless it is not wanted there.
class transfer_bar {
 public:
  explicit transfer_bar(std::string label, bool wanted = true) : label_(std::move(label)), wanted_(wanted) {}

  /// Refers to this bar.
  actors::transfer_watch watch();
  void finish();

 private:
  std::string label_;
  bool wanted_;
  std::optional<progress_bar> bar_;
};

nlohmann::json to_json(const actors::version_info& v);

/// "2026-11-21T10:30:05.123Z".
std::string print_time_utc(wall_time t);

}  // namespace holdfast::tools

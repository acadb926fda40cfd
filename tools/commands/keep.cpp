#include "tools/commands/keep.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "tools/errors/tool_error.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

namespace {

error failed(const std::string& what, const std::string& path) { return {tool_errc::file_failed, what + " " + path + ": " + std::strerror(errno)}; }

}  // namespace

result<actors::client> open_client(const identity_options& as) {
  auto profile = load_profile(profile_path(as.profile));
  if (!profile) return fail(profile.error());
  actors::client_options options;
  options.patience = std::chrono::seconds(as.timeout_s);
  return actors::client::open(*profile, options);
}

result<source_file> source_file::open(const std::string& path) {
  source_file s;
  s.path_ = path == "-" ? "standard input" : path;
  s.file_ = descriptor(path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!s.file_) return fail(failed("cannot open", s.path_));
  struct stat about{};
  if (::fstat(s.file_.get(), &about) != 0) return fail(failed("cannot read", s.path_));
  if (S_ISDIR(about.st_mode)) return fail(tool_errc::file_failed, path + " is a folder; put keeps one file at a time");
  if (S_ISREG(about.st_mode)) {
    auto at = ::lseek(s.file_.get(), 0, SEEK_CUR);  // standard input may be a file somebody has read from
    s.size_ = static_cast<std::uint64_t>(std::max<off_t>(about.st_size - std::max<off_t>(at, 0), 0));
  }
  return s;
}

result<std::size_t> source_file::read(mutable_bytes_view out) {
  for (;;) {
    auto n = ::read(file_.get(), out.data(), out.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return fail(failed("cannot read", path_));
  }
}

result<sink_file> sink_file::open(const std::string& path) {
  sink_file s;
  if (path == "-") {
    s.file_ = descriptor(::dup(STDOUT_FILENO));
    if (!s.file_) return fail(failed("cannot write to", "standard output"));
    return s;
  }
  s.path_ = path;
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {  // a device or pipe is written as it is
    s.file_ = descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  } else {
    s.partial_ = path + ".part";
    s.file_ = descriptor(::open(s.partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  }
  if (!s.file_) return fail(failed("cannot write to", path));
  return s;
}

sink_file::~sink_file() {
  std::error_code ignored;
  if (file_ && !partial_.empty()) std::filesystem::remove(partial_, ignored);
}

outcome sink_file::write(bytes_view data) {
  while (!data.empty()) {
    auto n = ::write(file_.get(), data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(failed("cannot write to", path_.empty() ? "standard output" : path_.string()));
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

outcome sink_file::finish() {
  if (partial_.empty()) return {};
  if (::rename(partial_.c_str(), path_.c_str()) != 0) return fail(failed("cannot write to", path_.string()));
  file_.reset();
  return {};
}

actors::transfer_watch transfer_bar::watch() {
  return {[this](std::uint64_t total) { bar_.emplace(label_, total); },
          [this](std::uint64_t done) {
            if (!bar_) bar_.emplace(label_, std::nullopt);
            bar_->update(done);
          }};
}

void transfer_bar::finish() {
  if (bar_) bar_->finish();
}

nlohmann::json to_json(const actors::version_info& v) {
  return {{"version", v.version}, {"size", v.size}, {"time", print_time_utc(v.time)}, {"writer", to_hex(v.writer.raw)}};
}

std::string print_time_utc(wall_time t) {
  std::time_t seconds = t.ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  auto milliseconds = std::to_string(1000 + t.ms % 1000).substr(1);
  return std::string(text.data(), length) + "." + milliseconds + "Z";
}

}  // namespace holdfast::tools

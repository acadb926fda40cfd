#include "tools/commands/keep.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "protocols/base/random.hpp"
#include "tools/errors/tool_error.hpp"
#include "tools/files/file_error.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::tools {

namespace {

namespace fs = std::filesystem;

/// Where the links lead that a path may be: it is their end that is written, also where nothing is yet.
fs::path behind_links(fs::path path) {
  constexpr int links_max = 40;
  std::error_code why;
  for (int i = 0; i < links_max && fs::is_symlink(path, why); ++i) {
    auto target = fs::read_symlink(path, why);
    if (why) break;
    path = path.parent_path() / target;
  }
  return path;
}

/// ".notes.txt.4f1c09aa.part", in the same folder: hidden, and nobody else's.
fs::path name_beside(const fs::path& path) {
  constexpr std::size_t name_bytes_max = 200;
  auto tag = to_hex(system_random().array<4>());
  return path.parent_path() / ("." + path.filename().string().substr(0, name_bytes_max) + "." + tag + ".part");
}

}  // namespace

result<actors::client> open_client(const identity_options& as) {
  heed_interrupts();
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
  if (!s.file_) return fail(file_error("open", s.path_));
  struct stat about{};
  if (::fstat(s.file_.get(), &about) != 0) return fail(file_error("read", s.path_));
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
    if (errno != EINTR) return fail(file_error("read", path_));
  }
}

result<sink_file> sink_file::open(const std::string& path) {
  sink_file s;
  if (path == "-") {
    s.file_ = descriptor(::dup(STDOUT_FILENO));
    if (!s.file_) return fail(file_error("write to", "standard output"));
    return s;
  }
  s.path_ = behind_links(path);
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode)) {  // a device or pipe is written as it is
    s.file_ = descriptor(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!s.file_) return fail(file_error("write to", path));
  } else if (auto begun = s.begin_beside(s.path_); !begun) {
    return fail(begun.error());
  }
  return s;
}

outcome sink_file::begin_beside(const fs::path& path) {
  struct stat before{};
  bool replaces = ::stat(path.c_str(), &before) == 0;
  mode_t mode = replaces ? before.st_mode & 0777 : 0666;
  do {
    partial_ = name_beside(path);
    file_ = descriptor(::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  } while (!file_ && errno == EEXIST);
  if (!file_) return fail(file_error("write to", path.string()));
  undo_ = std::make_unique<undo_on_interrupt>([partial = partial_] { ::unlink(partial.c_str()); });
  if (replaces && ::fchmod(file_.get(), mode) != 0) return fail(file_error("keep the mode of", path.string()));
  return {};
}

sink_file::~sink_file() {
  if (file_ && !partial_.empty()) ::unlink(partial_.c_str());
}

bool sink_file::is_terminal() const { return ::isatty(file_.get()) == 1; }

outcome sink_file::write(bytes_view data) {
  if (!data.empty()) last_ = static_cast<char>(data.back());
  while (!data.empty()) {
    auto n = ::write(file_.get(), data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("write to", path_.empty() ? "standard output" : path_.string()));
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

outcome sink_file::finish() {
  if (partial_.empty()) return {};
  if (::rename(partial_.c_str(), path_.c_str()) != 0) return fail(file_error("write to", path_.string()));
  file_.reset();
  return {};
}

actors::transfer_watch transfer_bar::watch() {
  if (!wanted_) return {};
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

#include "tools/files/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/errors/tool_error.hpp"
#include "tools/files/descriptor.hpp"
#include "tools/files/file_error.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;

namespace {

tl::unexpected<error> refused(const char* what, const fs::path& path) { return fail(file_error(what, path.string())); }

fs::path folder_of(const fs::path& path) {
  std::error_code nowhere;  // the working directory is gone: a relative path then leads nowhere, and opening it says so
  return fs::absolute(path, nowhere).parent_path();
}

tl::unexpected<error> unreadable(const fs::path& path) {
  return fail(tool_errc::unreadable, "cannot read " + path.string() + ": " + std::strerror(errno));
}

/// Parents with mode 0700: a folder made for secrets.
outcome make_parents(const fs::path& path) {
  auto parent = folder_of(path);
  std::error_code hidden;  // by a folder that may not be searched: making it says so
  if (parent.empty() || fs::exists(parent, hidden)) return {};
  if (auto made = make_parents(parent); !made) return made;
  if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) return refused("make the folder", parent);
  return {};
}

std::string name_beside(const fs::path& path) { return path.string() + ".new-" + std::to_string(::getpid()); }

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    auto n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::fsync(fd) == 0;
}

}  // namespace

outcome expect_free(const fs::path& path, const std::string& advice) {
  struct stat s{};
  if (::lstat(path.c_str(), &s) == 0) return fail(tool_errc::file_exists, path.string() + " exists already" + advice);
  return errno == ENOENT || errno == ENOTDIR ? outcome() : outcome(refused("look for", path));
}

outcome expect_writable(const fs::path& path) {
  if (auto made = make_parents(path); !made) return made;
  auto beside = name_beside(path);
  descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return refused("write", path);
  ::unlink(beside.c_str());
  return {};
}

outcome write_private_file(const fs::path& path, std::string_view content) {
  if (auto made = make_parents(path); !made) return made;
  auto beside = name_beside(path);
  descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return refused("write", path);
  if (!write_all(file.get(), content) || ::rename(beside.c_str(), path.c_str()) != 0) {
    auto result = refused("write", path);
    ::unlink(beside.c_str());
    return result;
  }
  descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return refused("sync the folder of", path);
  return {};
}

result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return unreadable(path);
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    auto n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return unreadable(path);
    if (n == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(n));
    if (content.size() > bytes_max) return fail(tool_errc::unreadable, path.string() + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
}

bool readable_by_others(const fs::path& path) {
  struct stat s{};
  return ::stat(path.c_str(), &s) == 0 && (s.st_mode & 077) != 0;
}

}  // namespace holdfast::tools

#include "tools/files/private_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/errors/tool_error.hpp"
#include "tools/files/descriptor.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;

namespace {

tl::unexpected<error> refused(const char* what, const fs::path& path) {
  return fail(tool_errc::file_failed, std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(errno));
}

/// Parents with mode 0700: a folder made for secrets.
outcome make_parents(const fs::path& path) {
  auto parent = fs::absolute(path).parent_path();
  if (parent.empty() || fs::exists(parent)) return {};
  if (auto made = make_parents(parent); !made) return made;
  if (::mkdir(parent.c_str(), 0700) != 0 && errno != EEXIST) return refused("make the folder", parent);
  return {};
}

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

outcome write_private_file(const fs::path& path, std::string_view content) {
  if (auto made = make_parents(path); !made) return made;
  auto beside = path.string() + ".new-" + std::to_string(::getpid());
  descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return refused("write", beside);
  if (!write_all(file.get(), content) || ::rename(beside.c_str(), path.c_str()) != 0) {
    auto result = refused("write", path);
    ::unlink(beside.c_str());
    return result;
  }
  descriptor folder(::open(fs::absolute(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::fsync(folder.get()) != 0) return refused("sync the folder of", path);
  return {};
}

result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
  descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return refused("read", path);
  std::string content;
  std::array<char, 16384> buffer;
  while (true) {
    auto n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refused("read", path);
    if (n == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(n));
    if (content.size() > bytes_max) return fail(tool_errc::file_failed, path.string() + " is longer than " + std::to_string(bytes_max) + " bytes");
  }
}

bool readable_by_others(const fs::path& path) {
  struct stat s{};
  return ::stat(path.c_str(), &s) == 0 && (s.st_mode & 077) != 0;
}

}  // namespace holdfast::tools

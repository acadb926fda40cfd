#include "tools/local/cluster_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 3s;  ///< several that each start one node come after one another
constexpr auto step = 50ms;

/// False once another has removed the file that was opened: a lock on it keeps nobody out.
bool is_still_there(int fd, const fs::path& path) {
  struct stat opened, named;
  return ::fstat(fd, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

result<descriptor> lock_cluster(const fs::path& marker, marker_file how) {
  auto deadline = clock::now() + patience;
  int flags = O_RDONLY | O_CLOEXEC | (how == marker_file::is_made ? O_CREAT : 0);
  while (true) {
    descriptor fd(::open(marker.c_str(), flags, 0600));
    if (!fd) return fail(tool_errc::file_failed, "cannot open " + marker.string() + ": " + std::strerror(errno));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && is_still_there(fd.get(), marker)) return fd;
    if (clock::now() >= deadline) return fail(tool_errc::busy, "another `holdfast local` is at work in " + marker.parent_path().string());
    std::this_thread::sleep_for(step);
  }
}

}  // namespace holdfast::tools

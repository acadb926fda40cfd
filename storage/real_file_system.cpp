// The machine's files, by the system's calls.
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "storage/file_system.hpp"

namespace holdfast::storage {
namespace {

/// The error that `errno` tells of, as "DOING PATH: reason".
tl::unexpected<error> failed(std::string_view doing, const std::string& path) {
  auto number = errno;
  auto code = errc::io_failed;
  if (number == ENOSPC || number == EDQUOT) code = errc::no_space;
  if (number == ENOENT) code = errc::not_found;
  if (number == EEXIST) code = errc::already_exists;
  return fail(code, std::string(doing) + " " + path + ": " + std::generic_category().message(number));
}

class descriptor {
 public:
  explicit descriptor(int fd) : fd_(fd) {}
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool good() const { return fd_ >= 0; }

 private:
  int fd_;
};

class real_file final : public file {
 public:
  real_file(descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  outcome write(std::uint64_t offset, std::span<const bytes_view> parts) override {
    constexpr std::size_t at_once = 64;
    std::array<iovec, at_once> vectors;
    while (!parts.empty()) {
      auto count = std::min(parts.size(), at_once);
      for (std::size_t i = 0; i < count; ++i) vectors[i] = {const_cast<std::uint8_t*>(parts[i].data()), parts[i].size()};
      if (auto done = write_all(offset, std::span(vectors).first(count)); !done) return done;
      for (const auto& part : parts.first(count)) offset += part.size();
      parts = parts.subspan(count);
    }
    return {};
  }

  result<std::size_t> read(std::uint64_t offset, mutable_bytes_view out) override {
    std::size_t got = 0;
    while (got < out.size()) {
      auto n = ::pread(fd_.get(), out.data() + got, out.size() - got, static_cast<off_t>(offset + got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("reading", path_);
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
    }
    return got;
  }

  outcome sync() override {
    if (::fdatasync(fd_.get()) != 0) return failed("syncing", path_);
    return {};
  }

  void start_writeback(std::uint64_t offset, std::uint64_t length) override {
    ::sync_file_range(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  outcome reserve(std::uint64_t size) override {
    if (size == 0 || ::fallocate(fd_.get(), 0, 0, static_cast<off_t>(size)) == 0) return {};
    if (errno == EOPNOTSUPP) return {};  // then files grow as they are written, and space is found missing only there
    return failed("reserving space for", path_);
  }

  outcome truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return failed("truncating", path_);
    return {};
  }

  result<std::uint64_t> size() override {
    struct stat about {};
    if (::fstat(fd_.get(), &about) != 0) return failed("examining", path_);
    return static_cast<std::uint64_t>(about.st_size);
  }

 private:
  outcome write_all(std::uint64_t offset, std::span<iovec> vectors) {
    while (!vectors.empty()) {
      auto n = ::pwritev(fd_.get(), vectors.data(), static_cast<int>(vectors.size()), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed("writing", path_);
      offset += static_cast<std::uint64_t>(n);
      auto left = static_cast<std::size_t>(n);
      while (!vectors.empty() && left >= vectors.front().iov_len) {
        left -= vectors.front().iov_len;
        vectors = vectors.subspan(1);
      }
      if (left > 0) {
        vectors.front().iov_base = static_cast<std::uint8_t*>(vectors.front().iov_base) + left;
        vectors.front().iov_len -= left;
      }
    }
    return {};
  }

  descriptor fd_;
  std::string path_;
};

class real_lock final : public file_lock {
 public:
  explicit real_lock(descriptor fd) : fd_(std::move(fd)) {}

 private:
  descriptor fd_;
};

int flags_of(open_mode mode) {
  switch (mode) {
    case open_mode::read: return O_RDONLY;
    case open_mode::write: return O_RDWR;
    case open_mode::create_new: return O_RDWR | O_CREAT | O_EXCL;
    case open_mode::create: return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

class machine_files final : public file_system {
 public:
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    descriptor fd(::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0600));
    if (!fd.good()) return failed("opening", path);
    return std::make_unique<real_file>(std::move(fd), path);
  }

  result<bool> exists(const std::string& path) override {
    struct stat about {};
    if (::stat(path.c_str(), &about) == 0) return true;
    if (errno == ENOENT) return false;
    return failed("examining", path);
  }

  outcome create_directories(const std::string& path) override {
    for (std::size_t end = 1; end <= path.size(); ++end) {
      if (end < path.size() && path[end] != '/') continue;
      auto part = path.substr(0, end);
      if (::mkdir(part.c_str(), 0700) != 0) {
        if (errno == EEXIST) continue;
        return failed("making directory", part);
      }
      auto slash = part.find_last_of('/');
      auto parent = slash == std::string::npos ? std::string(".") : part.substr(0, std::max<std::size_t>(slash, 1));
      if (auto done = sync_directory(parent); !done) return done;
    }
    return {};
  }

  result<std::vector<std::string>> list(const std::string& directory) override {
    std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
    if (!dir) return failed("listing", directory);
    std::vector<std::string> names;
    errno = 0;
    while (auto* entry = ::readdir(dir.get())) {
      std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(std::move(name));
    }
    if (errno != 0) return failed("listing", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  outcome rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("renaming to " + to + " from", from);
    return {};
  }

  outcome remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("deleting", path);
    return {};
  }

  outcome sync_directory(const std::string& directory) override {
    descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.good()) return failed("opening directory", directory);
    if (::fsync(fd.get()) != 0) return failed("syncing directory", directory);
    return {};
  }

  result<disk_space> space(const std::string& path) override {
    struct statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0) return failed("measuring the free space at", path);
    return disk_space{static_cast<std::uint64_t>(about.f_blocks) * about.f_frsize, static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize};
  }

  result<std::unique_ptr<file_lock>> lock(const std::string& path) override {
    descriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.good()) return failed("opening", path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return fail(errc::locked, path + " is held by another process; end that process or use another directory");
      return failed("locking", path);
    }
    return std::make_unique<real_lock>(std::move(fd));
  }
};

}  // namespace

file_system& real_file_system() {
  static machine_files files;
  return files;
}

}  // namespace holdfast::storage

#include "tests/damage/small_disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace holdfast::test {

namespace fs = std::filesystem;

bool small_disk::possible() {
  auto place = fs::temp_directory_path() / ("holdfast-mount-" + std::to_string(::getpid()));
  fs::create_directory(place);
  const bool mounted = ::mount("holdfast-test", place.c_str(), "tmpfs", 0, "size=1m") == 0;
  if (mounted) ::umount(place.c_str());
  fs::remove(place);
  return mounted;
}

small_disk::small_disk(test_cluster& cluster, std::string node, std::uint64_t bytes)
    : cluster_(cluster), node_(std::move(node)), place_(cluster.data_of(node_)), before_(place_.string() + ".before") {
  cluster_.kill(node_);
  fs::rename(place_, before_);
  fs::create_directory(place_);
  change(0, "size=" + std::to_string(bytes));
  fs::copy(before_, place_, fs::copy_options::recursive);
  fs::permissions(place_, fs::perms::owner_all);
  cluster_.start(node_);
}

small_disk::~small_disk() {
  if (cluster_.pid_of(node_) != 0) cluster_.kill(node_);
  ::umount2(place_.c_str(), MNT_DETACH);
  std::error_code ignored;
  fs::remove(place_, ignored);
  fs::rename(before_, place_, ignored);
}

void small_disk::change(unsigned long flags, const std::string& options) {
  BOOST_REQUIRE_EQUAL(::mount("holdfast-test", place_.c_str(), "tmpfs", flags, options.c_str()), 0);
}

void small_disk::fill(std::uint64_t left_bytes) {
  const auto free = fs::space(place_).available;
  if (free <= left_bytes) return;
  const int ballast = ::open((place_ / "ballast").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  BOOST_REQUIRE_EQUAL(::posix_fallocate(ballast, 0, static_cast<off_t>(free - left_bytes)), 0);
  ::close(ballast);
}

void small_disk::clear() { fs::remove(place_ / "ballast"); }

void small_disk::set_read_only(bool read_only) { change(MS_REMOUNT | (read_only ? MS_RDONLY : 0), ""); }

}  // namespace holdfast::test

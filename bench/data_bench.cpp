// 512 MB out and in again through a running cluster, beside what this machine does alone: one file written and synced, and
// encryption, hashing and coding on one thread.
//
//   data_bench PROFILE [MEGABYTES]
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "actors/base/log.hpp"
#include "actors/client/client.hpp"
#include "protocols/archive/fragment_tree.hpp"
#include "protocols/object/content_builder.hpp"
#include "tools/profile/profile_file.hpp"
#include "where_time_goes.hpp"

namespace {

using namespace holdfast;
using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point start) { return std::chrono::duration<double>(steady::now() - start).count(); }

void row(const char* what, double megabytes, double seconds) {
  std::printf("%-58s %8.2f s %8.1f MB/s\n", what, seconds, megabytes / seconds);
  std::fflush(stdout);
}

/// A megabyte of noise over and over: nothing here compresses, so content does not matter.
class noise {
 public:
  noise() : block_(1'000'000) { seeded_random(1).fill(block_); }

  result<std::size_t> read(mutable_bytes_view out, std::uint64_t& left) {
    auto n = static_cast<std::size_t>(std::min<std::uint64_t>({out.size(), left, block_.size() - at_}));
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(at_), n, out.begin());
    at_ = (at_ + n) % block_.size();
    left -= n;
    return n;
  }

 private:
  bytes block_;
  std::size_t at_ = 0;
};

void file_floor(std::uint64_t size, double megabytes) {
  auto path = std::string("data_bench.tmp");
  auto start = steady::now();
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  bytes buffer(1u << 20);
  noise source;
  for (auto left = size; left > 0;) {
    auto n = *source.read(buffer, left);
    if (::write(fd, buffer.data(), n) != static_cast<ssize_t>(n)) std::perror("write");
  }
  ::fsync(fd);
  ::close(fd);
  row("floor: one file, written and synced", megabytes, seconds_since(start));
  ::unlink(path.c_str());
}

void coding_floor(std::uint64_t size, double megabytes) {
  system_random random;
  auto cap = object::mint(random);
  object::content_builder builder(cap.object, *cap.read, {}, 0, random);
  archive::reed_solomon codec({4, 6});
  noise source;
  bytes buffer(1u << 20);
  auto start = steady::now();
  std::size_t fragments = 0;
  for (auto left = size; left > 0;) {
    auto n = *source.read(buffer, left);
    for (auto& block : builder.write(bytes_view(buffer).first(n))) fragments += archive::code_block(codec, block.ciphertext).fragments.size();
  }
  for (auto& block : builder.finish()) fragments += archive::code_block(codec, block.ciphertext).fragments.size();
  row("floor: encrypt, hash, encode 4+2, one thread", megabytes, seconds_since(start));
}

int fail_with(const error& e) {
  std::fprintf(stderr, "data_bench: %s\n", e.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: data_bench PROFILE [MEGABYTES]\n");
    return 2;
  }
  auto megabytes = argc > 2 ? std::atof(argv[2]) : 512.0;
  auto size = static_cast<std::uint64_t>(megabytes * 1e6);
  file_floor(size, megabytes);
  coding_floor(size, megabytes);

  actors::log::options quiet;
  quiet.least = actors::log::level::error;
  actors::log::configure(quiet);
  auto profile = tools::load_profile(argv[1]);
  if (!profile) return fail_with(profile.error());
  auto client = actors::client::open(*profile);
  if (!client) return fail_with(client.error());
  noise source;
  auto left = size;
  actors::put_options options;
  options.size = size;
  bench::cpu_account account(argv[1]);
  account.begin();
  auto start = steady::now();
  auto made = client->put("bench/data", [&](mutable_bytes_view out) { return source.read(out, left); }, options);
  if (!made) return fail_with(made.error());
  row("put (aim: 80 MB/s)", megabytes, seconds_since(start));
  account.print(megabytes, "MB put");
  account.begin();
  start = steady::now();
  std::uint64_t got = 0;
  auto read = client->get("bench/data", object::version_walk::newest{}, [&](bytes_view data) -> outcome {
    got += data.size();
    return {};
  });
  if (!read) return fail_with(read.error());
  row("get (aim: 150 MB/s)", megabytes, seconds_since(start));
  account.print(megabytes, "MB got");
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  std::printf("%s; this process held %ld MiB at most\n", read->describe().c_str(), used.ru_maxrss / 1024);
  return got == size ? 0 : 1;
}

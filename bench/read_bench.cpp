// Files read again and again through a running cluster: from secondary replicas, and from the ring and the archive servers without them.
//
//   read_bench PROFILE [READS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "actors/base/log.hpp"
#include "actors/client/client.hpp"
#include "tools/profile/profile_file.hpp"

namespace {

using namespace holdfast;
using steady = std::chrono::steady_clock;

constexpr std::size_t sizes[] = {4'000, 100'000, 1'000'000, 4'000'000};

int fail_with(const error& e) {
  std::fprintf(stderr, "read_bench: %s\n", e.message().c_str());
  return 1;
}

std::string name_of(std::size_t size) { return "bench/read-" + std::to_string(size); }

outcome keep(actors::client& client, std::size_t size) {
  bytes content(size, 7);
  auto left = bytes_view(content);
  auto source = [&](mutable_bytes_view out) -> result<std::size_t> {
    auto n = std::min(out.size(), left.size());
    std::copy_n(left.begin(), n, out.begin());
    left = left.subspan(n);
    return n;
  };
  actors::put_options options;
  options.size = size;
  auto made = client.put(name_of(size), source, options);
  return made ? outcome() : outcome(fail(made.error()));
}

outcome read(actors::client& client, std::size_t size, int reads, const char* how) {
  std::vector<double> latencies;
  std::uint64_t cached = 0;
  for (int i = 0; i < reads; ++i) {
    auto began = steady::now();
    auto got = client.get(name_of(size), object::version_walk::newest{}, [](bytes_view) -> outcome { return {}; });
    if (!got) return fail(got.error());
    latencies.push_back(std::chrono::duration<double, std::milli>(steady::now() - began).count());
    cached += got->blocks == 0 && got->cached > 0;
  }
  std::sort(latencies.begin(), latencies.end());
  auto at = [&](double part) { return latencies[static_cast<std::size_t>(part * static_cast<double>(latencies.size() - 1))]; };
  std::printf("%-10zu bytes, %-18s p50 %7.2f ms   p99 %7.2f ms   %3.0f %% from replicas\n", size, how, at(0.5), at(0.99),
              100.0 * static_cast<double>(cached) / reads);
  std::fflush(stdout);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: read_bench PROFILE [READS]\n");
    return 2;
  }
  const int reads = argc > 2 ? std::atoi(argv[2]) : 200;
  actors::log::options quiet;
  quiet.least = actors::log::level::error;
  actors::log::configure(quiet);
  auto profile = tools::load_profile(argv[1]);
  if (!profile) return fail_with(profile.error());
  actors::client_options without;
  without.replicas = false;
  auto through = actors::client::open(*profile), directly = actors::client::open(*profile, without);
  if (!through) return fail_with(through.error());
  if (!directly) return fail_with(directly.error());
  for (auto size : sizes) {
    if (auto kept = keep(*through, size); !kept) return fail_with(kept.error());
    if (auto done = read(*directly, size, reads, "without replicas"); !done) return fail_with(done.error());
    if (auto done = read(*through, size, reads, "through replicas"); !done) return fail_with(done.error());
  }
  return 0;
}

// The writer's and the reader's work on one thread, step by step: what a put or a get cannot be faster than per core.
//
// Each line is MB of content a second of processor time, so a busy machine changes it little. "write path" is seal, name, code
// and tree together; "read path" is verifying m fragments, decoding with data fragments lost, checking the name and opening.
#include <cstdio>
#include <ctime>
#include <functional>

#include "protocols/archive/fragment_tree.hpp"
#include "protocols/crypto/seal.hpp"

using namespace holdfast;
using namespace holdfast::archive;

namespace {

void measure(const char* what, std::size_t bytes_each, const std::function<void()>& work) {
  work();  // warms caches and tables
  std::size_t rounds = 0;
  const auto began = std::clock();
  std::clock_t passed = 0;
  do {
    work();
    ++rounds;
    passed = std::clock() - began;
  } while (passed < CLOCKS_PER_SEC / 2);
  auto seconds = static_cast<double>(passed) / CLOCKS_PER_SEC;
  std::printf("  %-44s %8.0f MB/s\n", what, static_cast<double>(bytes_each * rounds) / seconds / 1e6);
}

void measure_coding(coding code, std::size_t block_bytes) {
  std::printf("%u+%u, blocks of %zu KiB\n", code.m, code.n - code.m, block_bytes >> 10);
  seeded_random random(1);
  bytes plain(block_bytes);
  random.fill(plain);
  auto key = crypto::seal_key(random.array<32>());
  bytes position(40);
  auto sealed = crypto::seal(key, position, plain, random);
  reed_solomon codec(code);
  auto coded = code_block(codec, sealed);
  auto length = static_cast<std::uint32_t>(sealed.size());
  std::vector<shard> shards;
  for (std::uint8_t i = code.n - code.m; i < code.n; ++i) shards.push_back({i, coded.fragments[i].data});

  measure("AES-256-GCM seal", block_bytes, [&] { crypto::seal(key, position, plain, random); });
  measure("SHA-256 of the block", block_bytes, [&] { block_name(sealed); });
  measure("Reed-Solomon encode", block_bytes, [&] { codec.encode(sealed); });
  measure("Reed-Solomon decode, data fragments lost", block_bytes, [&] { (void)codec.decode(length, shards); });
  measure("SHA-256 of its 16 KiB chunks", block_bytes, [&] {
    for (std::size_t at = 0; at < block_bytes; at += chunk_bytes) crypto::hash("chunk", {bytes_view(plain).subspan(at, chunk_bytes)});
  });
  measure("name, code and tree", block_bytes, [&] { code_block(codec, sealed); });
  measure("write path", block_bytes, [&] { code_block(codec, crypto::seal(key, position, plain, random)); });
  measure("read path", block_bytes, [&] {
    for (const auto& s : shards) {
      if (!verify_fragment({coded.entry, coded.fragments[s.index].path}, code, s.index, s.data)) std::abort();
    }
    auto block = codec.decode(length, shards);
    if (!block || block_name(*block) != coded.entry.block || !crypto::open(key, position, *block)) std::abort();
  });
}

}  // namespace

int main() {
  measure_coding({4, 6}, 1u << 20);
  measure_coding({4, 6}, 64u << 10);
  measure_coding({2, 4}, 1u << 20);
  measure_coding({1, 3}, 1u << 20);
  measure_coding({16, 64}, 1u << 20);
}

// What storing costs beside the disk's floor: the agreement log, and three ways to keep archive fragments.
//
//   store_bench [DIRECTORY [MEGABYTES]]
//
// Fragments come in extents of 32 MiB, each made durable before the next. "disk" is what the kernel sent to the device for a byte stored.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include <rocksdb/db.h>
#include <rocksdb/sst_file_writer.h>
#include <unistd.h>

#include "storage/agreement_log.hpp"
#include "storage/crc32c.hpp"
#include "storage/extent_store.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::storage;
using clock_type = std::chrono::steady_clock;

constexpr std::size_t extent_bytes = 32u << 20;

double seconds_since(clock_type::time_point start) { return std::chrono::duration<double>(clock_type::now() - start).count(); }

void require(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "store_bench: %s\n", what.c_str());
  std::exit(1);
}
void require(const outcome& done) { require(done.has_value(), done ? "" : done.error().message()); }
void require(const rocksdb::Status& status) { require(status.ok(), status.ToString()); }

struct latencies {
  std::vector<double> seconds;
  double at(double share) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[std::min(seconds.size() - 1, static_cast<std::size_t>(share * static_cast<double>(seconds.size())))];
  }
};

/// Bytes that this process caused to be sent to the device.
std::uint64_t device_bytes() {
  std::ifstream io("/proc/self/io");
  std::string key;
  std::uint64_t value = 0;
  while (io >> key >> value) {
    if (key == "write_bytes:") return value;
  }
  return 0;
}

// --- small durable records ---

void small_records(const std::string& name, const std::function<void(bytes_view)>& store) {
  constexpr int count = 2000;
  bytes record(4096, 0x5a);
  latencies each;
  for (int i = 0; i < count; ++i) {
    auto start = clock_type::now();
    store(record);
    each.seconds.push_back(seconds_since(start));
  }
  std::printf("  %-44s p50 %5.0f us   p99 %5.0f us\n", name.c_str(), each.at(0.5) * 1e6, each.at(0.99) * 1e6);
}

void measure_small_records(const std::string& directory) {
  auto& files = real_file_system();
  std::printf("one record of 4 KiB, made durable:\n");
  for (bool reserved : {false, true}) {
    auto path = directory + "/floor";
    auto f = std::move(files.open(path, open_mode::create_new).value());
    if (reserved) require(f->reserve(64u << 20));
    std::uint64_t offset = 0;
    small_records(reserved ? "floor: write, fdatasync; space reserved" : "floor: write, fdatasync; file grows", [&](bytes_view record) {
      require(f->write(offset, record));
      require(f->sync());
      offset += record.size();
    });
    require(files.remove(path));
  }
  system_random random;
  auto log = agreement_log::create(files, directory + "/log", random);
  require(log.has_value(), "no log");
  auto append = [&](bytes_view record) {
    require(log->append(record).has_value(), "cannot append");
    require(log->sync());
  };
  small_records("agreement log, first segment", append);
  require(log->roll().has_value(), "no new segment");
  require(log->release_before(log->segment()));
  require(log->roll().has_value(), "no new segment");
  small_records("agreement log, reused segment", append);
}

// --- fragments ---

struct fragments {
  std::size_t size;
  std::size_t extents;
  bytes data;

  std::uint32_t per_extent() const { return static_cast<std::uint32_t>(extent_bytes / size); }
};

extent_id extent_number(std::size_t n) {
  extent_id id;
  for (std::size_t i = 0; i < 8; ++i) id.raw[i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  return id;
}

std::string key_of(std::size_t extent, std::uint32_t block) {
  std::string key(as_text(extent_number(extent).view()));
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(block >> shift));
  return key;
}

/// One way of keeping: `append` takes a fragment, `seal` makes the extent durable.
struct keeper {
  std::function<void(std::size_t extent, std::uint32_t block, bytes_view fragment)> append;
  std::function<void(std::size_t extent)> seal;
};

void run(const std::string& name, const fragments& f, const keeper& k) {
  latencies seals;
  ::sync();
  auto sent = device_bytes();
  auto start = clock_type::now();
  for (std::size_t e = 0; e < f.extents; ++e) {
    for (std::uint32_t b = 0; b < f.per_extent(); ++b) k.append(e, b, bytes_view(f.data).subspan(b * f.size, f.size));
    auto seal_start = clock_type::now();
    k.seal(e);
    seals.seconds.push_back(seconds_since(seal_start));
  }
  auto total = static_cast<double>(f.extents * extent_bytes);
  auto rate = total / seconds_since(start) / 1e6;
  auto amplification = static_cast<double>(device_bytes() - sent) / total;
  std::printf("  %-44s %6.0f MB/s   seal p50 %5.1f ms  p99 %5.1f ms   disk %.2fx\n", name.c_str(), rate, seals.at(0.5) * 1e3,
              seals.at(0.99) * 1e3, amplification);
}

void floor_of(const std::string& directory, const fragments& f) {
  auto file = std::move(real_file_system().open(directory + "/floor", open_mode::create_new).value());
  std::uint64_t offset = 0;
  run("floor: write, fdatasync an extent", f,
      {[&](std::size_t, std::uint32_t, bytes_view fragment) {
         require(file->write(offset, fragment));
         offset += fragment.size();
       },
       [&](std::size_t) { require(file->sync()); }});
  require(real_file_system().remove(directory + "/floor"));
}

void segment_files_of(const std::string& directory, const fragments& f) {
  auto db = std::move(database::open(directory + "/index").value());
  auto store = std::move(extent_store::open(real_file_system(), directory + "/segments", *db).value());
  bytes meta(200);
  run("segment files indexed by RocksDB", f,
      {[&](std::size_t e, std::uint32_t b, bytes_view fragment) { require(store->append(extent_number(e), b, meta, fragment)); },
       [&](std::size_t e) { require(store->seal(extent_number(e), meta)); }});
  auto start = clock_type::now();
  std::uint64_t got = 0;
  for (std::size_t e = 0; e < f.extents; ++e) {
    for (std::uint32_t b = 0; b < f.per_extent(); ++b) got += store->read(extent_number(e), b, 0, f.size).value().size();
  }
  std::printf("    read back, every chunk checked, from memory %6.0f MB/s\n", static_cast<double>(got) / seconds_since(start) / 1e6);
}

std::unique_ptr<rocksdb::DB> plain_database(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.max_background_jobs = 2;
  options.write_buffer_size = 64u << 20;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* db = nullptr;
  require(rocksdb::DB::Open(options, path, &db));
  return std::unique_ptr<rocksdb::DB>(db);
}

rocksdb::Slice slice(bytes_view data) { return {reinterpret_cast<const char*>(data.data()), data.size()}; }

void flush_of(const std::string& directory, const fragments& f) {
  auto db = plain_database(directory + "/flush");
  rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  run("RocksDB without its log, flush an extent", f,
      {[&](std::size_t e, std::uint32_t b, bytes_view fragment) { require(db->Put(without_log, key_of(e, b), slice(fragment))); },
       [&](std::size_t) { require(db->Flush(rocksdb::FlushOptions())); }});
}

void ingest_of(const std::string& directory, const fragments& f) {
  auto db = plain_database(directory + "/ingest");
  auto path = directory + "/ingested.sst";
  std::unique_ptr<rocksdb::SstFileWriter> writer;
  rocksdb::IngestExternalFileOptions move;
  move.move_files = true;
  run("RocksDB, ingest a file an extent", f,
      {[&](std::size_t e, std::uint32_t b, bytes_view fragment) {
         if (!writer) {
           writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), db->GetOptions());
           require(writer->Open(path));
         }
         require(writer->Put(key_of(e, b), slice(fragment)));
       },
       [&](std::size_t) {
         require(writer->Finish());
         writer.reset();
         require(db->IngestExternalFile({path}, move));
       }});
}

void measure_fragments(const std::string& directory, std::size_t size, std::size_t total_bytes) {
  fragments f{size, std::max<std::size_t>(1, total_bytes / extent_bytes), bytes(extent_bytes)};
  seeded_random random(1);
  random.fill(f.data);
  std::printf("fragments of %zu KiB, %zu MiB in all:\n", size >> 10, f.extents * extent_bytes >> 20);
  for (auto measure : {floor_of, segment_files_of, flush_of, ingest_of}) {
    measure(directory, f);
    for (const auto& left : std::filesystem::directory_iterator(directory)) std::filesystem::remove_all(left);
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto place = std::string(argc > 1 ? argv[1] : ".") + "/store-bench-XXXXXX";
  auto total_bytes = static_cast<std::size_t>(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1024) << 20;
  require(::mkdtemp(place.data()) != nullptr, "cannot make a directory in " + place);
  measure_small_records(place);
  std::filesystem::remove_all(place + "/log");
  for (std::size_t size : {16u << 10, 256u << 10, 1u << 20}) measure_fragments(place, size, total_bytes);
  std::filesystem::remove_all(place);
}

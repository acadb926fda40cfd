// The agreement log under every fault: what was acknowledged is found again or its loss is noticed; what was not may vanish.
#include <boost/test/unit_test.hpp>

#include "storage/agreement_log.hpp"
#include "storage/faulty_file_system.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::storage;

constexpr auto directory = "/data/log";
const log_options small{.segment_bytes = 2048, .spare_segments_max = 2};

bytes record(std::uint64_t number) {
  seeded_random content(number);
  bytes r(8 + content.below(300));
  content.fill(r);
  for (int i = 0; i < 8; ++i) r[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (8 * i));
  return r;
}

struct reading {
  std::vector<bytes> records;
  result<agreement_log> log;
};

reading reopen(file_system& files, random_source& random, log_options options = small) {
  std::vector<bytes> records;
  std::vector<log_position> positions;
  auto visit = [&](log_position at, bytes_view r) {
    positions.push_back(at);
    records.push_back(to_bytes(r));
  };
  auto log = agreement_log::open(files, directory, random, visit, options);
  for (std::size_t i = 0; log && i < records.size(); ++i) BOOST_REQUIRE((log->read(positions[i]).value() == records[i]));
  return {std::move(records), std::move(log)};
}

/// Record `i` of the recovered ones must be the `first + i`th written.
void require_sequence(const std::vector<bytes>& records, std::uint64_t first = 0) {
  for (std::size_t i = 0; i < records.size(); ++i) BOOST_REQUIRE(records[i] == record(first + i));
}

struct written {
  std::uint64_t appended = 0;
  std::uint64_t acknowledged = 0;
};

/// Writes batches of one to four records until the log fails or `batches` are through.
written write_batches(agreement_log& log, std::uint64_t from, int batches) {
  written w{from, from};
  seeded_random shape(from + 77);
  for (int b = 0; b < batches; ++b) {
    std::vector<bytes> batch;
    for (auto n = 1 + shape.below(4); n > 0; --n) batch.push_back(record(w.appended++));
    std::vector<bytes_view> views(batch.begin(), batch.end());
    if (!log.append(views) || !log.sync()) break;
    w.acknowledged = w.appended;
  }
  return w;
}

BOOST_AUTO_TEST_CASE(a_record_is_read_back_from_where_it_was_put_and_a_flipped_bit_is_told) {
  faulty_file_system disk;
  seeded_random random(21);
  auto log = agreement_log::create(disk, directory, random, small);
  BOOST_REQUIRE(log);
  std::vector<log_position> positions;
  for (std::uint64_t i = 0; i < 60; ++i) {
    auto at = log->append(record(i));
    BOOST_REQUIRE(at);
    positions.push_back(at->front());
    BOOST_REQUIRE(log->sync());
  }
  for (std::uint64_t i = 0; i < 60; ++i) BOOST_REQUIRE((log->read(positions[i]).value() == record(i)));
  BOOST_TEST(!log->read(positions[3] + 8).has_value());
  BOOST_TEST(!log->read(positions.back() + (std::uint64_t{1} << 40)).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_synced_comes_back_in_order) {
  faulty_file_system disk;
  seeded_random random(1);
  {
    auto log = agreement_log::create(disk, directory, random, small);
    BOOST_REQUIRE(log);
    auto w = write_batches(*log, 0, 40);
    BOOST_REQUIRE(w.acknowledged == w.appended);
    BOOST_REQUIRE(log->segment() > 3);
    BOOST_REQUIRE(log->append(record(w.appended)));  // never synced
    disk.crash(after_crash::lose_unsynced, random);
    auto again = reopen(disk, random);
    BOOST_REQUIRE(again.log);
    BOOST_TEST(again.records.size() == w.acknowledged);
    require_sequence(again.records);
    BOOST_TEST(again.log->bytes_on_disk() > 2048u);
    auto more = write_batches(*again.log, w.acknowledged, 5);
    again.log = fail(storage::errc::io_failed, "closed");
    auto third = reopen(disk, random);
    BOOST_REQUIRE(third.log);
    BOOST_TEST(third.records.size() == more.acknowledged);
    require_sequence(third.records);
  }
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_point_loses_nothing_acknowledged) {
  std::uint64_t total = 0;
  for (auto rule : {after_crash::lose_unsynced, after_crash::keep_unsynced, after_crash::tear_unsynced}) {
    for (std::uint64_t stop = 0; stop <= total || total == 0; ++stop) {
      faulty_file_system disk;
      seeded_random random(stop * 3 + static_cast<std::uint64_t>(rule));
      auto log = agreement_log::create(disk, directory, random, small);
      BOOST_REQUIRE(log);
      auto before = disk.operations();
      disk.stop_after(total == 0 ? ~0ull : stop);
      auto w = write_batches(*log, 0, 25);
      if (auto rolled = log->roll()) static_cast<void>(log->release_before(0));
      if (total == 0) total = disk.operations() - before;
      disk.crash(rule, random);
      auto again = reopen(disk, random);
      BOOST_REQUIRE_MESSAGE(again.log, "stop " << stop << ": " << again.log.error().message());
      BOOST_REQUIRE(again.records.size() >= w.acknowledged);
      BOOST_REQUIRE(again.records.size() <= w.appended);
      require_sequence(again.records);
      auto from = again.records.size();
      auto more = write_batches(*again.log, from, 5);
      BOOST_REQUIRE(more.acknowledged == more.appended);
      disk.crash(after_crash::tear_unsynced, random);
      auto third = reopen(disk, random);
      BOOST_REQUIRE_MESSAGE(third.log, "stop " << stop << ": " << third.log.error().message());
      BOOST_REQUIRE(third.records.size() == more.acknowledged);
      require_sequence(third.records);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_crash_while_releasing_loses_nothing_that_is_kept) {
  for (std::uint64_t stop = 0; stop < 40; ++stop) {
    faulty_file_system disk;
    seeded_random random(stop);
    auto log = agreement_log::create(disk, directory, random, small);
    BOOST_REQUIRE(log);
    auto old = write_batches(*log, 0, 12);
    auto kept_from = log->roll();
    BOOST_REQUIRE(kept_from);
    auto w = write_batches(*log, old.appended, 12);
    disk.stop_after(stop);
    static_cast<void>(log->release_before(*kept_from));
    auto more = write_batches(*log, w.appended, 12);  // takes up the released files
    disk.crash(after_crash::tear_unsynced, random);
    auto again = reopen(disk, random);
    BOOST_REQUIRE_MESSAGE(again.log, "stop " << stop << ": " << again.log.error().message());
    BOOST_REQUIRE(!again.records.empty());
    auto released = again.records.front() != record(0);
    auto first = released ? old.appended : 0;
    BOOST_REQUIRE(again.records.size() + first >= std::max(more.acknowledged, w.acknowledged));
    require_sequence(again.records, first);
  }
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_anywhere_is_noticed) {
  seeded_random random(5);
  std::vector<std::string> names;
  std::uint64_t acknowledged = 0;
  for (std::size_t which = 0; which == 0 || which < names.size(); ++which) {
    for (std::uint64_t offset = 0; offset < 2600; offset += 1 + offset % 3) {
      faulty_file_system disk;
      {
        auto log = agreement_log::create(disk, directory, random, small);
        BOOST_REQUIRE(log);
        acknowledged = write_batches(*log, 0, 12).acknowledged;
      }
      names = disk.list(directory).value();
      std::erase(names, "log.mark");  // a hint; the log does without
      auto flipped = disk.flip(std::string(directory) + "/" + names[which], offset, static_cast<std::uint8_t>(1u << (offset % 8)));
      if (!flipped) break;
      auto again = reopen(disk, random);
      require_sequence(again.records);
      if (again.log) {
        BOOST_REQUIRE_MESSAGE(again.records.size() == acknowledged, names[which] << " at " << offset);  // padding and unwritten space
      } else {
        BOOST_REQUIRE_MESSAGE(again.log.error().is(storage::errc::corrupt), again.log.error().message());
      }
    }
  }
  BOOST_TEST(names.size() >= 3u);
}

BOOST_AUTO_TEST_CASE(without_the_mark_damage_before_a_later_batch_is_corrupt_and_a_torn_tail_is_not) {
  seeded_random random(6);
  const log_options large{.segment_bytes = 64u << 10};
  auto prepare = [&](faulty_file_system& disk) {
    auto log = agreement_log::create(disk, directory, random, large);
    BOOST_REQUIRE(log);
    for (std::uint64_t i = 0; i < 3; ++i) {
      BOOST_REQUIRE(log->append(bytes(100, static_cast<std::uint8_t>(i + 1))));
      BOOST_REQUIRE(log->sync());
    }
  };
  auto segment = std::string(directory) + "/000000000001.log";
  {
    faulty_file_system disk;
    prepare(disk);
    disk.vanish(std::string(directory) + "/log.mark");
    BOOST_REQUIRE(disk.flip(segment, 32 + 120 + 50, 1));  // the second of three batches
    auto again = reopen(disk, random, large);
    BOOST_REQUIRE(!again.log);
    BOOST_TEST(again.log.error().is(storage::errc::corrupt));
    BOOST_TEST(again.records.size() == 1u);
  }
  {
    faulty_file_system disk;
    prepare(disk);
    disk.vanish(std::string(directory) + "/log.mark");
    BOOST_REQUIRE(disk.flip(segment, 32 + 240 + 50, 1));  // the last: could as well be torn
    auto again = reopen(disk, random, large);
    BOOST_REQUIRE(again.log);
    BOOST_TEST(again.log->recovery().torn);
    BOOST_TEST(again.records.size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_batch_torn_in_its_middle_is_cut_off_not_called_corrupt) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    faulty_file_system disk;
    seeded_random random(seed);
    const log_options large{.segment_bytes = 64u << 10};
    auto log = agreement_log::create(disk, directory, random, large);
    BOOST_REQUIRE(log);
    auto w = write_batches(*log, 0, 3);
    std::vector<bytes> batch;
    for (std::uint64_t i = 0; i < 30; ++i) batch.push_back(record(w.appended + i));
    std::vector<bytes_view> views(batch.begin(), batch.end());
    BOOST_REQUIRE(log->append(views));
    disk.crash(after_crash::tear_unsynced, random);
    auto again = reopen(disk, random, large);
    BOOST_REQUIRE_MESSAGE(again.log, again.log.error().message());
    BOOST_REQUIRE(again.records.size() >= w.acknowledged);
    require_sequence(again.records);
  }
}

BOOST_AUTO_TEST_CASE(a_missing_log_is_neither_fresh_nor_empty) {
  seeded_random random(7);
  faulty_file_system disk;
  BOOST_TEST(reopen(disk, random).log.error().is(storage::errc::not_found));
  {
    auto log = agreement_log::create(disk, directory, random, small);
    BOOST_REQUIRE(log);
    write_batches(*log, 0, 12);
  }
  BOOST_TEST(agreement_log::create(disk, directory, random, small).error().is(storage::errc::already_exists));
  for (auto name : {"000000000001.log", "000000000002.log"}) {
    disk.vanish(std::string(directory) + "/" + name);
    auto again = reopen(disk, random);
    BOOST_REQUIRE(!again.log);
    BOOST_TEST(again.log.error().is(storage::errc::corrupt));
  }
  BOOST_REQUIRE(agreement_log::set_aside(disk, directory));
  BOOST_TEST(reopen(disk, random).log.error().is(storage::errc::not_found));
  BOOST_REQUIRE(agreement_log::create(disk, directory, random, small));
  auto fresh = reopen(disk, random);
  BOOST_REQUIRE(fresh.log);
  BOOST_TEST(fresh.records.empty());
}

BOOST_AUTO_TEST_CASE(a_failed_sync_or_write_is_final) {
  for (auto kind : {disk_operation::sync, disk_operation::write}) {
    seeded_random random(8);
    faulty_file_system disk;
    auto log = agreement_log::create(disk, directory, random, small);
    BOOST_REQUIRE(log);
    auto w = write_batches(*log, 0, 2);
    disk.fail_once(kind, 0, storage::errc::io_failed);
    BOOST_TEST(!(log->append(record(w.appended)) && log->sync()));
    BOOST_TEST(log->append(record(w.appended)).error().is(storage::errc::io_failed));
    BOOST_TEST(log->sync().error().is(storage::errc::io_failed));
    BOOST_TEST(log->roll().error().is(storage::errc::io_failed));
    disk.crash(after_crash::lose_unsynced, random);
    auto again = reopen(disk, random);
    BOOST_REQUIRE(again.log);
    BOOST_TEST(again.records.size() == w.acknowledged);
  }
}

BOOST_AUTO_TEST_CASE(a_full_disk_keeps_nothing_of_the_call_and_leaves_the_log_usable) {
  seeded_random random(9);
  faulty_file_system disk;
  auto log = agreement_log::create(disk, directory, random, small);
  BOOST_REQUIRE(log);
  disk.set_capacity(9000);
  std::uint64_t count = 0;
  while (log->append(record(count)) && log->sync()) BOOST_REQUIRE(++count < 1000);
  auto refused = log->append(record(count));
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(storage::errc::no_space));
  disk.fail_once(disk_operation::write, 0, storage::errc::no_space);
  disk.set_capacity(1u << 20);
  static_cast<void>(log->append(record(count)));  // half of it reaches the disk
  BOOST_REQUIRE(log->append(record(count)));
  BOOST_REQUIRE(log->sync());
  disk.crash(after_crash::keep_unsynced, random);
  auto again = reopen(disk, random);
  BOOST_REQUIRE_MESSAGE(again.log, again.log.error().message());
  BOOST_TEST(again.records.size() == count + 1);
  require_sequence(again.records);
}

BOOST_AUTO_TEST_CASE(a_refused_call_never_comes_back_behind_the_next) {
  seeded_random random(11);
  faulty_file_system disk;
  auto log = agreement_log::create(disk, directory, random, small);
  BOOST_REQUIRE(log);
  std::vector<bytes> refused(4, bytes(100, 1));
  std::vector<bytes_view> views(refused.begin(), refused.end());
  disk.fail_once(disk_operation::write, 0, storage::errc::no_space);  // the first two records of equal space reach the file
  BOOST_REQUIRE(!log->append(views));
  BOOST_REQUIRE(log->append(bytes(100, 2)));
  BOOST_REQUIRE(log->sync());
  disk.crash(after_crash::keep_unsynced, random);
  auto again = reopen(disk, random);
  BOOST_REQUIRE(again.log);
  BOOST_REQUIRE(again.records.size() == 1u);
  BOOST_TEST((again.records.front() == bytes(100, 2)));
}

BOOST_AUTO_TEST_CASE(bounds_are_kept) {
  seeded_random random(10);
  faulty_file_system disk;
  auto log = agreement_log::create(disk, directory, random);
  BOOST_REQUIRE(log);
  BOOST_TEST(log->append(bytes{}).error().is(storage::errc::over_limit));
  BOOST_TEST(log->append(bytes(log_record_bytes_max + 1)).error().is(storage::errc::over_limit));
  BOOST_TEST(reopen(disk, random).log.error().is(storage::errc::locked));
}

}  // namespace

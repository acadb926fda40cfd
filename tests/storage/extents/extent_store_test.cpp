// Archive fragments: sealed means durable and whole, damage is told and never served, a full disk loses nothing.
#include <boost/test/unit_test.hpp>

#include <thread>

#include "storage/extent_store.hpp"
#include "storage/faulty_file_system.hpp"
#include "tests/storage/temporary_directory.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::storage;

constexpr auto directory = "/data/extents";

extent_id extent(std::uint8_t fill) {
  extent_id id;
  id.raw.fill(fill);
  return id;
}

bytes fragment(std::uint64_t seed, std::size_t length) {
  seeded_random random(seed);
  bytes data(length);
  random.fill(data);
  return data;
}

/// A store over a faulty disk for segments and a real database; both outlive a `reopen`.
struct fixture {
  test::temporary_directory place;
  faulty_file_system disk;
  seeded_random random{1};
  std::unique_ptr<database> db = std::move(database::open(place.path()).value());
  extent_store_options options{.segment_bytes = 100'000, .free_bytes_min = 0};
  std::unique_ptr<extent_store> store = std::move(extent_store::open(disk, directory, *db, options).value());

  void reopen() {
    store.reset();
    store = std::move(extent_store::open(disk, directory, *db, options).value());
  }
  void crash(after_crash rule) {
    disk.crash(rule, random);
    reopen();
  }
  /// Fills and seals an extent of `blocks` fragments.
  void write(std::uint8_t id, std::uint32_t blocks, std::size_t length = 30'000) {
    for (std::uint32_t b = 0; b < blocks; ++b) BOOST_REQUIRE(store->append(extent(id), b, bytes{id, 7}, fragment(id * 100u + b, length)));
    BOOST_REQUIRE(store->seal(extent(id), bytes{id}));
  }
  void require_whole(std::uint8_t id, std::uint32_t blocks, std::size_t length = 30'000) {
    for (std::uint32_t b = 0; b < blocks; ++b) {
      auto data = store->read(extent(id), b, 0, length + 10);
      BOOST_REQUIRE_MESSAGE(data, data.error().message());
      BOOST_REQUIRE((*data == fragment(id * 100u + b, length)));
      BOOST_REQUIRE((store->read_meta(extent(id), b).value() == bytes{id, 7}));
    }
    BOOST_REQUIRE(store->stat(extent(id)).value().blocks == blocks);
  }
  std::string segment(int number) const {
    std::string path(directory);
    return path.append("/00000000000").append(std::to_string(number)).append(".fragments");
  }
};

BOOST_AUTO_TEST_CASE(sealed_extents_survive_and_open_ones_do_not) {
  for (auto rule : {after_crash::lose_unsynced, after_crash::keep_unsynced, after_crash::tear_unsynced}) {
    fixture f;
    f.write(1, 5);
    f.write(2, 3, 200'000);
    BOOST_REQUIRE(f.store->append(extent(3), 0, {}, fragment(9, 50'000)));
    BOOST_TEST((f.store->read(extent(3), 0, 10, 5).value().size() == 5u));
    f.crash(rule);
    f.require_whole(1, 5);
    f.require_whole(2, 3, 200'000);
    BOOST_TEST(f.store->read(extent(3), 0, 0, 1).error().is(storage::errc::not_found));
    BOOST_TEST(f.store->stat(extent(3)).error().is(storage::errc::not_found));
    BOOST_TEST(f.store->missing_segments().empty());
    f.write(3, 2);
    f.require_whole(3, 2);
  }
}

BOOST_AUTO_TEST_CASE(a_crash_at_any_point_leaves_each_extent_whole_or_absent) {
  for (std::uint64_t stop = 0; stop < 40; ++stop) {
    fixture f;
    f.write(1, 2);
    f.disk.stop_after(stop);
    std::uint8_t sealed = 1, begun = 1;
    for (std::uint8_t id = 2; id < 8; ++id) {
      begun = id;
      bool appended = true;
      for (std::uint32_t b = 0; b < 3; ++b) appended = appended && f.store->append(extent(id), b, bytes{id, 7}, fragment(id * 100u + b, 30'000));
      if (!appended || !f.store->seal(extent(id), bytes{id})) break;
      sealed = id;
    }
    f.crash(after_crash::tear_unsynced);
    f.require_whole(1, 2);
    for (std::uint8_t id = 2; id <= sealed; ++id) f.require_whole(id, 3);
    if (begun > sealed) BOOST_TEST(!f.store->stat(extent(begun)));
    f.write(9, 2);
    f.require_whole(9, 2);
  }
}

BOOST_AUTO_TEST_CASE(any_range_reads_right) {
  fixture f;
  auto whole = fragment(100, 50'000);
  f.write(1, 1, 50'000);
  f.write(2, 1, 0);
  f.write(3, 1, 70'000);
  for (std::uint64_t offset : {0, 1, 16'383, 16'384, 32'000, 49'999, 50'000, 60'000}) {
    for (std::uint64_t length : {0, 1, 16'384, 20'000, 100'000}) {
      auto data = f.store->read(extent(1), 0, offset, length).value();
      auto end = std::min<std::uint64_t>(50'000, offset + length);
      auto expected = offset < end ? bytes(whole.begin() + static_cast<long>(offset), whole.begin() + static_cast<long>(end)) : bytes{};
      BOOST_TEST((data == expected));
    }
  }
  BOOST_TEST(f.store->read(extent(2), 0, 0, 10).value().empty());
  BOOST_TEST(f.store->fragment_length(extent(3), 0).value() == 70'000u);
  BOOST_TEST(f.store->read(extent(1), 1, 0, 1).error().is(storage::errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_is_never_served) {
  fixture f;
  f.write(1, 1, 40'000);
  f.write(2, 1, 70'000);
  for (std::uint64_t offset = 0; offset < 110'000; offset += 1 + offset % 97) {
    if (!f.disk.flip(f.segment(1), offset, 2)) break;
    auto one = f.store->read(extent(1), 0, 0, 40'000);
    auto two = f.store->read(extent(2), 0, 0, 70'000);
    BOOST_REQUIRE((!one || !two));
    BOOST_REQUIRE((!one || *one == fragment(100, 40'000)));
    BOOST_REQUIRE((!two || *two == fragment(200, 70'000)));
    BOOST_REQUIRE((one ? two : one).error().is(storage::errc::corrupt));
    f.disk.flip(f.segment(1), offset, 2);
  }
}

BOOST_AUTO_TEST_CASE(damage_elsewhere_in_a_fragment_does_not_hinder_a_range) {
  fixture f;
  f.write(1, 1, 100'000);
  BOOST_REQUIRE(f.disk.flip(f.segment(1), 90'000, 1));
  BOOST_TEST(f.store->read(extent(1), 0, 0, 60'000).has_value());
  BOOST_TEST(f.store->read(extent(1), 0, 0, 100'000).error().is(storage::errc::corrupt));
  // Appending the block again repairs it.
  BOOST_REQUIRE(f.store->append(extent(1), 0, bytes{1, 7}, fragment(100, 100'000)));
  BOOST_REQUIRE(f.store->seal(extent(1), bytes{1}));
  f.crash(after_crash::lose_unsynced);
  f.require_whole(1, 1, 100'000);
  BOOST_TEST(f.store->stat(extent(1)).value().bytes == 100'000u);
  BOOST_TEST(f.store->usage().segments == 1u);  // the damaged copy's segment is gone
}

BOOST_AUTO_TEST_CASE(a_missing_segment_is_told_and_the_rest_still_served) {
  fixture f;
  f.write(1, 3);
  f.write(2, 3, 100'000);
  f.disk.vanish(f.segment(1));
  f.reopen();
  BOOST_TEST(f.store->missing_segments().size() == 1u);
  BOOST_TEST(f.store->read(extent(1), 0, 0, 1).error().is(storage::errc::corrupt));
  BOOST_TEST(f.store->read(extent(2), 2, 0, 1).has_value());
  f.write(3, 2);
  f.require_whole(3, 2);
  BOOST_REQUIRE(f.store->drop(extent(1)));
  f.reopen();
  BOOST_TEST(f.store->stat(extent(1)).error().is(storage::errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_and_keeps_what_was_sealed) {
  fixture f;
  f.write(1, 3);
  f.disk.set_capacity(200'000);
  outcome done;
  std::uint32_t block = 0;
  while (done && block < 100) done = f.store->append(extent(2), block++, {}, fragment(5, 30'000));
  BOOST_REQUIRE(!done);
  BOOST_TEST(done.error().is(storage::errc::no_space));
  f.disk.set_capacity(1u << 30);
  f.disk.fail_once(disk_operation::write, 0, storage::errc::no_space);
  BOOST_TEST(f.store->append(extent(2), block, {}, fragment(5, 30'000)).error().is(storage::errc::no_space));
  f.store->discard(extent(2));
  f.write(3, 3);
  f.crash(after_crash::lose_unsynced);
  f.require_whole(1, 3);
  f.require_whole(3, 3);
  BOOST_TEST(!f.store->stat(extent(2)));
}

BOOST_AUTO_TEST_CASE(the_limit_of_the_store_is_kept) {
  fixture f;
  f.options.bytes_max = 100'000;
  f.reopen();
  f.write(1, 3);
  BOOST_TEST(f.store->append(extent(2), 0, {}, fragment(5, 30'000)).error().is(storage::errc::no_space));
  BOOST_TEST(f.store->usage().free_bytes < 10'000u);
}

BOOST_AUTO_TEST_CASE(a_failed_sync_is_final) {
  fixture f;
  f.write(1, 2);
  BOOST_REQUIRE(f.store->append(extent(2), 0, {}, fragment(5, 1000)));
  f.disk.fail_once(disk_operation::sync, 0, storage::errc::io_failed);
  BOOST_TEST(!f.store->seal(extent(2), {}));
  BOOST_TEST(f.store->seal(extent(2), {}).error().is(storage::errc::io_failed));
  BOOST_TEST(f.store->append(extent(3), 0, {}, fragment(5, 1000)).error().is(storage::errc::io_failed));
  f.require_whole(1, 2);  // reading goes on
  f.crash(after_crash::lose_unsynced);
  f.require_whole(1, 2);
  BOOST_TEST(!f.store->stat(extent(2)));
}

BOOST_AUTO_TEST_CASE(commit_is_all_or_nothing) {
  fixture f;
  BOOST_REQUIRE(f.store->append(extent(1), 0, {}, fragment(5, 1000)));
  std::vector<seal_request> seals{{extent(1), bytes{1}}, {extent(2), bytes{2}}};
  BOOST_TEST(f.store->commit(seals).error().is(storage::errc::not_found));
  BOOST_TEST(!f.store->stat(extent(1)));
  BOOST_REQUIRE(f.store->append(extent(2), 4, {}, fragment(6, 1000)));
  BOOST_REQUIRE(f.store->commit(seals));
  BOOST_TEST(f.store->usage().open_extents == 0u);
  BOOST_TEST((f.store->stat(extent(2)).value().meta == bytes{2}));
  BOOST_TEST((f.store->blocks(extent(2)).value() == std::vector<std::uint32_t>{4}));
}

BOOST_AUTO_TEST_CASE(dropped_extents_free_their_segments) {
  fixture f;
  for (std::uint8_t id = 1; id <= 6; ++id) f.write(id, 4);
  auto before = f.store->usage().segments;
  BOOST_TEST(before >= 6u);
  for (std::uint8_t id = 1; id <= 5; ++id) BOOST_REQUIRE(f.store->drop(extent(id)));
  BOOST_REQUIRE(f.store->drop(extent(77)));
  BOOST_TEST(f.store->usage().segments <= 2u);
  BOOST_TEST(f.store->read(extent(2), 0, 0, 1).error().is(storage::errc::not_found));
  f.require_whole(6, 4);
  f.crash(after_crash::lose_unsynced);
  BOOST_TEST(f.store->missing_segments().empty());
  f.require_whole(6, 4);
}

BOOST_AUTO_TEST_CASE(listing_goes_page_by_page) {
  fixture f;
  for (std::uint8_t id = 1; id <= 7; ++id) f.write(id, 1, 10);
  std::vector<extent_id> seen;
  std::optional<extent_id> cursor = extent_id{};
  while (cursor) {
    auto page = f.store->list(*cursor, 3).value();
    BOOST_TEST(page.extents.size() <= 3u);
    for (const auto& info : page.extents) seen.push_back(info.extent);
    cursor = page.next;
  }
  BOOST_TEST(seen.size() == 7u);
  BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
}

BOOST_AUTO_TEST_CASE(threads_append_read_seal_and_drop_at_once) {
  fixture f;
  std::vector<std::thread> threads;
  std::array<bool, 4> fine{};
  for (std::uint8_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      bool good = true;
      for (std::uint8_t round = 0; round < 10; ++round) {
        auto id = extent(static_cast<std::uint8_t>(1 + t * 20 + round));
        for (std::uint32_t b = 0; b < 4; ++b) good = good && f.store->append(id, b, bytes{t}, fragment(t * 1000u + b, 20'000));
        good = good && f.store->seal(id, {}) && f.store->read(id, 3, 0, 20'000).value() == fragment(t * 1000u + 3, 20'000);
        if (round % 2 == 0) good = good && f.store->drop(id) && !f.store->stat(id);
      }
      fine[t] = good;
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto good : fine) BOOST_TEST(good);
  BOOST_TEST(f.store->list(extent_id{}, 100).value().extents.size() == 20u);
}

}  // namespace

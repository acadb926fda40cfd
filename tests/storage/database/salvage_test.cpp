// What must never happen: one damaged bit in a database costs everything that it held, or brings back something wrong.
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include "protocols/base/random.hpp"
#include "protocols/crypto/hash.hpp"
#include "storage/block_store.hpp"
#include "storage/extent_index.hpp"
#include "storage/extent_store.hpp"
#include "storage/salvage.hpp"
#include "tests/storage/temporary_directory.hpp"

namespace holdfast::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t extents_kept = 12, blocks_kept = 20;

extent_id extent(std::uint8_t i) {
  extent_id id;
  id.raw.fill(i);
  return id;
}

bytes block(std::uint8_t i) { return bytes(4'000, i); }

struct lived_in {
  test::temporary_directory place;
  std::string database_path = place.path() + "/database", archive_path = place.path() + "/archive";

  lived_in() {
    for (int life = 0; life < 2; ++life) {  // what the first wrote, the second opening makes tables of
      auto db = database::open(database_path);
      BOOST_REQUIRE(db);
      block_store store(**db);
      auto extents = extent_store::open(real_file_system(), archive_path, **db, {.free_bytes_min = 0});
      BOOST_REQUIRE(extents);
      for (std::uint8_t i = 0; i < blocks_kept; ++i) BOOST_REQUIRE(store.blocks.put(bytes{i}, block(i)));
      for (std::uint8_t i = 0; i < extents_kept && life == 0; ++i) {
        for (std::uint32_t b = 0; b < 8; ++b) BOOST_REQUIRE((*extents)->append(extent(i), b, bytes{i}, block(i)));
        BOOST_REQUIRE((*extents)->seal(extent(i), bytes(300, i)));
      }
      BOOST_REQUIRE(store.sync());
    }
  }

  void flip(const fs::path& file, std::uint64_t at) const {
    std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
    f.seekg(static_cast<std::streamoff>(at));
    auto c = static_cast<char>(f.get() ^ 4);
    f.seekp(static_cast<std::streamoff>(at));
    f.put(c);
  }

  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(database_path)) {
      auto name = entry.path().filename().string();
      if (entry.file_size() > 0 && !name.starts_with("LOG") && !name.starts_with("OPTIONS")) all.push_back(entry.path());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};

/// Extents that can be read in full; what is read must be right.
std::size_t check(database& db, const std::string& archive) {
  block_store store(db);
  for (std::uint8_t i = 0; i < blocks_kept; ++i) {
    auto value = store.blocks.get(bytes{i});
    BOOST_TEST((!value || *value == block(i)));
  }
  auto extents = extent_store::open(real_file_system(), archive, db, {.free_bytes_min = 0});
  BOOST_REQUIRE(extents);
  std::size_t whole = 0;
  for (std::uint8_t i = 0; i < extents_kept; ++i) {
    auto info = (*extents)->stat(extent(i));
    if (!info) continue;
    BOOST_TEST((info->meta == bytes(300, i)));
    BOOST_TEST(info->blocks == 8u);
    for (std::uint32_t b = 0; b < 8; ++b) {
      auto found = (*extents)->read(extent(i), b, 0, 4'000);
      BOOST_TEST((found && *found == block(i)));
    }
    ++whole;
  }
  return whole;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_good_in_a_damaged_database_goes_over_into_a_new_one) {
  seeded_random random(11);
  std::size_t damaged = 0, saved_in_part = 0, saved_in_full = 0;
  const auto count = lived_in().files().size();
  for (std::size_t which = 0; which < count; ++which) {
    for (int round = 0; round < 4; ++round) {
      lived_in home;
      auto files = home.files();
      if (which >= files.size()) continue;
      home.flip(files[which], random.below(fs::file_size(files[which])));
      {
        auto db = database::open(home.database_path);
        BOOST_REQUIRE((db || db.error().is(errc::corrupt)));
        if (db && (*db)->check([] { return true; })) continue;  // in what nobody reads, or in a tail like a crash would leave
        BOOST_TEST((!db || (*db)->damaged()));
      }
      ++damaged;
      auto fresh = database::open(home.place.path() + "/fresh");
      BOOST_REQUIRE(fresh);
      auto saved = salvage(home.database_path, **fresh);
      if (!saved) continue;
      auto whole = check(**fresh, home.archive_path);
      BOOST_TEST(whole == saved->extents);
      (whole == extents_kept ? saved_in_full : saved_in_part) += 1;
    }
  }
  BOOST_TEST_MESSAGE(damaged << " damaged, " << saved_in_full << " saved in full, " << saved_in_part << " in part");
  BOOST_TEST(damaged >= 8u);
  BOOST_TEST(saved_in_full + saved_in_part > damaged / 2);
}

BOOST_AUTO_TEST_CASE(what_is_in_the_log_alone_outlives_a_lost_manifest) {
  test::temporary_directory place;
  const auto path = place.path() + "/database", archive = place.path() + "/archive";
  {
    auto db = database::open(path);
    BOOST_REQUIRE(db);
    auto extents = extent_store::open(real_file_system(), archive, **db, {.free_bytes_min = 0});
    for (std::uint8_t i = 0; i < extents_kept; ++i) {
      for (std::uint32_t b = 0; b < 8; ++b) BOOST_REQUIRE((*extents)->append(extent(i), b, bytes{i}, block(i)));
      BOOST_REQUIRE((*extents)->seal(extent(i), bytes(300, i)));
    }
  }
  fs::resize_file(path + "/CURRENT", 3);
  BOOST_TEST(!database::open(path).has_value());
  auto fresh = database::open(place.path() + "/fresh");
  BOOST_REQUIRE(fresh);
  auto saved = salvage(path, **fresh);
  BOOST_REQUIRE(saved);
  BOOST_TEST(saved->extents == extents_kept);
  BOOST_TEST(check(**fresh, archive) == extents_kept);
}

/// Enough extents for some hundred blocks of a table, in two tables over the same keys, and in many segment files.
struct full_archive {
  static constexpr std::uint32_t extents_kept = 3'000;
  test::temporary_directory place;
  std::string database_path = place.path() + "/database", archive_path = place.path() + "/archive", aside = place.path() + "/aside";

  static extent_id extent(std::uint32_t i) { return crypto::hash<extent_id>("holdfast/test", {bytes_view(reinterpret_cast<std::uint8_t*>(&i), 4)}); }

  full_archive() {
    auto db = database::open(database_path);
    BOOST_REQUIRE(db);
    extent_index index(**db);
    fs::create_directories(archive_path);
    for (std::uint32_t i = 0; i < extents_kept; ++i) {
      auto segment = 1 + i / 10;
      write_batch batch;
      BOOST_REQUIRE(index.seal(batch, extent(i), bytes(300, 7), {{0, {segment, 0, 1, 1}}, {1, {segment, 1, 1, 1}}}));
      batch.put(table::kv, extent(i).view(), bytes(40, 7));
      BOOST_REQUIRE(index.write(batch, durability::lazy));
      if (i % 10 == 0) std::ofstream(archive_path + "/" + file_of(segment)) << "fragments";
      if (i == extents_kept / 2) BOOST_REQUIRE((*db)->sync());
    }
    BOOST_REQUIRE((*db)->sync());
  }

  static std::string file_of(std::uint64_t segment) {
    auto digits = std::to_string(segment);
    return std::string(12 - digits.size(), '0') + digits + ".fragments";
  }

  std::vector<fs::path> tables() const {
    std::vector<fs::path> large;
    for (const auto& entry : fs::directory_iterator(database_path)) {
      if (entry.path().extension() == ".sst" && entry.file_size() > 64'000) large.push_back(entry.path());
    }
    return large;
  }
};

BOOST_AUTO_TEST_CASE(one_bad_block_hides_only_what_is_in_it_and_no_fragment_is_deleted_for_it) {
  const auto count = full_archive().tables().size();
  BOOST_REQUIRE(count >= 4u);
  for (std::size_t which = 0; which < count; ++which) {
    full_archive home;
    auto table_file = home.tables().at(which);
    {
      std::fstream f(table_file, std::ios::in | std::ios::out | std::ios::binary);
      auto at = static_cast<std::streamoff>(fs::file_size(table_file) / 2);
      f.seekg(at);
      auto c = static_cast<char>(f.get() ^ 4);
      f.seekp(at);
      f.put(c);
    }
    auto fresh = database::open(home.place.path() + "/fresh");
    BOOST_REQUIRE(fresh);
    auto saved = salvage(home.database_path, **fresh);
    BOOST_REQUIRE(saved);
    BOOST_TEST(saved->extents > full_archive::extents_kept - 150);
    BOOST_TEST(saved->entries > full_archive::extents_kept - 150);
    BOOST_TEST(saved->extents <= full_archive::extents_kept);
    BOOST_TEST(saved->entries <= full_archive::extents_kept);
    const bool all = saved->extents + saved->entries == 2 * full_archive::extents_kept;
    BOOST_TEST((all || saved->unread + saved->extents_partial > 0), "what is missing is not told");
    auto extents = extent_store::open(real_file_system(), home.archive_path, **fresh, {.free_bytes_min = 0, .unreferenced_to = home.aside});
    BOOST_REQUIRE(extents);
    BOOST_TEST((*extents)->missing_segments().empty());
    for (std::uint32_t segment = 1; segment <= full_archive::extents_kept / 10; ++segment) {
      auto name = full_archive::file_of(segment);
      BOOST_TEST((fs::exists(home.archive_path + "/" + name) || fs::exists(home.aside + "/" + name)), name << " is gone");
    }
  }
}

BOOST_AUTO_TEST_CASE(segments_that_a_new_database_does_not_know_are_set_aside) {
  test::temporary_directory place;
  full_archive home;
  auto fresh = database::open(place.path() + "/fresh");
  BOOST_REQUIRE(fresh);
  auto extents = extent_store::open(real_file_system(), home.archive_path, **fresh, {.free_bytes_min = 0, .unreferenced_to = home.aside});
  BOOST_REQUIRE(extents);
  BOOST_TEST((*extents)->usage().segments == 0u);
  BOOST_TEST(fs::exists(home.aside + "/" + full_archive::file_of(1)));
  BOOST_TEST(std::distance(fs::directory_iterator(home.aside), fs::directory_iterator()) == full_archive::extents_kept / 10);
}

BOOST_AUTO_TEST_CASE(an_index_entry_that_fails_its_own_check_hides_no_other) {
  full_archive home;
  auto db = database::open(home.database_path);
  BOOST_REQUIRE(db);
  const auto bad = full_archive::extent(1'000);
  BOOST_REQUIRE((*db)->put(table::extents, bad.view(), bytes(300, 1), durability::lazy));
  auto extents = extent_store::open(real_file_system(), home.archive_path, **db, {.free_bytes_min = 0});
  BOOST_REQUIRE(extents);
  auto page = (*extents)->list({}, full_archive::extents_kept);
  BOOST_REQUIRE(page);
  BOOST_TEST(page->extents.size() == full_archive::extents_kept - 1);
  BOOST_TEST((page->damaged == std::vector<extent_id>{bad}));
  extents->reset();
  db->reset();
  auto fresh = database::open(home.place.path() + "/fresh");
  BOOST_REQUIRE(fresh);
  auto saved = salvage(home.database_path, **fresh);
  BOOST_REQUIRE(saved);
  BOOST_TEST(saved->extents == full_archive::extents_kept - 1);
  BOOST_TEST(saved->extents_partial == 1u);
  BOOST_TEST(saved->unread == 0u);
}

}  // namespace holdfast::storage

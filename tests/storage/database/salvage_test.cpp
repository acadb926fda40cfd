// What must never happen: one damaged bit in a database costs everything that it held, or brings back something wrong.
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

#include "protocols/base/random.hpp"
#include "storage/block_store.hpp"
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

}  // namespace holdfast::storage

// Blocks, versions and small values: what is read was written, or an error says so.
#include <boost/test/unit_test.hpp>

#include <fstream>

#include "protocols/base/random.hpp"
#include "storage/block_store.hpp"
#include "tests/storage/temporary_directory.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::storage;

bytes text(std::string_view s) { return to_bytes(as_bytes_view(s)); }

BOOST_AUTO_TEST_CASE(values_last_over_a_restart_and_tables_do_not_mix) {
  test::temporary_directory place;
  {
    auto db = database::open(place.path() + "/db");
    BOOST_REQUIRE_MESSAGE(db, db.error().message());
    block_store store(**db);
    auto kv = durable_kv(**db);
    BOOST_REQUIRE(store.blocks.put(text("k"), text("block")));
    BOOST_REQUIRE(store.versions.put(text("k"), text("version")));
    BOOST_REQUIRE(kv.put(text("k"), text("")));
    BOOST_REQUIRE(store.sync());
    BOOST_TEST(database::open(place.path() + "/db").error().is(storage::errc::locked));
  }
  auto db = database::open(place.path() + "/db");
  BOOST_REQUIRE(db);
  block_store store(**db);
  BOOST_TEST((store.blocks.get(text("k")).value() == text("block")));
  BOOST_TEST((store.versions.get(text("k")).value() == text("version")));
  BOOST_TEST((durable_kv(**db).get(text("k")).value().empty()));
  BOOST_REQUIRE(store.blocks.erase(text("k")));
  BOOST_TEST(store.blocks.get(text("k")).error().is(storage::errc::not_found));
  BOOST_TEST(!store.blocks.has(text("k")).value());
  BOOST_TEST(store.versions.has(text("k")).value());
}

BOOST_AUTO_TEST_CASE(a_value_under_another_key_or_changed_is_corrupt) {
  test::temporary_directory place;
  auto db = database::open(place.path());
  BOOST_REQUIRE(db);
  block_store store(**db);
  BOOST_REQUIRE(store.blocks.put(text("a"), text("value")));
  auto stored = (*db)->get(table::blocks, text("a")).value();
  BOOST_REQUIRE((*db)->put(table::blocks, text("b"), stored, durability::lazy));
  BOOST_TEST(store.blocks.get(text("b")).error().is(storage::errc::corrupt));
  for (std::size_t i = 0; i < stored.size(); ++i) {
    auto changed = stored;
    changed[i] ^= 8;
    BOOST_REQUIRE((*db)->put(table::blocks, text("a"), changed, durability::lazy));
    BOOST_TEST(store.blocks.get(text("a")).error().is(storage::errc::corrupt));
    BOOST_TEST(store.blocks.scan({}, {}, [](auto, auto) { return true; }).error().is(storage::errc::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(scans_keep_to_their_prefix_and_order) {
  test::temporary_directory place;
  auto db = database::open(place.path());
  BOOST_REQUIRE(db);
  auto kv = durable_kv(**db);
  std::vector<std::pair<bytes, bytes>> entries;
  for (auto key : {"a1", "b1", "b2", "b3", "c1"}) entries.emplace_back(text(key), text(key));
  std::vector<std::pair<bytes_view, bytes_view>> views(entries.begin(), entries.end());
  BOOST_REQUIRE(kv.put_all(views));
  std::string seen;
  auto collect = [&](bytes_view key, bytes_view) {
    seen += as_text(key);
    return seen.size() < 4;
  };
  BOOST_REQUIRE(kv.scan(text("b"), {}, collect));
  BOOST_TEST(seen == "b1b2");
  seen.clear();
  BOOST_REQUIRE(kv.scan(text("b"), text("b3"), collect));
  BOOST_TEST(seen == "b3");
}

BOOST_AUTO_TEST_CASE(bounds_are_kept) {
  test::temporary_directory place;
  auto db = database::open(place.path());
  BOOST_REQUIRE(db);
  auto kv = durable_kv(**db);
  BOOST_TEST(kv.put({}, text("v")).error().is(storage::errc::over_limit));
  BOOST_TEST(kv.put(bytes(block_store_key_bytes_max + 1), text("v")).error().is(storage::errc::over_limit));
  BOOST_TEST(kv.put(text("k"), bytes(block_store_value_bytes_max + 1)).error().is(storage::errc::over_limit));
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_in_any_file_is_never_served) {
  seeded_random random(3);
  for (int round = 0; round < 30; ++round) {
    test::temporary_directory place;
    std::vector<bytes> values;
    {
      auto db = database::open(place.path());
      BOOST_REQUIRE(db);
      block_store store(**db);
      for (std::uint8_t i = 0; i < 20; ++i) {
        values.push_back(bytes(500, i));
        BOOST_REQUIRE(store.blocks.put(bytes{i}, values.back()));
      }
      BOOST_REQUIRE(store.sync());
    }
    for (const auto& entry : std::filesystem::directory_iterator(place.path())) {
      if (entry.path().extension() != ".log" && entry.path().extension() != ".sst") continue;
      if (entry.file_size() == 0) continue;
      std::fstream f(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      auto at = static_cast<std::streamoff>(random.below(entry.file_size()));
      f.seekg(at);
      auto c = static_cast<char>(f.get() ^ 16);
      f.seekp(at);
      f.put(c);
    }
    auto db = database::open(place.path());
    if (!db) continue;
    block_store store(**db);
    for (std::uint8_t i = 0; i < 20; ++i) {
      auto value = store.blocks.get(bytes{i});
      BOOST_TEST((!value || *value == values[i]));
    }
  }
}

}  // namespace

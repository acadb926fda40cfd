// A data directory knows whose it is, counts its starts durably, and survives a crash at every point.
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>

#include "storage/checked_text.hpp"
#include "storage/data_directory.hpp"
#include "storage/faulty_file_system.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::storage;

template <class Name>
Name name(std::uint8_t fill) {
  Name n;
  n.raw.fill(fill);
  return n;
}

const auto cluster = name<cluster_id>(1);
const auto node = name<node_id>(2);
const auto disk_name = name<disk_id>(3);

BOOST_AUTO_TEST_CASE(a_label_reads_back_and_refuses_change) {
  disk_label label{directory_format_version, cluster, node, disk_name};
  auto text = print(label);
  BOOST_REQUIRE(parse_disk_label(text));
  BOOST_TEST((parse_disk_label(text).value() == label));
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    BOOST_TEST(!parse_disk_label(changed));
    BOOST_TEST(!parse_disk_label(text.substr(0, i)));
  }
  auto newer = parse_disk_label(with_check_line("holdfast data directory\nformat 2\nsomething else\n"));
  BOOST_REQUIRE(!newer);
  BOOST_TEST(newer.error().is(storage::errc::newer_format));
}

BOOST_AUTO_TEST_CASE(it_belongs_to_one_cluster_and_node) {
  faulty_file_system disk;
  {
    auto d = data_directory::open(disk, "/srv/a");
    BOOST_REQUIRE(d);
    BOOST_TEST(!d->label());
    BOOST_TEST(d->expect(cluster, node).error().is(storage::errc::foreign_disk));
    BOOST_REQUIRE(d->bind(cluster, node, disk_name));
    BOOST_REQUIRE(d->bind(cluster, node, name<disk_id>(9)));
    BOOST_TEST(d->bind(name<cluster_id>(7), node, disk_name).error().is(storage::errc::foreign_disk));
    BOOST_TEST(data_directory::open(disk, "/srv/a").error().is(storage::errc::locked));
  }
  auto d = data_directory::open(disk, "/srv/a");
  BOOST_REQUIRE(d);
  BOOST_TEST((d->label()->disk == disk_name));
  BOOST_TEST(d->boot() == 2u);
  BOOST_TEST(d->expect(cluster, node).has_value());
  BOOST_TEST(d->expect(cluster, name<node_id>(7)).error().is(storage::errc::foreign_disk));
}

BOOST_AUTO_TEST_CASE(an_identity_reads_back_or_is_refused) {
  faulty_file_system disk;
  auto d = data_directory::open(disk, "/srv/a");
  BOOST_REQUIRE(d);
  BOOST_TEST(d->read_identity().error().is(storage::errc::not_found));
  bytes keys(100, 0x5a);
  BOOST_REQUIRE(d->write_identity(keys));
  BOOST_TEST((d->read_identity().value() == keys));
  for (std::uint64_t i = 0; disk.flip("/srv/a/node.identity", i, 4); ++i) {
    BOOST_TEST(d->read_identity().error().is(storage::errc::corrupt));
    disk.flip("/srv/a/node.identity", i, 4);
  }
}

BOOST_AUTO_TEST_CASE(no_boot_number_is_given_twice) {
  for (auto rule : {after_crash::lose_unsynced, after_crash::keep_unsynced, after_crash::tear_unsynced}) {
    for (std::uint64_t stop = 0; stop < 12; ++stop) {
      faulty_file_system disk;
      seeded_random random(stop);
      std::uint64_t highest = 0;
      for (int round = 0; round < 6; ++round) {
        disk.stop_after(stop);
        if (auto d = data_directory::open(disk, "/srv/a")) {
          BOOST_REQUIRE(d->boot() > highest);
          highest = d->boot();
        }
        disk.crash(rule, random);
        auto d = data_directory::open(disk, "/srv/a");
        BOOST_REQUIRE(d);
        BOOST_REQUIRE(d->boot() > highest);
        highest = d->boot();
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_lost_boot_counter_is_not_begun_anew) {
  faulty_file_system disk;
  {
    auto d = data_directory::open(disk, "/srv/a");
    BOOST_REQUIRE(d);
    BOOST_REQUIRE(d->write_identity(bytes(3)));
  }
  disk.vanish("/srv/a/boot");
  BOOST_TEST(data_directory::open(disk, "/srv/a").error().is(storage::errc::corrupt));
}

BOOST_AUTO_TEST_CASE(replacing_a_file_leaves_the_old_or_the_new) {
  for (auto rule : {after_crash::lose_unsynced, after_crash::keep_unsynced, after_crash::tear_unsynced}) {
    for (std::uint64_t stop = 0; stop < 8; ++stop) {
      faulty_file_system disk;
      seeded_random random(stop);
      BOOST_REQUIRE(disk.create_directories("/d"));
      bytes before(3000, 1), after(5000, 2);
      BOOST_REQUIRE(replace_file(disk, "/d", "f", before));
      disk.stop_after(stop);
      auto done = replace_file(disk, "/d", "f", after);
      disk.crash(rule, random);
      auto content = read_file(disk, "/d/f", 10000);
      BOOST_REQUIRE(content);
      BOOST_TEST((*content == after || (!done && *content == before)));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_real_file_system_does_the_same) {
  auto place = (std::filesystem::temp_directory_path() / "holdfast-test-XXXXXX").string();
  BOOST_REQUIRE(::mkdtemp(place.data()));
  auto path = place + "/deep/er";
  {
    auto d = data_directory::open(real_file_system(), path);
    BOOST_REQUIRE(d);
    BOOST_TEST(data_directory::open(real_file_system(), path).error().is(storage::errc::locked));
    BOOST_REQUIRE(d->bind(cluster, node, disk_name));
    BOOST_REQUIRE(d->write_identity(bytes(10, 1)));
  }
  auto d = data_directory::open(real_file_system(), path);
  BOOST_REQUIRE(d);
  BOOST_TEST(d->boot() == 2u);
  BOOST_TEST((d->read_identity().value() == bytes(10, 1)));
  namespace fs = std::filesystem;
  BOOST_TEST((fs::status(path).permissions() == fs::perms::owner_all));
  BOOST_TEST((fs::status(path + "/node.identity").permissions() == (fs::perms::owner_read | fs::perms::owner_write)));
  fs::remove_all(place);
}

}  // namespace

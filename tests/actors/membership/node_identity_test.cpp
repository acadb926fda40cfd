// The one file a node must not lose: no change to it undoes another.
#include <thread>

#include <boost/test/unit_test.hpp>

#include "actors/membership/membership.hpp"
#include "tests/storage/temporary_directory.hpp"

using namespace holdfast;
using namespace holdfast::actors;

BOOST_AUTO_TEST_CASE(changes_by_several_threads_are_all_kept_while_others_read) {
  constexpr int threads = 4, changes = 25;
  test::temporary_directory folder;
  auto directory = storage::data_directory::open(storage::real_file_system(), folder.path());
  BOOST_REQUIRE(directory.has_value());
  system_random random;
  identity_keeper keeper(*directory, fresh_identity(random));
  auto before = keeper.get();
  {
    std::vector<std::jthread> all;
    for (int thread = 0; thread < threads; ++thread) {
      all.emplace_back([&keeper, thread] {
        for (int i = 0; i < changes; ++i) {
          node_id member;
          member.raw = {static_cast<std::uint8_t>(thread), static_cast<std::uint8_t>(i)};
          static_cast<void>(keeper.change([&](node_identity& x) { x.members[member] = "address"; }));
          static_cast<void>(keeper.get()->members.size());
        }
      });
    }
  }
  BOOST_TEST(before->members.empty());
  BOOST_TEST(keeper.get()->members.size() == static_cast<std::size_t>(threads * changes));
  auto saved = load_identity(*directory);
  BOOST_REQUIRE(saved.has_value());
  BOOST_TEST(saved->members.size() == static_cast<std::size_t>(threads * changes));
}

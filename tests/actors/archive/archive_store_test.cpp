// The archive's store: what it says is sealed comes back after a restart, what is damaged is told, seals wait for no one twice.
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <deque>
#include <future>

#include "actors/archive/archive_store.hpp"
#include "protocols/archive/fragment_tree.hpp"
#include "storage/faulty_file_system.hpp"
#include "tests/storage/temporary_directory.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::archive;

constexpr auto directory = "/data/archive";
constexpr coding code{1, 2};

extent_id extent(std::uint8_t fill) {
  extent_id id;
  id.raw.fill(fill);
  return id;
}

struct fixture {
  test::temporary_directory place;
  storage::faulty_file_system disk;
  seeded_random random{1};
  std::shared_ptr<storage::database> database = std::move(storage::database::open(place.path()).value());
  std::shared_ptr<storage::extent_store> extents;
  std::shared_ptr<work_pool> threads = std::make_shared<work_pool>("store", 2);
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<store_answer> answers;
  std::unique_ptr<archive_store> store;

  fixture() { open(); }
  ~fixture() { close(); }

  void open() {
    storage::extent_store_options options{.segment_bytes = 100'000, .free_bytes_min = 0};
    extents = std::move(storage::extent_store::open(disk, directory, *database, options).value());
    store = std::make_unique<archive_store>(extents, database, threads, [this](store_answer answer) {
      std::lock_guard guard(mutex);
      answers.push_back(std::move(answer));
      arrived.notify_all();
    });
  }
  void close() {
    threads->close();
    store.reset();
    extents.reset();
    threads = std::make_shared<work_pool>("store", 2);
  }
  void crash() {
    close();
    disk.crash(storage::after_crash::lose_unsynced, random);
    open();
  }

  template <class Answer>
  Answer next() {
    std::unique_lock guard(mutex);
    BOOST_REQUIRE(arrived.wait_for(guard, std::chrono::seconds(30), [&] { return !answers.empty(); }));
    auto* answer = std::get_if<Answer>(&answers.front());
    BOOST_REQUIRE(answer);
    auto taken = std::move(*answer);
    answers.pop_front();
    return taken;
  }

  coded_block block(std::uint64_t seed) {
    bytes data(20'000);
    seeded_random(seed).fill(data);
    reed_solomon codec(code);
    return code_block(codec, data);
  }

  /// Opens an extent and appends its fragments; what it would be sealed as.
  stored_extent write(std::uint8_t fill, std::uint32_t blocks) {
    stored_extent e;
    e.header.extent = extent(fill);
    e.header.code = code;
    store->carry_out(create_extent{e.header});
    for (std::uint32_t i = 0; i < blocks; ++i) {
      auto coded = block(fill * 100u + i);
      e.entries.push_back(coded.entry);
      auto& own = coded.fragments[0];
      store->carry_out(append_fragment{store_ticket{i}, e.header.extent, i, {code, 0, {coded.entry, own.path}, own.data}});
      BOOST_REQUIRE(next<stored_answer>().stored);
    }
    e.header.state = extent_state::sealed;
    e.header.blocks = blocks;
    e.header.list = list_hash(e.entries);
    return e;
  }
  outcome seal(const stored_extent& e) {
    store->carry_out(seal_stored{store_ticket{99}, e});
    return next<stored_answer>().stored;
  }
  recovery_answer recover() {
    store->recover();
    return next<recovery_answer>();
  }
  result<stored_fragment> read(std::uint8_t fill, std::uint32_t ordinal) {
    store->carry_out(read_fragment{store_ticket{7}, extent(fill), ordinal});
    return next<fragment_answer>().found;
  }
};

BOOST_FIXTURE_TEST_CASE(what_is_sealed_survives_a_crash_and_what_is_open_does_not, fixture) {
  auto kept = write(1, 3);
  BOOST_REQUIRE(seal(kept));
  auto committed = write(2, 2);
  BOOST_REQUIRE(seal(committed));
  store->carry_out(mark_committed{extent(2)});
  write(3, 2);
  crash();
  auto found = recover();
  BOOST_REQUIRE(found.read);
  BOOST_TEST(found.lost == 0u);
  BOOST_REQUIRE(found.uncommitted.size() == 1u);
  BOOST_TEST((found.uncommitted[0].header.extent == extent(1)));
  BOOST_TEST((found.uncommitted[0].header.list == kept.header.list));

  store->carry_out(read_inventory{store_ticket{5}, {}, 10});
  auto inventory = next<inventory_answer>().found;
  BOOST_REQUIRE(inventory.size() == 2u);
  BOOST_TEST((inventory[0].state == extent_state::sealed));
  BOOST_TEST((inventory[1].state == extent_state::committed));
  store->carry_out(read_inventory{store_ticket{5}, extent(1), 10});
  BOOST_TEST(next<inventory_answer>().found.size() == 1u);

  auto fragment = read(1, 2);
  BOOST_REQUIRE(fragment);
  BOOST_TEST(verify_fragment(fragment->header, code, 0, fragment->data));
  BOOST_TEST(read(3, 0).error().is(errc::not_found));
  store->measure(0);
  BOOST_TEST(next<usage_answer>().extents == 2u);
}

BOOST_FIXTURE_TEST_CASE(a_damaged_fragment_is_told_and_can_be_replaced, fixture) {
  auto e = write(1, 3);
  BOOST_REQUIRE(seal(e));
  auto segments = disk.list(directory).value();
  auto hurt = false;
  for (const auto& name : segments) {
    auto path = std::string(directory) + "/" + name;
    auto file = disk.open(path, storage::open_mode::write);
    if (!file || (*file)->size().value_or(0) < 30'000) continue;
    bytes byte(1);
    BOOST_REQUIRE((*file)->read(30'000, byte));
    byte[0] ^= 1;
    BOOST_REQUIRE((*file)->write(30'000, byte));
    hurt = true;
  }
  BOOST_REQUIRE(hurt);
  std::optional<std::uint32_t> damaged;
  for (std::uint32_t i = 0; i < 3; ++i) {
    auto fragment = read(1, i);
    if (fragment) continue;
    BOOST_TEST(fragment.error().is(errc::damaged));
    damaged = i;
  }
  BOOST_REQUIRE(damaged);

  auto coded = block(100u + *damaged);
  auto& own = coded.fragments[0];
  store->carry_out(replace_fragment{store_ticket{4}, extent(1), *damaged, {code, 0, {coded.entry, own.path}, own.data}});
  BOOST_REQUIRE(next<stored_answer>().stored);
  crash();
  BOOST_TEST(read(1, *damaged).has_value());
  BOOST_TEST(recover().uncommitted.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_extent_with_a_hole_is_never_sealed, fixture) {
  auto e = write(1, 3);
  store->carry_out(create_extent{e.header});  // begun anew by somebody else
  auto sealed = seal(e);
  BOOST_REQUIRE(!sealed);
  BOOST_TEST(sealed.error().is(errc::conflict));
  BOOST_TEST(recover().uncommitted.empty());
}

BOOST_FIXTURE_TEST_CASE(segments_that_are_gone_are_noticed_at_the_start, fixture) {
  BOOST_REQUIRE(seal(write(1, 3)));
  close();
  auto segments = disk.list(directory).value();
  for (const auto& name : segments) BOOST_REQUIRE(disk.remove(std::string(directory) + "/" + name));
  open();
  auto found = recover();
  BOOST_TEST(found.lost == 1u);
  BOOST_TEST(found.uncommitted.empty());
  store->look_up(3, {extent(1)});
  BOOST_TEST(next<headers_answer>().held.empty());
}

BOOST_FIXTURE_TEST_CASE(many_seals_at_once_are_all_answered, fixture) {
  std::vector<stored_extent> all;
  for (std::uint8_t i = 1; i <= 20; ++i) all.push_back(write(i, 1));
  for (std::size_t i = 0; i < all.size(); ++i) store->carry_out(seal_stored{store_ticket{i}, all[i]});
  std::set<store_ticket> answered;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto answer = next<stored_answer>();
    BOOST_TEST(answer.stored.has_value());
    answered.insert(answer.ticket);
  }
  BOOST_TEST(answered.size() == all.size());
  crash();
  BOOST_TEST(recover().uncommitted.size() == all.size());
}

BOOST_FIXTURE_TEST_CASE(what_is_not_answered_waits_for_room_and_keeps_its_place, fixture) {
  auto e = write(1, 2);  // open, with fragments that must go when it is begun anew
  std::promise<void> go_on;
  const std::uint64_t lane = 1;  // that of extent 1
  BOOST_REQUIRE(threads->post(lane, [ready = go_on.get_future().share()] { ready.wait(); }));
  while (threads->post(lane, [] {}, archive_store::waiting_max)) {}
  store->carry_out(create_extent{e.header});
  auto coded = block(7);
  append_fragment first{store_ticket{1}, extent(1), 0, {code, 0, {coded.entry, coded.fragments[0].path}, coded.fragments[0].data}};
  store->carry_out(first);
  auto refused = next<stored_answer>().stored;
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().is(errc::over_limit));
  store->look_up(lane, {extent(1)});
  auto unknown = next<headers_answer>();
  BOOST_TEST(!unknown.read.has_value(), "nobody knows what is here");

  go_on.set_value();
  for (bool taken = false; !taken;) {
    store->carry_out(first);
    taken = next<stored_answer>().stored.has_value();
  }
  BOOST_TEST(extents->blocks(extent(1)).value().size() == 1u);  // begun anew before, and not after
}

BOOST_FIXTURE_TEST_CASE(open_extents_of_an_earlier_life_are_forgotten, fixture) {
  write(1, 2);
  BOOST_TEST(extents->usage().open_extents == 1u);
  recover();
  while (threads->queued() > 0) std::this_thread::yield();
  threads->close();
  BOOST_TEST(extents->usage().open_extents == 0u);
}

}  // namespace

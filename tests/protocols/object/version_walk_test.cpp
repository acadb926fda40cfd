// Time travel over a chain of versions: right, in few records, and not to be misled.
#include <boost/test/unit_test.hpp>

#include <bit>

#include "protocols/object/capability.hpp"
#include "protocols/object/version_walk.hpp"

using namespace holdfast;
using namespace holdfast::object;

namespace {

struct chain {
  std::map<vguid, bytes> records;
  std::vector<vguid> names{vguid{}};  ///< by version, from 1
  head newest;

  chain(std::uint64_t versions, random_source& random) {
    auto cap = mint(random);
    auto key = crypto::signing_key::from_seed(*cap.write_seed);
    for (std::uint64_t v = 1; v <= versions; ++v) {
      version_record r;
      r.object = cap.object;
      r.version = v;
      r.time = {static_cast<std::int64_t>(v / 3 * 10)};  // several versions share a time
      r.writer = key.pub();
      content_root root;
      root.object = cap.object;
      root.size = v;
      update u;
      u.guards = {{{}, {set_content{codec::encode(root)}}}};
      auto made = signed_update::make(u, key);
      r.content = {codec::encode(root), statement_of(u, digest_of_update(made.body)), made.sig};
      r.previous = names[v - 1];
      r.skips = newest.skips;
      names.push_back(id_of(r));
      extend_skips(newest.skips, v, names.back());
      records[names.back()] = codec::encode(r);
    }
    newest.object = cap.object;
    newest.owner = key.pub();
    newest.newest = names.back();
    newest.version = versions;
  }

  result<std::uint64_t> find(version_walk::target target, int* steps = nullptr) const {
    version_walk walk(newest, target);
    int count = 0;
    while (auto name = walk.wants()) {
      ++count;
      if (auto ok = walk.on_record(records.at(*name)); !ok) return fail(ok.error());
    }
    if (steps) *steps = std::max(*steps, count);
    BOOST_REQUIRE(walk.found().has_value());
    return walk.found()->version;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_version_is_found_in_logarithmic_steps) {
  seeded_random random(1);
  chain c(1'000, random);
  int steps = 0;
  for (std::uint64_t v = 1; v <= 1'000; ++v) BOOST_REQUIRE(c.find(v, &steps).value() == v);
  BOOST_TEST(steps <= 12);
  BOOST_TEST(c.find(version_walk::newest{}).value() == 1'000u);
  BOOST_TEST(c.find(std::uint64_t{1'001}).error().is(errc::not_found));
  BOOST_TEST(c.find(std::uint64_t{0}).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_date_finds_the_newest_version_at_or_before_it) {
  seeded_random random(2);
  chain c(500, random);
  int steps = 0;
  for (std::int64_t t = 0; t < 1'700; ++t) {
    std::uint64_t expected = 0;
    for (std::uint64_t v = 1; v <= 500; ++v) {
      if (static_cast<std::int64_t>(v / 3 * 10) <= t) expected = v;
    }
    BOOST_REQUIRE(c.find(wall_time{t}, &steps).value_or(0) == expected);
  }
  BOOST_TEST(steps <= 40);
  BOOST_TEST(c.find(wall_time{-1}).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_record_that_is_not_the_one_named_is_refused) {
  seeded_random random(3);
  chain c(10, random);
  version_walk walk(c.newest, std::uint64_t{3});
  BOOST_TEST(walk.on_record(c.records.at(c.names[9])).error().is(errc::damaged));
}

// Who answers for the writer's ring may name any of the writer's records as the newest, or as the one before.
BOOST_AUTO_TEST_CASE(a_record_in_the_place_of_another_version_is_refused) {
  seeded_random random(4);
  chain c(10, random);
  for (version_walk::target target : {version_walk::target(version_walk::newest{}), version_walk::target(std::uint64_t{3}),
                                      version_walk::target(wall_time{0})}) {
    for (std::uint64_t claimed : {0, 1, 5, 11}) {
      auto from = c.newest;
      from.version = claimed;
      version_walk walk(from, target);
      BOOST_TEST(walk.on_record(c.records.at(c.names[10])).error().is(errc::damaged));
    }
  }
}

BOOST_AUTO_TEST_CASE(one_signature_stands_for_an_update_and_its_content_roots_and_for_nothing_else) {
  seeded_random random(5);
  auto key = crypto::signing_key::generate(random);
  content_root root;
  root.size = 5;
  auto body = codec::encode(root);
  update u;
  u.guards = {{{absent{}}, {set_content{body}}}, {{}, {}}};
  auto made = signed_update::make(u, key);
  auto statement = statement_of(u, digest_of_update(made.body));
  BOOST_TEST(holds(statement, key.pub(), made.sig));
  signed_content content{body, statement, made.sig};
  BOOST_TEST(content.open(key.pub()).value().size == 5u);

  auto stranger = crypto::signing_key::generate(random);
  BOOST_TEST(content.open(stranger.pub()).error().is(errc::bad_signature));
  root.size = 6;
  content.body = codec::encode(root);
  BOOST_TEST(content.open(key.pub()).error().is(errc::bad_signature));
  content.statement.contents = {digest_of_content(content.body)};
  BOOST_TEST(content.open(key.pub()).error().is(errc::bad_signature));

  u.guards[0].actions = {set_content{content.body}};
  auto changed = signed_update{codec::encode(u), made.sig};
  BOOST_TEST(!holds(statement_of(u, digest_of_update(changed.body)), key.pub(), changed.sig));
}

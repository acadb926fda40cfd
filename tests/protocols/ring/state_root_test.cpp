// What a ring shows must convince only if the ring said so: every flipped bit, every missing signature is refused.
#include <boost/test/unit_test.hpp>

#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;

BOOST_AUTO_TEST_CASE(a_root_needs_a_certificate_of_different_seats) {
  for (std::size_t size : {1, 3, 4, 7, 10}) {
    test_cluster c(size);
    authenticated_map map;
    map.put(place_named(submap::heads, "x"), {1, 2, 3});
    const auto& ring = c.entry.object;
    auto needed = ring.certificate_size();
    auto good = c.certify(map, ring, 1, born, needed);
    BOOST_TEST(verify(good, c.cluster, ring).has_value());
    BOOST_TEST(verify(c.certify(map, ring, 1, born, size), c.cluster, ring).has_value());
    BOOST_TEST(verify(c.certify(map, ring, 1, born, needed - 1), c.cluster, ring).error().is(errc::bad_signature));
    if (needed > 1) {
      auto repeated = good;
      repeated.signatures.back() = repeated.signatures.front();
      BOOST_TEST(verify(repeated, c.cluster, ring).error().is(errc::bad_signature));
    }
    BOOST_TEST(verify(good, c.cluster, c.entry.root).error().is(errc::bad_signature));
    auto later = ring;
    later.epoch = 1;
    BOOST_TEST(verify(good, c.cluster, later).error().is(errc::stale));
  }
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_a_proven_entry_is_refused) {
  test_cluster c(3);
  authenticated_map map;
  for (int i = 0; i < 20; ++i) map.put(place_named(submap::heads, std::to_string(i)), {static_cast<std::uint8_t>(i)});
  map.put(place_named(submap::dedup, "other"), {9});
  for (auto name : {"7", "absent"}) {
    auto where = place_named(submap::heads, name);
    auto proven = c.prove(map, where, c.entry.object);
    BOOST_TEST(proven.value.has_value() == (name == std::string("7")));
    BOOST_TEST(verify(proven, where, c.cluster, c.entry.object).has_value());
    BOOST_TEST(!verify(proven, {submap::dedup, where.key}, c.cluster, c.entry.object).has_value());
    BOOST_TEST(!verify(proven, place_named(submap::heads, "8"), c.cluster, c.entry.object).has_value());
    auto good = codec::encode(proven);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      auto bad = good;
      bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      auto decoded = codec::decode<proven_entry>(bad);
      if (decoded && verify(*decoded, where, c.cluster, c.entry.object)) BOOST_ERROR("accepted with bit " << bit << " flipped");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_absence_is_no_value) {
  test_cluster c(1);
  authenticated_map map;
  auto where = place_named(submap::heads, "x");
  auto opened = open<object::head>(c.prove(map, where, c.entry.object), where, c.cluster, c.entry.object);
  BOOST_TEST(opened.error().is(errc::not_found));
}

// Whom the links are told to speak with: whoever shows an admission that is his, not taken back, and in force. Judged in this order, so
// that what is only past its time is told apart from what is no good at all.
#include <boost/test/unit_test.hpp>

#include "actors/membership/trust_store.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace std::chrono_literals;
using identity::member_kind;
using ring::after_birth;

namespace {

constexpr auto term = 24h * 365;

digest tls_key(std::uint8_t n) {
  digest key;
  key.raw[0] = n;
  return key;
}

struct believer : ring::test_cluster {
  actors::trust_store store{cluster};
  ring::authenticated_map map;
  identity::directory directory;

  believer() {
    BOOST_REQUIRE(store.adopt(trust).has_value());
    directory.cluster = cluster;
  }

  identity::admission admission_of(const member& who, member_kind kind) const {
    identity::admission a;
    a.cluster = cluster;
    a.kind = kind;
    a.id = who.id;
    a.identity = who.identity.pub();
    a.nonce = who.nonce;
    a.tls_key = tls_key(1);
    a.name = "alpha";
    a.issued = ring::born;
    a.expires = after_birth(term);
    return a;
  }
  /// Admits for a term from birth; what its member shows then.
  bytes admit(const member& who, member_kind kind) {
    auto where = ring::admission_place(who.id);
    map.store(where, admission_of(who, kind));
    return codec::encode(ring::admission_proof(ring::ring_admission{who.id, prove(map, where, entry.root)}));
  }
  /// The founder's word of the same, as it is shown until the ring's is there.
  bytes promise(const member& who) const {
    auto statement = crypto::signed_statement<identity::admission>::make(admission_of(who, member_kind::node), founder_key);
    return codec::encode(ring::admission_proof(ring::provisional_admission{statement}));
  }
  void revoke(const node_id& who) {
    directory.revoked[who] = ring::born;
    ++directory.version;
    map.store(ring::directory_place(), directory);
    BOOST_REQUIRE(store.adopt(prove(map, ring::directory_place(), entry.root)).value_or(false));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_admission_in_force_says_who_its_peer_is) {
  believer b;
  auto client = b.make_member();
  auto shown = b.admit(client, member_kind::client);
  auto peer = b.store.verify_peer(shown, tls_key(1), after_birth(term));
  BOOST_REQUIRE(peer);
  BOOST_TEST(peer->admitted);
  BOOST_TEST((peer->id == client.id && peer->kind == member_kind::client && peer->name == "alpha"));
}

BOOST_AUTO_TEST_CASE(what_is_only_past_its_time_is_told_apart_from_what_is_no_good) {
  believer b;
  const auto late = after_birth(term + 1ms);
  for (auto kind : {member_kind::node, member_kind::client, member_kind::operating}) {
    auto member = b.make_member();
    auto shown = b.admit(member, kind);
    BOOST_TEST(b.store.verify_peer(shown, tls_key(1), late).error().is(errc::expired));
    BOOST_TEST(b.store.verify_peer(shown, tls_key(2), late).error().is(errc::bad_signature));
    b.revoke(member.id);
    BOOST_TEST(b.store.verify_peer(shown, tls_key(1), late).error().is(errc::denied));
  }
  ring::test_cluster other(4, 2);
  auto foreign = b.admit(b.make_member(), member_kind::node);
  actors::trust_store theirs(other.cluster);
  BOOST_REQUIRE(theirs.adopt(other.trust).has_value());
  BOOST_TEST(!theirs.verify_peer(foreign, tls_key(1), late).error().is(errc::expired));
}

BOOST_AUTO_TEST_CASE(a_seat_is_let_in_whatever_its_expiry) {
  believer b;
  const auto& seat = b.members.front();
  const auto years = after_birth(3 * term);
  BOOST_TEST(b.store.verify_peer(b.admit(seat, member_kind::node), tls_key(1), years).has_value());
  BOOST_TEST(b.store.verify_peer(b.promise(seat), tls_key(1), years).has_value());
  b.revoke(seat.id);
  BOOST_TEST(b.store.verify_peer(b.admit(seat, member_kind::node), tls_key(1), years).error().is(errc::denied));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_verified_yet_is_told_apart_and_the_founder_believes_nothing) {
  believer b;
  auto shown = b.admit(b.members.front(), member_kind::node);
  auto young = b.trust;
  young.entries.clear();
  actors::trust_store behind(b.cluster), founder(b.cluster, true);
  BOOST_REQUIRE((behind.adopt(young) && founder.adopt(young)));
  auto claimed = behind.verify_peer(shown, tls_key(1), ring::born);
  BOOST_REQUIRE(claimed);
  BOOST_TEST((claimed->unverified && !claimed->admitted));
  BOOST_TEST(!behind.verify_peer(b.promise(b.members.front()), tls_key(1), ring::born)->unverified);
  BOOST_TEST(!founder.verify_peer(shown, tls_key(1), ring::born).has_value());
  BOOST_REQUIRE(behind.adopt(b.trust).has_value());
  auto known = behind.verify_peer(shown, tls_key(1), ring::born);
  BOOST_TEST((known && known->admitted && !known->unverified));
}

// Tokens survive copying or say that they did not; the chain convinces only whole and unchanged.
#include <boost/test/unit_test.hpp>

#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::identity;
using ring::born;
using ring::test_cluster;

BOOST_AUTO_TEST_CASE(a_token_prints_and_reads_back) {
  seeded_random random(1);
  token t{cluster_id{random.array<32>()}, member_kind::client, crypto::secret<32>(random.array<32>())};
  auto text = print_token(t);
  BOOST_TEST(text.starts_with("hft1-"));
  for (const auto& copied : {text, "  " + text + "\n"}) {
    auto read = parse_token(copied).value();
    BOOST_TEST((read.cluster == t.cluster && read.kind == t.kind && read.seed == t.seed));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto wrong = text;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    BOOST_TEST(parse_token(wrong).error().is(errc::malformed));
    BOOST_TEST(parse_token(text.substr(0, i)).error().is(errc::malformed));
  }
  BOOST_TEST(parse_token(text + "a").error().is(errc::malformed));
}

BOOST_AUTO_TEST_CASE(the_chain_needs_everybody) {
  for (std::size_t size : {1, 3, 4, 7, 10}) {
    test_cluster c(size);
    BOOST_TEST(verify(c.trust, c.cluster)->current->object.size() == size);
    auto missing = c.trust;
    missing.entries[0].object_seats.pop_back();
    BOOST_TEST(verify(missing, c.cluster).error().is(errc::bad_signature));
    auto other_founder = c.trust;
    other_founder.entries[0].founder = c.operating.sign(configuration_entry::type_tag, c.trust.entries[0].body);
    BOOST_TEST(verify(other_founder, c.cluster).error().is(errc::bad_signature));
  }
  test_cluster c(4), other(4, 2);
  BOOST_TEST(verify(c.trust, other.cluster).error().is(errc::bad_signature));
  auto mixed = c.trust;
  mixed.entries = other.trust.entries;
  BOOST_TEST(!verify(mixed, c.cluster).has_value());
  mixed.entries.clear();
  BOOST_TEST(!verify(mixed, c.cluster)->current.has_value());
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_of_the_chain_is_refused) {
  test_cluster c(3);
  auto good = codec::encode(c.trust);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    auto chain = codec::decode<trust_chain>(bad);
    // The genesis signature is not part of the id; it fails as a signature.
    if (chain && verify(*chain, c.cluster)) BOOST_ERROR("accepted with bit " << bit << " flipped");
  }
}

BOOST_AUTO_TEST_CASE(a_configuration_is_complete_only_with_every_consent) {
  test_cluster c(3);
  auto body = codec::encode(c.entry);
  std::vector<configuration_consent> consents;
  for (const auto& m : c.members) consents.push_back(consent(m.id, body, m.root_key, m.object_key));
  auto few = consents;
  few.pop_back();
  BOOST_TEST(assemble(c.entry, c.founder_key, few).error().is(errc::unavailable));
  std::swap(consents[0].root, consents[0].object);
  BOOST_TEST(assemble(c.entry, c.founder_key, consents).error().is(errc::bad_signature));
  BOOST_TEST(first_configuration(c.cluster, {}).error().is(errc::malformed));
  founding_member same{c.members[0].id, c.members[0].root_key.pub(), c.members[0].root_key.pub()};
  BOOST_TEST(first_configuration(c.cluster, {same}).error().is(errc::malformed));
}

BOOST_AUTO_TEST_CASE(a_provisional_admission_is_good_until_genesis_is_complete) {
  test_cluster c(3);
  token t{c.cluster, member_kind::node, crypto::secret<32>(c.random.array<32>())};
  auto key = crypto::signing_key::generate(c.random);
  auto request = verify(make_join(t, key, digest{}, "alpha"), c.cluster).value();
  auto admitted = admit(request, invitation_for(t, "home", born), c.random.array<32>(), born, {});
  using statement = crypto::signed_statement<admission>;
  ring::admission_proof proof = ring::provisional_admission{statement::make(admitted, c.founder_key)};
  ring::admission_proof forged = ring::provisional_admission{statement::make(admitted, key)};

  auto early = c.trust;
  early.entries.clear();
  auto incomplete = verify(early, c.cluster).value();
  BOOST_TEST(verify_admission(proof, incomplete, born)->name == "alpha");
  BOOST_TEST(verify_admission(forged, incomplete, born).error().is(errc::bad_signature));
  BOOST_TEST(verify_admission(proof, incomplete, admitted.expires + std::chrono::milliseconds(1)).error().is(errc::expired));
  BOOST_TEST(verify_admission(proof, c.chain, born).error().is(errc::stale));
}

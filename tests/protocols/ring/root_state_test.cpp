// Admission and revocation: single use, in time, by operators alone; the same requests, the same state.
#include <boost/test/unit_test.hpp>

#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;
using namespace std::chrono_literals;
using identity::member_kind;

namespace {

struct responsible_party : test_cluster {
  root_state state{chain};
  std::uint64_t sequence = 0;
  std::vector<std::pair<wall_time, std::vector<bytes>>> history;

  applied run(const bytes& request, wall_time time = born) {
    history.push_back({time, {request}});
    return state.apply(++sequence, time, {request}).outcomes.at(0);
  }

  identity::token new_token(member_kind kind) { return {cluster, kind, crypto::secret<32>(random.array<32>())}; }

  bytes invitation(const identity::token& t, wall_time expires, const crypto::signing_key& by) {
    auto statement = crypto::signed_statement<identity::invitation>::make(identity::invitation_for(t, "home", expires), by);
    return request_of<root_operation>(invite{by.pub(), statement});
  }
  bytes joining(const identity::token& t, const crypto::signing_key& key, std::string name = "n") {
    return request_of<root_operation>(join{identity::make_join(t, key, digest{}, std::move(name))});
  }
  bytes revoking(const node_id& node, const crypto::signing_key& by) {
    return request_of<root_operation>(ring::revoke{by.pub(), crypto::signed_statement<revocation>::make({cluster, node}, by)});
  }
  bytes advertising(const node_id& node, std::uint64_t counter, std::string address, const crypto::signing_key& by) {
    identity::advertisement a{cluster, node, counter, std::move(address), {identity::role_kind::archive}, {{"site", "here"}}, 1u << 30};
    return request_of<root_operation>(advertise{crypto::signed_statement<identity::advertisement>::make(a, by)});
  }
  bytes renewing(const node_id& node, wall_time expires, const crypto::signing_key& by) {
    return request_of<root_operation>(renew{crypto::signed_statement<renewal>::make({cluster, node, expires}, by)});
  }

  /// Invites and joins a new member.
  identity::admission member(member_kind kind, const crypto::signing_key& key) {
    auto t = new_token(kind);
    BOOST_REQUIRE(run(invitation(t, after_birth(1h), operating)).where);
    auto done = run(joining(t, key));
    BOOST_REQUIRE(done.where);
    return state.map().load<identity::admission>(*done.where).value();
  }
};

bool refused(const applied& a, errc code) { return !a.where && a.refused && a.refused->is(code); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_token_admits_once) {
  responsible_party p;
  auto t = p.new_token(member_kind::node);
  auto key = crypto::signing_key::generate(p.random);
  auto request = p.joining(t, key);
  BOOST_TEST(p.state.check(request).has_value());
  BOOST_TEST(refused(p.run(request), errc::denied));
  BOOST_TEST((p.run(p.invitation(t, after_birth(1h), p.operating)).where == invitation_place(identity::key_of(t).pub())));

  auto version = p.state.directory().version;
  BOOST_TEST(!p.state.outcome_of(request));
  auto done = p.run(request);
  BOOST_REQUIRE(done.where);
  auto admission = p.state.map().load<identity::admission>(*done.where).value();
  BOOST_TEST((admission.id == identity::id_for(key.pub(), admission.nonce)));
  BOOST_TEST(admission.operated_by == "home");
  BOOST_TEST((admission.expires == after_birth(24h * 365)));
  BOOST_TEST(p.state.directory().nodes.contains(admission.id));
  BOOST_TEST(p.state.directory().version == version + 1);

  // The same request again is a retry and gets the same admission; anybody else's use of the token is refused.
  BOOST_TEST((p.run(request).where == done.where));
  BOOST_TEST((p.state.outcome_of(request) == done.where));
  BOOST_TEST(refused(p.run(p.joining(t, crypto::signing_key::generate(p.random))), errc::denied));
  BOOST_TEST((p.run(p.invitation(t, after_birth(1h), p.operating)).where == invitation_place(identity::key_of(t).pub())));
  BOOST_TEST(refused(p.run(p.joining(t, crypto::signing_key::generate(p.random))), errc::denied));
  BOOST_TEST(p.state.directory().nodes.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_token_expires_by_agreed_time_and_only_operators_make_them) {
  responsible_party p;
  auto t = p.new_token(member_kind::node);
  auto stranger = crypto::signing_key::generate(p.random);
  BOOST_TEST(refused(p.run(p.invitation(t, after_birth(1h), stranger)), errc::denied));
  BOOST_TEST(refused(p.run(p.invitation(t, after_birth(1h), p.founder_key)), errc::denied));
  BOOST_TEST(refused(p.run(p.invitation(t, after_birth(1h), p.operating), after_birth(2h)), errc::expired));
  BOOST_TEST(p.run(p.invitation(t, after_birth(1h), p.operating)).where.has_value());
  BOOST_TEST(refused(p.run(p.joining(t, stranger), after_birth(61min)), errc::expired));
}

BOOST_AUTO_TEST_CASE(a_join_changed_on_its_way_is_refused) {
  responsible_party p;
  auto t = p.new_token(member_kind::client);
  p.run(p.invitation(t, after_birth(1h), p.operating));
  auto good = p.joining(t, crypto::signing_key::generate(p.random));
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 3) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    BOOST_TEST(!p.state.check(bad).has_value());
    BOOST_TEST(!p.run(bad).where.has_value());
  }
  // A seed that sees the request cannot put its own key in: the token's signature covers the newcomer's.
  test_cluster other(4, 99);
  BOOST_TEST(!p.state.check(request_of<root_operation>(join{identity::make_join({other.cluster, member_kind::node, t.seed}, p.operating, {}, "")})));
}

BOOST_AUTO_TEST_CASE(clients_are_not_in_the_directory_and_operators_may_act) {
  responsible_party p;
  auto client_key = crypto::signing_key::generate(p.random);
  auto operator_key = crypto::signing_key::generate(p.random);
  auto client = p.member(member_kind::client, client_key);
  BOOST_TEST(!p.state.directory().nodes.contains(client.id));
  BOOST_TEST(refused(p.run(p.revoking(client.id, operator_key)), errc::denied));
  auto colleague = p.member(member_kind::operating, operator_key);
  BOOST_TEST(p.run(p.revoking(client.id, operator_key)).where.has_value());
  BOOST_TEST(p.state.directory().revoked.contains(client.id));
  BOOST_TEST((p.run(p.revoking(client.id, operator_key)).where == directory_place()), "done before is done");
  BOOST_TEST(refused(p.run(p.revoking(node_id{}, operator_key)), errc::not_found));
  // A revoked operator's word counts no more.
  BOOST_TEST(p.run(p.revoking(colleague.id, p.operating)).where.has_value());
  BOOST_TEST(refused(p.run(p.invitation(p.new_token(member_kind::node), after_birth(1h), operator_key)), errc::denied));
}

BOOST_AUTO_TEST_CASE(a_revoked_node_is_gone_for_good) {
  responsible_party p;
  auto key = crypto::signing_key::generate(p.random);
  auto node = p.member(member_kind::node, key);
  p.run(p.advertising(node.id, 1, "127.0.0.1:7000", key));
  BOOST_TEST(p.state.directory().archive_servers().size() == 1u);
  auto proof = p.prove(p.state.map(), admission_place(node.id), p.entry.root);
  BOOST_TEST(p.run(p.revoking(node.id, p.operating)).where.has_value());
  BOOST_TEST(p.state.directory().archive_servers().empty());
  BOOST_TEST(refused(p.run(p.advertising(node.id, 2, "127.0.0.1:7000", key)), errc::denied));
  BOOST_TEST(refused(p.run(p.renewing(node.id, node.expires, key)), errc::not_found));
  auto absent = p.prove(p.state.map(), admission_place(node.id), p.entry.root);
  BOOST_TEST(verify_admission(ring_admission{node.id, absent}, p.chain, born).error().is(errc::not_found));
}

BOOST_AUTO_TEST_CASE(the_newest_advertisement_wins_and_only_changes_make_versions) {
  responsible_party p;
  auto key = crypto::signing_key::generate(p.random);
  auto node = p.member(member_kind::node, key).id;
  BOOST_TEST((p.run(p.advertising(node, 5, "a:1", key)).where == directory_place()));
  auto version = p.state.directory().version;
  BOOST_TEST(p.run(p.advertising(node, 6, "a:1", key)).where.has_value());
  BOOST_TEST(p.state.directory().version == version);
  BOOST_TEST(refused(p.run(p.advertising(node, 6, "b:1", key)), errc::stale));
  BOOST_TEST(refused(p.run(p.advertising(node, 4, "b:1", key)), errc::stale));
  BOOST_TEST(refused(p.run(p.advertising(node, 9, "b:1", p.operating)), errc::bad_signature));
  BOOST_TEST(p.state.directory().nodes.at(node).address == "a:1");
  BOOST_TEST(p.run(p.advertising(node, 7, "b:1", key)).where.has_value());
  BOOST_TEST(p.state.directory().version == version + 1);
  auto in_map = p.state.map().load<identity::directory>(directory_place()).value();
  BOOST_TEST((codec::encode(in_map) == codec::encode(p.state.directory())));
}

BOOST_AUTO_TEST_CASE(a_node_that_changes_its_entry_without_end_is_stopped) {
  responsible_party p;
  auto key = crypto::signing_key::generate(p.random);
  auto node = p.member(member_kind::node, key).id;
  std::uint64_t counter = 0;
  auto change = [&](wall_time when) {
    ++counter;
    return p.run(p.advertising(node, counter, "h:" + std::to_string(counter), key), when);
  };
  for (std::uint32_t i = 0; i < changes_max; ++i) BOOST_REQUIRE(change(born).where);
  auto version = p.state.directory().version;
  BOOST_TEST(refused(change(born), errc::over_limit));
  BOOST_TEST(p.state.directory().version == version);
  BOOST_TEST(p.run(p.advertising(node, 100, "h:" + std::to_string(changes_max), key)).where.has_value(), "to say the same again is no change");
  counter = 100;
  BOOST_TEST(change(after_birth(changes_span)).where.has_value());
}

BOOST_AUTO_TEST_CASE(an_admission_renews_once_and_even_after_its_expiry) {
  responsible_party p;
  for (auto kind : {member_kind::client, member_kind::operating}) {
    auto key = crypto::signing_key::generate(p.random);
    auto late = p.member(kind, key);
    auto done = p.run(p.renewing(late.id, late.expires, key), late.expires + 24h);
    BOOST_REQUIRE(done.where);
    BOOST_TEST((p.state.map().load<identity::admission>(*done.where)->expires == late.expires + 24h * 366));
  }
  auto key = crypto::signing_key::generate(p.random);
  auto node = p.member(member_kind::node, key);
  BOOST_TEST(refused(p.run(p.renewing(node.id, node.expires, p.operating), after_birth(24h)), errc::bad_signature));
  auto years = after_birth(24h * 3 * 365);
  auto old_proof = p.prove(p.state.map(), admission_place(node.id), p.entry.root);
  BOOST_TEST(verify_admission(ring_admission{node.id, old_proof}, p.chain, years).error().is(errc::expired));
  BOOST_TEST(open_admission(ring_admission{node.id, old_proof}, p.chain).has_value());
  auto seated = node;
  seated.id = p.members[1].id;
  BOOST_TEST(check_term(seated, p.chain.current, years).has_value());
  BOOST_TEST(check_term(seated, std::nullopt, years).error().is(errc::expired));
  auto request = p.renewing(node.id, node.expires, key);
  BOOST_REQUIRE(p.run(request, years).where);
  auto proof = p.prove(p.state.map(), admission_place(node.id), p.entry.root);
  BOOST_TEST(verify_admission(ring_admission{node.id, proof}, p.chain, years).has_value());
  BOOST_TEST((peek_admission(ring_admission{node.id, proof})->expires == years + 24h * 365));
  // A replay gives no further year.
  auto root = p.state.map().root();
  p.run(request, years + 24h);
  BOOST_TEST((p.state.map().root() == root));
}

BOOST_AUTO_TEST_CASE(the_founders_admissions_are_taken_over_once) {
  responsible_party p;
  founding list{p.cluster, {}};
  for (const auto& m : p.members) {
    identity::admission a;
    a.cluster = p.cluster;
    a.id = m.id;
    a.identity = m.identity.pub();
    a.nonce = m.nonce;
    list.admissions.push_back(a);
  }
  using statement = crypto::signed_statement<founding>;
  BOOST_TEST(refused(p.run(request_of<root_operation>(adopt_founding{statement::make(list, p.operating)})), errc::bad_signature));
  auto request = request_of<root_operation>(adopt_founding{statement::make(list, p.founder_key)});
  BOOST_TEST((p.run(request).where == founding_place()));
  BOOST_TEST(p.state.directory().nodes.size() == 4u);
  auto proof = p.prove(p.state.map(), admission_place(p.members[2].id), p.entry.root);
  BOOST_TEST(verify_admission(ring_admission{p.members[2].id, proof}, p.chain, after_birth(24h)).has_value());
  list.admissions.pop_back();
  BOOST_TEST(refused(p.run(request_of<root_operation>(adopt_founding{statement::make(list, p.founder_key)})), errc::already_exists));
}

BOOST_AUTO_TEST_CASE(replicas_that_apply_the_same_hold_the_same) {
  responsible_party p;
  for (int i = 0; i < 5; ++i) {
    auto key = crypto::signing_key::generate(p.random);
    auto node = p.member(member_kind::node, key);
    p.run(p.advertising(node.id, 1, "h:" + std::to_string(i), key));
    if (i == 3) p.run(p.revoking(node.id, p.operating));
  }
  p.run({1, 2, 3});
  root_state replica(p.chain);
  std::uint64_t sequence = 0;
  for (const auto& [time, requests] : p.history) replica.apply(++sequence, time, {requests.begin(), requests.end()});
  BOOST_TEST((replica.map().root() == p.state.map().root()));
}

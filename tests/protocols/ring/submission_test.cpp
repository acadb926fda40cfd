// What must never happen: an operation believed done on the strength of an entry that is true and says something else.
#include "protocols/ring/submission.hpp"

#include <boost/test/unit_test.hpp>

#include "protocols/ring/ring_client.hpp"
#include "tests/protocols/ring/ring_fixture.hpp"

using namespace holdfast;
using namespace holdfast::ring;
using namespace std::chrono_literals;

namespace {

struct statements : test_cluster {
  node_id node = members[0].id, other = members[1].id;

  submission revoking(const node_id& whom) {
    return submission_of(root_operation(
        ring::revoke{operating.pub(), crypto::signed_statement<revocation>::make({cluster, whom}, operating)}));
  }
  identity::directory with_revoked(std::vector<node_id> nodes) const {
    identity::directory d;
    d.cluster = cluster;
    for (const auto& n : nodes) d.revoked[n] = born;
    return d;
  }
};

template <class T>
bool shown(const submission& s, const place& where, const T& value) {
  return s.shows(where, codec::encode(value));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_revocation_is_shown_by_the_directory_that_has_it) {
  statements t;
  auto s = t.revoking(t.node);
  BOOST_TEST(shown(s, directory_place(), t.with_revoked({t.other, t.node})));
  BOOST_TEST(!shown(s, directory_place(), t.with_revoked({t.other})));
  BOOST_TEST(!shown(s, admission_place(t.node), t.with_revoked({t.node})));
  BOOST_TEST(!s.shows(directory_place(), bytes{1}));
}

BOOST_AUTO_TEST_CASE(an_invitation_is_shown_by_itself) {
  statements t;
  identity::invitation wanted{t.cluster, identity::member_kind::client, t.members[0].identity.pub(), "family", born};
  auto s = submission_of(root_operation(invite{t.operating.pub(), crypto::signed_statement<identity::invitation>::make(wanted, t.operating)}));
  auto where = invitation_place(wanted.token_key);
  BOOST_TEST(shown(s, where, invitation_record{wanted, t.operating.pub(), {}, {}}));
  auto as_operator = wanted;
  as_operator.kind = identity::member_kind::operating;
  BOOST_TEST(!shown(s, where, invitation_record{as_operator, t.operating.pub(), {}, {}}));
  BOOST_TEST(!shown(s, invitation_place(t.members[1].identity.pub()), invitation_record{wanted, t.operating.pub(), {}, {}}));
}

BOOST_AUTO_TEST_CASE(a_renewal_is_shown_by_a_later_term_alone) {
  statements t;
  renewal asked{t.cluster, t.node, after_birth(24h)};
  auto s = submission_of(root_operation(renew{crypto::signed_statement<renewal>::make(asked, t.members[0].identity)}));
  identity::admission a;
  a.id = t.node;
  a.expires = asked.expires;
  BOOST_TEST(!shown(s, admission_place(t.node), a));
  a.expires = after_birth(48h);
  BOOST_TEST(shown(s, admission_place(t.node), a));
  BOOST_TEST(!shown(s, admission_place(t.other), a));
}

BOOST_AUTO_TEST_CASE(an_advertisement_is_shown_by_a_directory_that_lists_it) {
  statements t;
  identity::advertisement said{t.cluster, t.node, 1, "127.0.0.1:7", {identity::role_kind::archive}, {}, 100};
  auto s = submission_of(root_operation(advertise{crypto::signed_statement<identity::advertisement>::make(said, t.members[0].identity)}));
  identity::directory d;
  BOOST_TEST(!shown(s, directory_place(), d));
  auto& listed = d.nodes[t.node];
  listed.node = t.node;
  listed.address = said.address;
  listed.roles = said.roles;
  listed.archive_capacity_bytes = 100;
  BOOST_TEST(shown(s, directory_place(), d));
  listed.address = "127.0.0.1:8";
  BOOST_TEST(!shown(s, directory_place(), d));
}

BOOST_AUTO_TEST_CASE(a_fill_is_shown_by_the_slot_that_names_its_server) {
  statements t;
  archive::receipt r;
  r.server = t.node;
  r.index = 2;
  auto s = submission_of(object_operation(fill_slot{archive::signed_receipt::make(r, t.members[0].identity)}));
  archive::coding_record record;
  record.slots.resize(6);
  auto where = place_of(submap::extents, r.extent);
  BOOST_TEST(!shown(s, where, record));
  record.slots[1] = t.node;
  record.slots[2] = t.other;
  BOOST_TEST(!shown(s, where, record));
  record.slots[2] = t.node;
  BOOST_TEST(shown(s, where, record));
  record.slots.resize(2);
  BOOST_TEST(!shown(s, where, record));
}

BOOST_AUTO_TEST_CASE(an_update_is_shown_by_its_result_or_a_later_ones) {
  statements t;
  object::update asked;
  asked.client = t.node;
  asked.writer = t.operating.pub();
  asked.operation = 70;
  auto s = submission_of(object_operation(update_object{object::signed_update::make(asked, t.operating)}));
  auto where = result_place(asked.client, asked.writer, asked.session, asked.operation);
  operation_result found;
  found.operation = 6;  // the one before in the same slot
  BOOST_TEST(!shown(s, where, found));
  found.operation = 70;
  BOOST_TEST(shown(s, where, found));
  found.operation = 134;
  BOOST_TEST(shown(s, where, found));
}

BOOST_AUTO_TEST_CASE(a_true_entry_that_says_something_else_makes_the_client_ask_the_others) {
  statements t;
  authenticated_map before, after;
  before.store(directory_place(), t.with_revoked({}));
  after.store(directory_place(), t.with_revoked({t.node}));
  auto answer = [&](const authenticated_map& map) {
    return entry_reply{directory_place(), t.prove(map, directory_place(), t.entry.root), 3};
  };
  ring_client client(t.cluster, t.entry.root);
  instant now{1s};
  auto first = client.submit(now, t.revoking(t.node)).second;
  BOOST_REQUIRE(first.sends.size() == 1u);
  auto others = client.on_reply(now, first.sends[0].request, answer(before));
  BOOST_TEST(others.completions.empty());
  BOOST_REQUIRE(others.sends.size() == 4u);
  BOOST_TEST(client.primary() == 0u, "nor is a liar's view believed");
  auto done = client.on_reply(now, others.sends[1].request, answer(after));
  BOOST_REQUIRE(done.completions.size() == 1u);
  BOOST_TEST(done.completions[0].what.has_value());
  BOOST_TEST(client.primary() == 3u);
}

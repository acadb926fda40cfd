// Admissions that no longer count, shown over real TLS to a real node: expired, stolen, of another cluster, revoked. The node counts each
// by its name and serves on; it refuses all but the expired one, whose member may renew it and do nothing else.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "actors/base/clock.hpp"
#include "actors/membership/node_identity.hpp"
#include "tests/actors/link/raw_peer.hpp"
#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"
#include "tools/profile/profile_file.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;
using actors::testing::raw_peer;

namespace {

/// The whole root ring of a cluster of one node: what it signs is what the cluster says.
class captured_ring {
 public:
  explicit captured_ring(test_cluster& cluster) {
    cluster.kill("node-1");
    {
      auto directory = require(storage::data_directory::open(storage::real_file_system(), cluster.data_of("node-1").string()));
      identity_ = require(actors::load_identity(directory));
    }
    cluster.start("node-1");
    configuration_ = *require(identity::verify(identity_.chain, identity_.cluster)).current;
  }

  struct member {
    link::tls_identity tls;
    link::hello hello;
  };

  /// A client that this ring admits until `expires`.
  member admit(wall_time expires) const {
    system_random random;
    member m;
    m.tls = link::make_tls_identity(random);
    auto key = crypto::signing_key::generate(random);
    identity::admission a;
    a.cluster = identity_.cluster;
    a.kind = identity::member_kind::client;
    a.identity = key.pub();
    random.fill(a.nonce);
    a.id = identity::id_for(a.identity, a.nonce);
    a.tls_key = require(link::tls_key_of(m.tls.certificate));
    m.hello.cluster = a.cluster;
    m.hello.member = a.id;
    m.hello.admission = codec::encode(prove(a, expires));
    return m;
  }

  /// A member's admission with another end.
  ring::admission_proof until(wall_time expires, const ring::admission_proof& given) const {
    return prove(require(ring::peek_admission(given)), expires);
  }

 private:
  ring::admission_proof prove(identity::admission a, wall_time expires) const {
    a.issued = expires - 24h * 365;
    a.expires = expires;
    ring::authenticated_map map;
    map.store(ring::admission_place(a.id), a);
    ring::ring_admission proof{a.id, {codec::encode(a), map.prove(ring::admission_place(a.id)), {}}};
    const auto& root = configuration_.root;
    proof.entry.root.body = codec::encode(ring::state_root{identity_.cluster, root.id, root.epoch, 1'000'000, actors::wall_now(), map.root(), {}});
    auto key = crypto::signing_key::from_seed(identity_.root_seat_seed);
    proof.entry.root.signatures.push_back({0, key.sign(ring::state_root::type_tag, proof.entry.root.body)});
    return proof;
  }

  actors::node_identity identity_;
  identity::configuration_entry configuration_;
};

std::string closed(std::string_view reason) { return "holdfast_links_closed_total{reason=\"" + std::string(reason) + "\"}"; }

/// What the node says to this hello: `none` if it welcomes it.
link::refusal_reason answer_to(raw_peer& peer, const link::tls_identity& tls, const link::hello& hello) {
  BOOST_REQUIRE(peer.greet(tls, hello));
  auto said = peer.greetings(2, within(10s));
  BOOST_REQUIRE(!said.empty());
  auto* refused = std::get_if<link::refusal>(&said.back());
  if (refused) BOOST_TEST(peer.closed_within(within(10s)));
  return refused ? refused->reason : link::refusal_reason::none;
}
link::refusal_reason answer_to(std::uint16_t port, const link::tls_identity& tls, const link::hello& hello) {
  raw_peer peer(port);
  return answer_to(peer, tls, hello);
}

struct guest {
  identity::profile profile;
  std::string id;
};

/// A client with a profile of its own.
guest invite(const test_cluster& cluster, const std::string& name) {
  const auto token = require(cluster.command({"invite", "client", "--profile", cluster.operator_profile().string()}));
  const auto file = cluster.directory() / (name + ".toml");
  const auto made = nlohmann::json::parse(require(cluster.command(
      {"profile", "create", "--json", "--join", cluster.profile().members.front(), "--profile", file.string()}, {{"HOLDFAST_TOKEN", token}})));
  return {require(tools::load_profile(file)), made["id"]};
}

/// Makes the profile's admission one that expired an hour ago.
void put_to_sleep(identity::profile& profile, const captured_ring& ring) {
  const auto given = require(codec::decode<ring::admission_proof>(profile.secrets.admission, "admission"));
  profile.secrets.admission = codec::encode(ring.until(actors::wall_now() - 1h, given));
}

}  // namespace

namespace holdfast::link {
std::ostream& operator<<(std::ostream& out, refusal_reason r) { return out << to_string(r); }
}  // namespace holdfast::link

BOOST_AUTO_TEST_CASE(admissions_that_do_not_count_are_refused_by_name) {
  using link::refusal_reason;
  test_cluster cluster("admission", 1, 1);
  const captured_ring ring(cluster);
  const auto port = cluster.address_of("node-1").port;
  const auto good = ring.admit(actors::wall_now() + 1h), expired = ring.admit(actors::wall_now() - 1h);
  system_random random;

  BOOST_TEST(answer_to(port, good.tls, good.hello) == refusal_reason::none);
  BOOST_TEST(answer_to(port, expired.tls, expired.hello) == refusal_reason::none);
  auto in_agreement = expired.hello;
  in_agreement.lane = link::traffic_class::agreement;
  BOOST_TEST(answer_to(port, expired.tls, in_agreement) == refusal_reason::expired);
  // Shown by somebody who has seen it, over a key of his own.
  BOOST_TEST(answer_to(port, link::make_tls_identity(random), good.hello) == refusal_reason::bad_admission);
  auto elsewhere = good.hello;
  elsewhere.cluster.raw[0] ^= 1;
  BOOST_TEST(answer_to(port, good.tls, elsewhere) == refusal_reason::wrong_cluster);
  auto impostor = good.hello;
  impostor.member.raw[0] ^= 1;
  BOOST_TEST(answer_to(port, good.tls, impostor) == refusal_reason::bad_admission);
  auto forged = good.hello;
  forged.admission.back() ^= 1;  // in the ring's signature
  BOOST_TEST(answer_to(port, good.tls, forged) == refusal_reason::bad_admission);

  BOOST_TEST(cluster.metric("node-1", closed("expired")) == 2u);
  BOOST_TEST(cluster.metric("node-1", closed("wrong_cluster")) == 1u);
  BOOST_TEST(cluster.metric("node-1", closed("bad_admission")) == 3u);
  BOOST_TEST(file_has(cluster.log_of("node-1"), "reason=expired"));
  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(1, 10'000)));
}

BOOST_AUTO_TEST_CASE(over_an_expired_admission_nothing_but_membership_is_taken) {
  test_cluster cluster("expired", 1, 1);
  const captured_ring ring(cluster);
  const auto late = ring.admit(actors::wall_now() - 1h);
  std::uint64_t visits = 0;
  for (auto kind : {link::message_kind::agreement, link::message_kind::ring, link::message_kind::archive, link::message_kind::mesh,
                    link::message_kind::monitor, link::message_kind::replica}) {
    raw_peer peer(cluster.address_of("node-1").port);
    BOOST_REQUIRE(answer_to(peer, late.tls, late.hello) == link::refusal_reason::none);
    BOOST_REQUIRE(peer.send(kind, bytes(100, 1), 1));
    BOOST_TEST(peer.closed_within(within(10s)), to_string(kind));
    BOOST_TEST(cluster.metric("node-1", closed("not_allowed")) == ++visits);
  }
  BOOST_TEST(cluster.metric("node-1", closed("expired")) == visits);
  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(1, 10'000)));
}

BOOST_AUTO_TEST_CASE(a_node_beyond_its_term_comes_back_by_itself) {
  test_cluster cluster("slept", 2, 1);
  const captured_ring ring(cluster);
  auto c = cluster.open_client();
  const auto content = content_of(1, 400'000);
  // It slept past its term, or the term ends while it runs.
  for (auto left : {-3600s, 8s}) {
    cluster.kill("node-2");
    {
      auto directory = require(storage::data_directory::open(storage::real_file_system(), cluster.data_of("node-2").string()));
      auto identity = require(actors::load_identity(directory));
      identity.admission = ring.until(actors::wall_now() + left, identity.admission);
      require(actors::save_identity(directory, identity));
    }
    cluster.start("node-2");
    BOOST_TEST(eventually(within(60s), [&] { return cluster.says("node-2", "admission-renewed"); }));
    BOOST_TEST(cluster.serves_within("node-2", within(10s)));
    require(put_bytes(c, "a", content));
    BOOST_TEST((require(read_bytes(c, "a")) == content));
    BOOST_TEST(cluster.metric("node-1", closed("expired")) > 0u);
    BOOST_TEST(cluster.metric("node-1", closed("not_allowed")) == 0u);
  }
  BOOST_TEST(file_has(cluster.log_of("node-1"), "reason=expired"));
  // It keeps what it was given.
  cluster.kill("node-2");
  auto directory = require(storage::data_directory::open(storage::real_file_system(), cluster.data_of("node-2").string()));
  const auto kept = require(ring::peek_admission(require(actors::load_identity(directory)).admission));
  BOOST_TEST((kept.expires > actors::wall_now() + 24h));
}

BOOST_AUTO_TEST_CASE(a_profile_that_slept_beyond_its_term_is_good_again_unless_it_was_revoked) {
  test_cluster cluster("slept-client", 1, 1);
  const captured_ring ring(cluster);
  auto sleeper = invite(cluster, "sleeper");
  put_to_sleep(sleeper.profile, ring);
  for (std::uint64_t i = 0; i < 2; ++i) {  // the profile is as it was: each process asks for what the ring says now
    auto client = require(actors::client::open(sleeper.profile, {.patience = 10s}));
    require(put_bytes(client, "dream", content_of(i, 10'000)));
    BOOST_TEST((require(read_bytes(client, "dream")) == content_of(i, 10'000)));
  }
  BOOST_TEST(cluster.metric("node-1", closed("expired")) == 2u);
  BOOST_TEST(cluster.metric("node-1", closed("not_allowed")) == 0u);

  require(cluster.command({"revoke", sleeper.id, "--yes", "--profile", cluster.operator_profile().string()}));
  BOOST_TEST(eventually(within(20s), [&] {
    const auto again = actors::client::open(sleeper.profile, {.patience = 2s});
    BOOST_TEST(!again.has_value());
    return !again && again.error().message().find("revoked") != std::string::npos;
  }));
}

BOOST_AUTO_TEST_CASE(a_revoked_client_loses_its_sessions_and_gets_no_new_ones) {
  test_cluster cluster("revoked", 1, 1);
  const auto made = invite(cluster, "thief");
  const auto file = cluster.directory() / "thief.toml";
  auto thief = require(actors::client::open(made.profile, {.patience = 5s}));
  require(put_bytes(thief, "loot", content_of(1, 100)));

  require(cluster.command({"revoke", made.id, "--yes", "--profile", cluster.operator_profile().string()}));
  BOOST_TEST(eventually(within(10s), [&] { return cluster.metric("node-1", closed("revoked")) > 0; }));  // the standing session
  const auto late = put_bytes(thief, "loot", content_of(2, 100));
  BOOST_TEST(!late.has_value());
  const auto again = cluster.command({"get", "loot", "--timeout", "5", "--profile", file.string()});
  BOOST_REQUIRE(!again.has_value());
  BOOST_TEST(again.error().message().find("revoked") != std::string::npos, again.error().message());
  BOOST_TEST(file_has(cluster.log_of("node-1"), "reason=revoked"));

  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(1, 10'000)));
}

BOOST_AUTO_TEST_CASE(a_revoked_node_is_spoken_with_by_nobody) {
  test_cluster cluster("revoked-node", 3, 1);
  std::string id;
  const bool shown = eventually(within(15s), [&] {
    const auto view = cluster.status();
    if (!view.is_object()) return false;
    for (const auto& node : view["nodes"]) {
      if (node["name"] == "node-3") id = node["id"];
    }
    return !id.empty();
  });
  BOOST_REQUIRE(shown);
  auto c = cluster.open_client();
  require(put_bytes(c, "a", content_of(1, 200'000)));
  require(cluster.command({"revoke", id, "--yes", "--profile", cluster.operator_profile().string()}));
  for (const std::string node : {"node-1", "node-2"}) {
    BOOST_TEST(eventually(within(15s), [&] { return cluster.metric(node, closed("revoked")) > 0; }), node << " still speaks with it");
  }
  // A client learns of it as it works.
  BOOST_TEST(eventually(within(30s), [&] {
    require(read_bytes(c, "a"));
    return cluster.metric("node-3", "holdfast_links_up_sessions") == 0;
  }));
  BOOST_TEST(file_has(cluster.log_of("node-3"), "reason=revoked by=peer"));
  require(put_bytes(c, "a", content_of(2, 200'000)));
  BOOST_TEST((require(read_bytes(c, "a")) == content_of(2, 200'000)));
}

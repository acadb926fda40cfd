#include <boost/test/unit_test.hpp>

#include "protocols/codec/reader.hpp"
#include "protocols/link/hello.hpp"

using namespace holdfast;
using namespace holdfast::link;

namespace {

node_id node(std::uint8_t n) {
  node_id id;
  id.raw[0] = n;
  return id;
}
digest key(std::uint8_t n) {
  digest d;
  d.raw[0] = n;
  return d;
}
cluster_id cluster(std::uint8_t n) {
  cluster_id id;
  id.raw[0] = n;
  return id;
}

/// An admission for tests: {member, TLS key, expiry} as three bytes. One of 0xdd cannot be judged here.
result<peer_info> verify(bytes_view admission, const digest& tls_key, wall_time now) {
  if (admission.size() != 3) return fail(errc::malformed, "no admission");
  if (admission[1] != tls_key.raw[0]) return fail(errc::bad_signature, "the admission is for another TLS key");
  peer_info p;
  p.id = node(admission[0]);
  p.name = "n" + std::to_string(admission[0]);
  p.unverified = admission[2] == 0xdd;
  if (p.unverified) return p;
  if (admission[2] == 0xee) return fail(errc::denied, "revoked");
  if (now.ms >= admission[2]) return fail(errc::expired, "the admission has expired");
  return p;
}

local_identity member(std::uint8_t n, std::uint8_t expiry = 100) { return {cluster(1), node(n), {n, n, expiry}, n + 1000u, 5, 7}; }
local_identity stranger() { return {cluster(1), {}, {}, 1, 0, 0}; }

struct ends {
  handshake dialler, listener;
  clock_reading now{};
  handshake::step last_dialler, last_listener;

  ends(local_identity d, local_identity l, std::optional<node_id> expected, traffic_class lane = traffic_class::agreement)
      : dialler(std::move(d), {lane, true, expected, true}, verify), listener(std::move(l), {traffic_class::foreground, false, {}, true}, verify) {}

  /// Passes greetings to and fro until both are quiet; each side's TLS key is 1 (dialler) and 2 (listener).
  void run() {
    auto to_listener = dialler.start(key(2)).send;
    std::ignore = listener.start(key(1));
    std::vector<bytes> to_dialler;
    while (!to_listener.empty() || !to_dialler.empty()) {
      std::vector<bytes> next_dialler, next_listener;
      for (auto& m : to_listener) {
        last_listener = listener.on_greeting(now, m);
        append_all(next_dialler, last_listener.send);
        if (last_listener.failed) break;
      }
      for (auto& m : to_dialler) {
        last_dialler = dialler.on_greeting(now, m);
        append_all(next_listener, last_dialler.send);
        if (last_dialler.failed) break;
      }
      to_listener = std::move(next_listener);
      to_dialler = std::move(next_dialler);
    }
  }
  static void append_all(std::vector<bytes>& to, const std::vector<bytes>& more) { to.insert(to.end(), more.begin(), more.end()); }
};

refusal_reason reason_of(const handshake::step& s) { return s.failed ? s.failed->reason : refusal_reason::none; }

}  // namespace

BOOST_AUTO_TEST_CASE(two_members_meet) {
  ends e(member(1), member(2), node(2));
  e.run();
  BOOST_TEST(e.dialler.is_up());
  BOOST_TEST(e.listener.is_up());
  BOOST_TEST((e.listener.lane() == traffic_class::agreement));
  BOOST_TEST((e.listener.peer().id == node(1)));
  BOOST_TEST(e.listener.peer().admitted);
  BOOST_TEST(e.listener.peer().boot == 1001u);
  BOOST_TEST(e.dialler.peer().name == "n2");
}

BOOST_AUTO_TEST_CASE(a_stranger_gets_a_foreground_link_and_no_name) {
  ends e(stranger(), member(2), std::nullopt, traffic_class::foreground);
  e.run();
  BOOST_TEST(e.dialler.is_up());
  BOOST_TEST(e.listener.is_up());
  BOOST_TEST(!e.listener.peer().admitted);
  BOOST_TEST((e.listener.peer().id == stranger_id(key(1))));
  ends agreement(stranger(), member(2), std::nullopt, traffic_class::agreement);
  agreement.run();
  BOOST_TEST((reason_of(agreement.last_listener) == refusal_reason::wrong_class));
  BOOST_TEST((reason_of(agreement.last_dialler) == refusal_reason::wrong_class));
  BOOST_TEST(agreement.last_dialler.by_peer);
}

BOOST_AUTO_TEST_CASE(each_refusal_has_its_reason_on_both_sides) {
  struct wrong {
    local_identity dialler;
    std::optional<node_id> expected;
    refusal_reason reason;
  };
  auto other_cluster = member(1);
  other_cluster.cluster = cluster(9);
  auto stolen = member(1);
  stolen.admission[1] = 7;
  auto misnamed = member(1);
  misnamed.member = node(3);
  auto huge = member(1);
  huge.admission.resize(5000);
  for (const auto& w : {wrong{other_cluster, {}, refusal_reason::wrong_cluster}, wrong{member(1, 0), {}, refusal_reason::expired},
                        wrong{member(1, 0xee), {}, refusal_reason::revoked}, wrong{stolen, {}, refusal_reason::bad_admission},
                        wrong{misnamed, {}, refusal_reason::bad_admission}, wrong{huge, {}, refusal_reason::bad_admission}}) {
    ends e(w.dialler, member(2), w.expected);
    e.run();
    BOOST_TEST(!e.dialler.is_up());
    BOOST_TEST(!e.listener.is_up());
    BOOST_TEST((reason_of(e.last_listener) == w.reason));
    BOOST_TEST((reason_of(e.last_dialler) == w.reason));
  }
}

BOOST_AUTO_TEST_CASE(whose_admission_has_expired_is_a_stranger_where_strangers_are_taken) {
  ends e(member(1, 0), member(2), node(2), traffic_class::foreground);
  e.run();
  BOOST_REQUIRE(e.listener.is_up());
  BOOST_REQUIRE(e.dialler.is_up());
  BOOST_TEST(e.dialler.peer().admitted);
  BOOST_TEST(!e.listener.peer().admitted);
  BOOST_TEST(!e.listener.peer().is_node());
  BOOST_TEST((e.listener.peer().id == stranger_id(key(1))));
  BOOST_TEST(e.listener.peer().expired == "the admission has expired");
  for (auto lane : {traffic_class::agreement, traffic_class::background}) {
    ends other(member(1, 0), member(2), node(2), lane);
    other.run();
    BOOST_TEST((reason_of(other.last_listener) == refusal_reason::expired));
  }
  // Whoever dials one member in particular wants a member, and a client wants no strangers at all.
  ends wanted(member(1), member(2, 0), node(2), traffic_class::foreground);
  wanted.run();
  BOOST_TEST((reason_of(wanted.last_dialler) == refusal_reason::expired));
  handshake client(member(1), {traffic_class::foreground, true, {}, false}, verify);
  std::ignore = client.start(key(2));
  auto shown = member(2, 0);
  hello h{.cluster = shown.cluster, .lane = traffic_class::foreground, .member = shown.member, .admission = shown.admission};
  BOOST_TEST((reason_of(client.on_greeting({}, codec::encode(greeting(h)))) == refusal_reason::expired));
}

BOOST_AUTO_TEST_CASE(who_cannot_be_verified_yet_is_taken_at_his_word_only_by_whom_dialled_him) {
  ends e(member(1, 0xdd), member(2, 0xdd), node(2), traffic_class::foreground);
  e.run();
  BOOST_REQUIRE((e.dialler.is_up() && e.listener.is_up()));
  BOOST_TEST(e.dialler.peer().admitted);
  BOOST_TEST((e.dialler.peer().id == node(2)));
  BOOST_TEST(!e.listener.peer().admitted);
  BOOST_TEST(e.listener.peer().unverified);
  BOOST_TEST((e.listener.peer().id == stranger_id(key(1))));
  auto again = e.listener.on_greeting({}, e.dialler.renew(member(1, 0xdd)));
  BOOST_TEST((!again.renewed && !again.failed));  // this side is the one that is behind
  BOOST_TEST(e.listener.on_greeting({}, e.dialler.renew(member(1))).renewed);
  BOOST_TEST((e.listener.peer().admitted && e.listener.peer().id == node(1)));
  ends agreement(member(1, 0xdd), member(2), node(2));
  agreement.run();
  BOOST_TEST((reason_of(agreement.last_listener) == refusal_reason::wrong_class));
}

BOOST_AUTO_TEST_CASE(a_dialler_refuses_whoever_is_not_whom_it_dialled) {
  ends e(member(1), member(2), node(3));
  e.run();
  BOOST_TEST((reason_of(e.last_dialler) == refusal_reason::wrong_peer));
  BOOST_TEST(!e.listener.is_up());
  ends unadmitted(member(1), stranger(), node(2));
  unadmitted.run();
  BOOST_TEST((reason_of(unadmitted.last_dialler) == refusal_reason::stranger_unwelcome));
  ends called_back(member(1), stranger(), std::nullopt, traffic_class::foreground);  // a newcomer's address is tried before it is admitted
  called_back.run();
  BOOST_TEST(called_back.dialler.is_up());
}

BOOST_AUTO_TEST_CASE(versions_must_overlap) {
  handshake listener(member(2), {}, verify);
  std::ignore = listener.start(key(1));
  hello future;
  future.protocol_min = 2;
  future.protocol_max = 9;
  future.cluster = cluster(1);
  auto s = listener.on_greeting({}, codec::encode(greeting(future)));
  BOOST_TEST((reason_of(s) == refusal_reason::version));
  hello wide = future;
  wide.protocol_min = 1;
  handshake second(member(2), {}, verify);
  std::ignore = second.start(key(1));
  BOOST_TEST((reason_of(second.on_greeting({}, codec::encode(greeting(wide)))) == refusal_reason::none));
  BOOST_TEST(second.peer().protocol == 1u);
}

BOOST_AUTO_TEST_CASE(greetings_out_of_turn_are_refused) {
  handshake a(member(2), {}, verify);
  std::ignore = a.start(key(1));
  BOOST_TEST((reason_of(a.on_greeting({}, codec::encode(greeting(welcome{1})))) == refusal_reason::malformed));
  handshake b(member(2), {}, verify);
  std::ignore = b.start(key(1));
  BOOST_TEST((reason_of(b.on_greeting({}, bytes{9, 9, 9})) == refusal_reason::malformed));
}

namespace {

/// A link that is up, on which the dialler shows another admission.
handshake::step shown_on_a_link(local_identity first, local_identity then, traffic_class lane = traffic_class::foreground) {
  ends e(std::move(first), member(2), std::nullopt, lane);
  e.run();
  BOOST_REQUIRE(e.listener.is_up());
  return e.listener.on_greeting(e.now, e.dialler.renew(std::move(then)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_admission_may_change_on_a_link_that_is_up) {
  auto admitted = member(1);
  admitted.boot = stranger().boot;
  ends e(stranger(), member(2), std::nullopt, traffic_class::foreground);
  e.run();
  auto before = e.listener.peer().end();
  auto step = e.listener.on_greeting(e.now, e.dialler.renew(admitted));
  BOOST_TEST(step.renewed);
  BOOST_TEST(!step.failed);
  BOOST_TEST(e.listener.peer().admitted);
  BOOST_TEST((e.listener.peer().id == node(1)));
  BOOST_TEST((e.listener.peer().end() != before));
  BOOST_TEST((e.listener.peer().tls_key == key(1)));
  admitted.admission[2] = 200;  // renewed
  BOOST_TEST(e.listener.on_greeting(e.now, e.dialler.renew(admitted)).renewed);
  BOOST_TEST(e.dialler.is_up());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_verified_here_leaves_an_admitted_peer_as_it_was) {
  auto unknown = member(1);
  unknown.admission.push_back(0);  // as this side's chain may be behind
  ends e(member(1), member(2), std::nullopt);
  e.run();
  auto step = e.listener.on_greeting(e.now, e.dialler.renew(unknown));
  BOOST_TEST(!step.renewed);
  BOOST_TEST(!step.failed);
  BOOST_TEST(e.listener.peer().admitted);
  // A stranger has nothing to fall back to.
  unknown.boot = stranger().boot;
  BOOST_TEST((reason_of(shown_on_a_link(stranger(), unknown)) == refusal_reason::bad_admission));
}

BOOST_AUTO_TEST_CASE(an_expired_admission_is_renewed_on_the_link) {
  ends e(member(1, 0), member(2), node(2), traffic_class::foreground);
  e.run();
  BOOST_REQUIRE(!e.listener.peer().admitted);
  // One that has expired, too, changes nothing; it may be the last but one of several terms.
  auto step = e.listener.on_greeting(e.now, e.dialler.renew(member(1, 0)));
  BOOST_TEST((!step.renewed && !step.failed));
  BOOST_TEST(!e.listener.peer().admitted);
  BOOST_TEST(e.listener.on_greeting(e.now, e.dialler.renew(member(1, 200))).renewed);
  BOOST_TEST(e.listener.peer().admitted);
  BOOST_TEST(e.listener.peer().expired.empty());
  BOOST_TEST((e.listener.peer().end() == endpoint(node(1))));
  // Taken back meanwhile, it is refused; and to a stranger that showed none before an expired one gives nothing.
  auto expired = member(1, 0);
  BOOST_TEST((reason_of(shown_on_a_link(expired, member(1, 0xee))) == refusal_reason::revoked));
  expired.boot = stranger().boot;
  BOOST_TEST((reason_of(shown_on_a_link(stranger(), expired)) == refusal_reason::expired));
}

BOOST_AUTO_TEST_CASE(a_renewal_changes_the_admission_and_nothing_else) {
  auto other = member(3);
  other.admission[1] = 1;
  other.boot = member(1).boot;
  BOOST_TEST((reason_of(shown_on_a_link(member(1), other)) == refusal_reason::bad_admission));
  auto misnamed = member(1);
  misnamed.member = node(3);
  BOOST_TEST((reason_of(shown_on_a_link(member(1), misnamed)) == refusal_reason::bad_admission));
  auto restarted = member(1);
  ++restarted.boot;
  BOOST_TEST((reason_of(shown_on_a_link(member(1), restarted)) == refusal_reason::malformed));
  auto elsewhere = member(1);
  elsewhere.cluster = cluster(9);
  BOOST_TEST((reason_of(shown_on_a_link(member(1), elsewhere)) == refusal_reason::malformed));
  auto bare = stranger();
  bare.boot = member(1).boot;
  BOOST_TEST((reason_of(shown_on_a_link(member(1), bare)) == refusal_reason::malformed));
}

BOOST_AUTO_TEST_CASE(an_admission_that_changes_too_often_ends_the_link) {
  ends e(member(1), member(2), std::nullopt);
  e.run();
  for (int i = 0; i < handshake::renewals_max; ++i) BOOST_TEST(e.listener.on_greeting(e.now, e.dialler.renew(member(1))).renewed);
  BOOST_TEST((reason_of(e.listener.on_greeting(e.now, e.dialler.renew(member(1)))) == refusal_reason::not_allowed));
}

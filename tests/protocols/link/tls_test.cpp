#include <boost/test/unit_test.hpp>

#include "protocols/link/tls_channel.hpp"

using namespace holdfast;
using namespace holdfast::link;

namespace {

system_random entropy;

struct end {
  tls_identity identity = make_tls_identity(entropy);
  bytes wire, plain;
  tls_channel channel;

  explicit end(tls_side side)
      : channel(std::make_shared<tls_context>(identity, entropy), side, [this](bytes_view d) { append(wire, d); },
                [this](bytes_view d) { append(plain, d); }) {}
};

outcome pass(end& from, end& to) {
  auto data = std::exchange(from.wire, {});
  return data.empty() ? outcome{} : to.channel.received(data);
}

}  // namespace

BOOST_AUTO_TEST_CASE(two_ends_agree_and_know_each_others_key) {
  end client(tls_side::client), server(tls_side::server);
  BOOST_REQUIRE(server.channel.start());
  BOOST_REQUIRE(client.channel.start());
  for (int i = 0; i < 6; ++i) {
    BOOST_REQUIRE(pass(client, server));
    BOOST_REQUIRE(pass(server, client));
  }
  BOOST_REQUIRE(client.channel.is_active());
  BOOST_REQUIRE(server.channel.is_active());
  BOOST_TEST((client.channel.peer_key() == *tls_key_of(server.identity.certificate)));
  BOOST_TEST((server.channel.peer_key() == *tls_key_of(client.identity.certificate)));

  bytes data(100'000, 0x5a);
  BOOST_REQUIRE(client.channel.send(data));
  BOOST_TEST(client.wire.size() > data.size());
  BOOST_REQUIRE(pass(client, server));
  BOOST_TEST(server.plain == data);

  BOOST_REQUIRE(server.channel.send(data));
  server.wire[500] ^= 1;
  BOOST_TEST(!pass(server, client));
  BOOST_TEST(client.channel.is_closed());
}

BOOST_AUTO_TEST_CASE(what_is_not_tls_is_an_error) {
  end server(tls_side::server);
  BOOST_REQUIRE(server.channel.start());
  BOOST_TEST(!server.channel.received(as_bytes_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  BOOST_TEST(server.channel.is_closed());
}

BOOST_AUTO_TEST_CASE(an_identity_is_checked) {
  auto a = make_tls_identity(entropy), b = make_tls_identity(entropy);
  BOOST_TEST(check(a).has_value());
  BOOST_TEST(!check({a.private_key, b.certificate}));
  BOOST_TEST(!check({{1, 2, 3}, a.certificate}));
  BOOST_TEST(!tls_key_of(bytes{1, 2, 3}));
  BOOST_TEST((*tls_key_of(a.certificate) != *tls_key_of(b.certificate)));
}

#include <boost/test/unit_test.hpp>

#include "actors/base/log.hpp"
#include "actors/link/address.hpp"

using namespace holdfast::actors;

BOOST_AUTO_TEST_CASE(addresses_are_read_as_people_write_them) {
  auto v4 = parse_address("127.0.0.1:7000");
  BOOST_REQUIRE(v4);
  BOOST_TEST(v4->host == "127.0.0.1");
  BOOST_TEST(v4->port == 7000);
  auto v6 = parse_address("[::1]:65535");
  BOOST_REQUIRE(v6);
  BOOST_TEST(v6->host == "::1");
  BOOST_TEST(print_address(v6->host, v6->port) == "[::1]:65535");
  BOOST_TEST(is_numeric(*v4));
  BOOST_TEST(is_numeric(*v6));
  BOOST_TEST(!is_numeric({"localhost", 1}));
  for (auto wrong : {"", ":", ":80", "host", "host:", "host:x", "host:65536", "host:-1", "::1:80", "[]:80", "[::1]", "host:80 "}) {
    BOOST_TEST(!parse_address(wrong), wrong);
  }
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_said_so) {
  auto first = open_listener({"127.0.0.1", 0});
  BOOST_REQUIRE(first);
  auto second = open_listener({"127.0.0.1", first->port});
  BOOST_REQUIRE(!second);
  BOOST_TEST(second.error().message().find("in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(log_lines_cannot_be_forged_by_what_they_quote) {
  auto line = log::format(log::level::warning, "link refused", {{"why", "a \"b\"\nlevel=error"}, {"n", 3}, {"name", ""}, {"peer", "n3"}}, false);
  BOOST_TEST(line == R"(level=warning msg="link refused" why="a \"b\"\nlevel=error" n=3 name="" peer=n3)");
  auto json = log::format(log::level::info, "up", {{"k", "\x01"}}, true);
  BOOST_TEST(json == R"("level":"info","msg":"up","k":"\u0001")");
}

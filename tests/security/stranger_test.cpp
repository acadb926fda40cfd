// Whoever may send bytes to a node's port and is nobody: noise, endless frames, slow drips, half-open connections. The node serves on,
// counts every one, and writes a line a second about it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <regex>

#include "protocols/base/random.hpp"
#include "tests/actors/link/raw_peer.hpp"
#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
using namespace std::chrono_literals;

namespace {

class stranger {
 public:
  explicit stranger(const tools::address& to) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port);
    ::inet_pton(AF_INET, to.host.c_str(), &at.sin_addr);
    BOOST_REQUIRE_EQUAL(::connect(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const timeval patience{.tv_sec = within(30s).count(), .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;
  ~stranger() { ::close(socket_); }

  /// As much as the node takes.
  void say(bytes_view data) const { (void)::send(socket_, data.data(), data.size(), MSG_NOSIGNAL); }

  /// True once the node has closed the connection, whatever it said before.
  bool is_shown_out() const {
    std::array<char, 4096> heard{};
    for (;;) {
      const auto n = ::recv(socket_, heard.data(), heard.size(), 0);
      if (n == 0 || (n < 0 && errno == ECONNRESET)) return true;
      if (n < 0) return false;
    }
  }

 private:
  int socket_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(strangers_are_shown_out_and_the_node_serves_on) {
  test_cluster cluster("stranger", 4, 4);
  auto c = cluster.open_client();
  const auto content = content_of(1, 4'000);
  require(put_bytes(c, "a", content));

  system_random random;
  bytes noise(100'000);
  random.fill(noise);
  const bytes bomb(64, 0xff);  // whatever of it is a length is a huge one
  for (const auto& name : cluster.names()) {
    const auto port = cluster.address_of(name);
    for (const auto& words : {bytes_view(noise), bytes_view(bomb), bytes_view(noise).first(7), as_bytes_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}) {
      stranger s(port);
      s.say(words);
      BOOST_TEST(s.is_shown_out(), name << " keeps a stranger");
    }
    std::vector<std::unique_ptr<stranger>> crowd;
    for (int i = 0; i < 50; ++i) crowd.push_back(std::make_unique<stranger>(port));
  }
  BOOST_TEST((require(read_bytes(c, "a")) == content));
  require(put_bytes(c, "a", content));
  for (const auto& name : cluster.names()) {
    BOOST_TEST(cluster.serves_within(name, within(10s)), name << " no longer serves");
    BOOST_TEST(file_has(cluster.log_of(name), "level=warning"), name << " logged no stranger");
  }
}

namespace {

/// One line of a node's log about connections it refused.
struct refusal_line {
  double time_s;  ///< within the day
  std::uint64_t count;
};

/// Those for one reason, by the address they name.
std::map<std::string, std::vector<refusal_line>> refusals(const std::filesystem::path& log, const std::string& reason) {
  std::map<std::string, std::vector<refusal_line>> found;
  std::ifstream in(log);
  const std::regex form("ts=[-0-9]*T([0-9]+):([0-9]+):([0-9.]+)Z .*link refused.* address=([^ ]+) reason=" + reason + " .*count=([0-9]+)");
  std::smatch m;
  for (std::string line; std::getline(in, line);) {
    if (!std::regex_search(line, m, form)) continue;
    found[m[4]].push_back({std::stod(m[1]) * 3600 + std::stod(m[2]) * 60 + std::stod(m[3]), std::stoull(m[5])});
  }
  return found;
}

std::string closed(const std::string& reason) { return "holdfast_links_closed_total{reason=\"" + reason + "\"}"; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_flood_costs_a_line_a_second_and_is_counted_in_full) {
  test_cluster cluster("flood", 1, 1);
  auto c = cluster.open_client();
  const auto port = cluster.address_of("node-1");
  const auto before = cluster.metric("node-1", closed("tls_failed"));
  constexpr std::uint64_t visits = 600;
  for (std::uint64_t i = 0; i < visits; ++i) {
    stranger s(port);
    s.say(as_bytes_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    BOOST_REQUIRE(s.is_shown_out());
    if (i % 200 == 0) require(put_bytes(c, "a", content_of(i, 40'000)));
  }
  BOOST_TEST(cluster.metric("node-1", closed("tls_failed")) - before == visits);
  std::map<std::string, std::vector<refusal_line>> lines;
  const bool all_told = eventually(within(10s), [&] {
    lines = refusals(cluster.log_of("node-1"), "tls_failed");
    std::uint64_t told = 0;
    for (const auto& line : lines["127.0.0.1"]) told += line.count;
    return told == visits;
  });
  BOOST_TEST(all_told, "the log does not account for every refused connection");
  BOOST_TEST(lines.size() == 1u);
  const auto& own = lines["127.0.0.1"];
  for (std::size_t i = 1; i < own.size(); ++i) BOOST_TEST(own[i].time_s - own[i - 1].time_s > 0.99);
}

BOOST_AUTO_TEST_CASE(whoever_does_not_say_who_he_is_is_dropped) {
  test_cluster cluster("half-open", 1, 1);
  auto c = cluster.open_client();
  const auto port = cluster.address_of("node-1");
  stranger silent(port), slow(port);
  slow.say(bytes{22, 3, 3});  // the beginning of a TLS record, and no more
  actors::testing::raw_peer mute(port.port);
  link::hello nothing;
  system_random random;
  BOOST_REQUIRE(mute.greet(link::make_tls_identity(random), nothing));  // TLS, and a hello of no cluster
  BOOST_TEST(mute.closed_within(within(10s)));
  BOOST_TEST(silent.is_shown_out());
  BOOST_TEST(slow.is_shown_out());
  BOOST_TEST(cluster.metric("node-1", closed("timeout")) == 2u);
  BOOST_TEST(cluster.metric("node-1", closed("wrong_cluster")) == 1u);
  require(put_bytes(c, "a", content_of(1, 40'000)));
}

BOOST_AUTO_TEST_CASE(a_length_bomb_inside_tls_is_refused_unread) {
  test_cluster cluster("bomb", 1, 1);
  auto c = cluster.open_client();
  const auto resident = cluster.metric("node-1", "holdfast_node_memory_bytes");
  system_random random;
  link::hello stranger_of_ours;
  stranger_of_ours.cluster = cluster.profile().secrets.cluster;
  for (int i = 0; i < 20; ++i) {
    actors::testing::raw_peer bomber(cluster.address_of("node-1").port);
    BOOST_REQUIRE(bomber.greet(link::make_tls_identity(random), stranger_of_ours));
    bytes header;
    link::append_header(header, {0xffff'fff0, link::message_kind::membership, 0, 1});
    BOOST_REQUIRE(bomber.send_plain(header));
    BOOST_TEST(bomber.closed_within(within(10s)));
  }
  BOOST_TEST(cluster.metric("node-1", closed("too_large")) == 20u);
  BOOST_TEST(cluster.metric("node-1", "holdfast_node_memory_bytes") < resident + (64u << 20));
  require(put_bytes(c, "a", content_of(1, 40'000)));
}

BOOST_AUTO_TEST_CASE(another_clusters_client_is_refused) {
  test_cluster ours("ours", 1, 1), theirs("theirs", 1, 1);
  auto profile = theirs.profile();
  profile.members = ours.profile().members;
  auto opened = actors::client::open(profile, {.patience = 5s});
  if (opened) BOOST_TEST(!put_bytes(*opened, "a", content_of(1, 10)).has_value());
  auto c = ours.open_client();
  require(put_bytes(c, "a", content_of(1, 10)));
}

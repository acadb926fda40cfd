// Whoever may send bytes to a node's port and is nobody: noise, endless frames, slow drips, half-open connections. The node serves on.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
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

BOOST_AUTO_TEST_CASE(another_clusters_client_is_refused) {
  test_cluster ours("ours", 1, 1), theirs("theirs", 1, 1);
  auto profile = theirs.profile();
  profile.members = ours.profile().members;
  auto opened = actors::client::open(profile, {.patience = 5s});
  if (opened) BOOST_TEST(!put_bytes(*opened, "a", content_of(1, 10)).has_value());
  auto c = ours.open_client();
  require(put_bytes(c, "a", content_of(1, 10)));
}

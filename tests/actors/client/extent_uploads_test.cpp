// Uploads that end before their time leave nothing open at servers, and their threads hear why.
#include <boost/test/unit_test.hpp>

#include "actors/client/extent_stream.hpp"
#include "tests/protocols/archive/support.hpp"

using namespace holdfast;
using namespace holdfast::actors;
using namespace holdfast::archive::test;

namespace {

struct desk {
  cluster c{6};
  std::vector<archive::outgoing_request> sent;
  extent_uploads uploads{[this](const auto& requests) { sent.insert(sent.end(), requests.begin(), requests.end()); },
                         std::make_shared<server_memory>()};

  extent_stream_ptr begin() {
    archive::disperser_config config;
    config.ring = c.ring;
    config.origin = origin();
    config.code = {4, 6};
    config.order = c.nodes;
    auto stream = std::make_shared<extent_stream>(caf::actor(), config, std::make_shared<const identity::directory>(c.directory));
    uploads.begin({}, stream);
    return stream;
  }

  template <class Request>
  std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(sent.begin(), sent.end(), [](const auto& r) {
      return std::holds_alternative<Request>(r.request.body);
    }));
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_upload_given_up_is_abandoned_at_every_server_it_touched) {
  desk d;
  auto stream = d.begin();
  BOOST_TEST(d.count<archive::open_extent>() == 6u);
  BOOST_TEST(d.count<archive::abandon>() == 0u);
  d.uploads.forget(stream);
  BOOST_TEST(d.count<archive::abandon>() == 6u);
  BOOST_TEST(!d.uploads.busy());
  d.uploads.forget(stream);
  BOOST_TEST(d.count<archive::abandon>() == 6u);
}

BOOST_AUTO_TEST_CASE(an_upload_that_failed_has_told_its_servers_already_and_tells_its_thread) {
  desk d;
  auto stream = d.begin();
  for (std::size_t i = 0; i < 2; ++i) d.uploads.on_peer_lost({}, d.c.nodes[i]);
  BOOST_TEST(stream->claim().error().is(errc::unavailable));
  auto told = d.count<archive::abandon>();
  BOOST_TEST(told == 6u);
  d.uploads.forget(stream);
  BOOST_TEST(d.count<archive::abandon>() == told);
}

// A folder is removed while something is put in it: what was acknowledged stays within reach, whoever was quicker.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/chaos/calibration.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;

namespace {

result<actors::version_info> put_if_absent(actors::client& c, const std::string& path, bytes content) {
  auto source = [&](mutable_bytes_view room) -> result<std::size_t> {
    std::copy(content.begin(), content.end(), room.begin());
    return std::exchange(content, {}).size();
  };
  actors::put_options options;
  options.size = content.size();
  options.if_absent = true;
  return c.put(path, source, options);
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_put_in_a_folder_outlives_its_removal) {
  test_cluster cluster("race", 1, 1);
  auto keeper = cluster.open_client(), remover = cluster.open_client();
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto folder = "f" + std::to_string(i) + "/inner";
    require(put_bytes(keeper, folder + "/first", content_of(0, 100)));
    require(keeper.rm(folder + "/first"));
    result<actors::removed_name> gone = fail(errc::unavailable, "not tried");
    std::thread other([&] {
      for (auto looks = i % 6; looks > 0; --looks) require(remover.ls(folder));  // sooner or later in the course of the put
      gone = remover.rm(folder);
    });
    const auto put = put_if_absent(keeper, folder + "/second", content_of(i, 100));
    other.join();
    BOOST_REQUIRE_MESSAGE(put, put.error().message());
    const auto found = read_bytes(keeper, folder + "/second");
    BOOST_REQUIRE_MESSAGE(found, "in round " << i << ", the removal " << (gone ? "done" : "refused") << ": " << found.error().message());
    BOOST_TEST((*found == content_of(i, 100)));
    BOOST_TEST(require(keeper.log(folder + "/second")).size() == 1u);
  }
}

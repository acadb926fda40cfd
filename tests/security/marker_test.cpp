// What a client keeps is readable nowhere but at the client: markers in content and names are in no file that nodes write.
#include <boost/test/unit_test.hpp>

#include "protocols/base/random.hpp"
#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

std::string marker() {
  bytes random(12);
  system_random().fill(random);
  return "mark" + to_hex(random);
}

bytes with(const std::string& text, std::size_t size) {
  auto content = bytes(size, ' ');
  std::ranges::copy(text, content.begin() + 100);
  return content;
}

}  // namespace

BOOST_AUTO_TEST_CASE(nothing_readable_is_at_the_nodes) {
  test_cluster cluster("marker", 4, 4);
  const auto in_small = marker(), in_large = marker(), file_name = marker(), folder_name = marker();
  {
    auto c = cluster.open_client();
    require(put_bytes(c, folder_name + "/" + file_name, with(in_small, 4'000)));
    require(put_bytes(c, folder_name + "/large", with(in_large, 300'000)));
    require(read_bytes(c, folder_name + "/" + file_name));
    require(c.ls(folder_name));
    BOOST_TEST(!c.get("no/" + file_name, object::version_walk::newest{}, [](bytes_view) { return outcome(); }).has_value());
  }
  cluster.restart_all();
  std::size_t files = 0;
  for (const auto& name : cluster.names()) {
    for (const auto& entry : fs::recursive_directory_iterator(cluster.directory() / name)) {
      for (const auto& mark : {in_small, in_large, file_name, folder_name}) {
        BOOST_CHECK_MESSAGE(entry.path().string().find(mark) == std::string::npos, "a marker is the name " << entry.path());
        if (entry.is_regular_file()) BOOST_CHECK_MESSAGE(!file_has(entry.path(), mark), "a marker is readable in " << entry.path());
      }
      ++files;
    }
  }
  BOOST_TEST(files > 40u);  // there was something to look at
}

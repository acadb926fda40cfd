// Directories: names, paths and capabilities, and what they refuse.
#include <boost/test/unit_test.hpp>

#include "protocols/object/directory_content.hpp"

using namespace holdfast;
using namespace holdfast::object;

BOOST_AUTO_TEST_CASE(a_directory_comes_back_with_its_capabilities) {
  seeded_random random(1);
  directory_content d;
  d.links["notes.txt"] = {entry_kind::file, mint(random)};
  d.links["Grüße"] = {entry_kind::directory, mint(random)};
  auto back = directory_content::decode(d.encode());
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST((back->links.at("notes.txt").target.object == d.links["notes.txt"].target.object));
  d.links["notes.txt"].target.salt[0] ^= 1;
  BOOST_TEST(!directory_content::decode(d.encode()).has_value());
}

BOOST_AUTO_TEST_CASE(paths_only_go_down) {
  BOOST_TEST(split_path("a/b/c")->size() == 3u);
  BOOST_TEST(split_path("/a//b/")->size() == 2u);
  BOOST_TEST(split_path("")->empty());
  using namespace std::string_literals;
  for (auto& bad : {"a/../b"s, "./a"s, "a\nb"s, "\xff\xfe"s, "\xc0\xaf"s, "\xed\xa0\x80"s, "a\0b"s, std::string(300, 'x'), std::string(5000, '/')}) {
    BOOST_TEST(!split_path(bad).has_value());
  }
}

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

BOOST_AUTO_TEST_CASE(a_removed_name_is_remembered_until_it_is_used_again) {
  seeded_random random(2);
  directory_content d;
  directory_link first{entry_kind::file, mint(random)}, second{entry_kind::file, mint(random)};
  BOOST_TEST(d.add("f", first));
  BOOST_TEST(!d.add("f", second));
  BOOST_TEST(!d.remembered("f"));
  const auto plain = d.encode();
  d.remove("f", wall_time{10});
  d.remove("never there", wall_time{11});
  BOOST_TEST(d.links.empty());
  BOOST_TEST(d.removed.size() == 1u);

  auto back = directory_content::decode(d.encode());
  BOOST_REQUIRE(back.has_value());
  BOOST_REQUIRE(back->remembered("f"));
  BOOST_TEST((back->remembered("f")->target.object == first.target.object));
  BOOST_TEST((back->removed.at("f").at == wall_time{10}));

  BOOST_TEST(back->add("f", second));
  BOOST_TEST(!back->remembered("f"));
  BOOST_TEST(back->encode().size() == plain.size());  // and no trace of it is left
}

BOOST_AUTO_TEST_CASE(the_name_removed_the_longest_ago_is_forgotten_first) {
  seeded_random random(3);
  directory_content d;
  directory_link link{entry_kind::file, mint(random)};
  for (std::size_t i = 0; i <= removed_names_max; ++i) {
    auto name = std::to_string(i);
    d.add(name, link);
    d.remove(name, wall_time{static_cast<std::int64_t>(i == 7 ? 0 : i + 1)});
  }
  BOOST_TEST(d.removed.size() == removed_names_max);
  BOOST_TEST(!d.remembered("7"));
  BOOST_TEST(d.remembered("0"));
  BOOST_TEST(d.remembered(std::to_string(removed_names_max)));
  BOOST_TEST(directory_content::decode(d.encode()).has_value());
  d.removed["one too many"] = {link, wall_time{1}};
  BOOST_TEST(directory_content::decode(d.encode()).error().is(errc::over_limit));
}

BOOST_AUTO_TEST_CASE(what_contradicts_itself_is_no_directory) {
  seeded_random random(4);
  directory_content d;
  directory_link link{entry_kind::file, mint(random)};
  d.links["f"] = link;
  d.removed["f"] = {link, wall_time{1}};
  BOOST_TEST(directory_content::decode(d.encode()).error().is(errc::malformed));
  d.removed.clear();
  d.removed["a/b"] = {link, wall_time{1}};
  BOOST_TEST(directory_content::decode(d.encode()).error().is(errc::malformed));
  d.removed.clear();
  auto encoded = d.encode();
  for (std::uint8_t format : {0, 2, 3}) {  // the first claims nothing, the second has nothing removed, the third is not known yet
    encoded.front() = format;
    BOOST_TEST(!directory_content::decode(encoded).has_value());
  }
  BOOST_TEST(!directory_content::decode({}).has_value());
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

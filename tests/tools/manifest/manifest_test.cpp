// Manifests: all faults at once with their places, layers in their order, and nothing half believed.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>

#include "tools/errors/tool_error.hpp"
#include "tools/manifest/manifest.hpp"

using namespace holdfast;
using namespace holdfast::tools;

namespace {

constexpr std::string_view whole = R"(name = "oak"
data = ["disk1"]
listen = "0.0.0.0:7400"
advertise = "oak.example.org:7400"
dashboard = "off"

[labels]
site = "Lund"

[roles.router]
[roles.archive]
capacity = "2 TiB"

[limits]
memory = "1 GiB"
ring-max = 4
)";

std::vector<std::string> complaints(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& each : parse_manifest(text, "m.toml").complaints) out.push_back(to_string(each));
  return out;
}

const environment_reader no_environment = [](const std::string&) { return std::nullopt; };

}  // namespace

BOOST_AUTO_TEST_CASE(a_whole_manifest_is_read) {
  auto c = overlay(parse_manifest(whole, "m.toml"), "/etc/holdfast/m.toml", no_environment, {});
  BOOST_TEST(c.complaints.empty());
  const auto& s = c.settings;
  BOOST_TEST(s.name == "oak");
  BOOST_TEST((s.data == std::vector<std::string>{"/etc/holdfast/disk1"}));
  BOOST_TEST(to_string(s.listen) == "0.0.0.0:7400");
  BOOST_TEST(to_string(s.dialled()) == "oak.example.org:7400");
  BOOST_TEST(!s.dashboard.has_value());
  BOOST_TEST(s.labels.at("site") == "Lund");
  BOOST_TEST((s.roles == std::set{identity::role_kind::router, identity::role_kind::archive}));
  BOOST_TEST(s.archive_capacity_bytes == 2ull << 40);
  BOOST_TEST(s.memory_bytes == 1ull << 30);
  BOOST_TEST(s.ring_max == 4u);
  BOOST_TEST(c.origins.at("listen").where == "m.toml:3:10");
}

BOOST_AUTO_TEST_CASE(without_roles_a_node_may_take_all_six) {
  BOOST_TEST(parse_manifest("name = \"a\"\ndata = \"d\"\n", "m").settings.roles.size() == 6u);
}

BOOST_AUTO_TEST_CASE(every_fault_is_named_with_its_place) {
  auto all = complaints(R"(name = 5
lisen = "a:1"
listen = "a"
data = ["d", 3]
colour = "red"
[roles.archiv]
[roles.archive]
capcity = 1
capacity = "much"
[limits]
ring-max = 5
memory = "1 MiB"
[labels]
site = 7
)");
  const std::vector<std::string> expected{
      "m.toml:1:8: `name` is a string",
      "m.toml:2:1: unknown key `lisen`; did you mean `listen`?",
      "m.toml:3:10: `listen`: \"a\" is no address: HOST:PORT or [V6]:PORT, with a port of 1 to 65535",
      "m.toml:4:8: `data` is a string or a list of strings",
      "m.toml:5:1: unknown key `colour`",
      "m.toml:6:8: unknown key `roles.archiv`; did you mean `roles.archive`?",
      "m.toml:8:1: unknown key `roles.archive.capcity`; did you mean `roles.archive.capacity`?",
      "m.toml:9:12: `roles.archive.capacity`: \"much\" is no size: a number and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB",
      "m.toml:11:12: `limits.ring-max`: a ring has 1, 3, 4, 7 or 10 members",
      "m.toml:12:10: `limits.memory`: it must be at least 128 MiB",
      "m.toml:14:8: a label's value is a string",
  };
  for (const auto& each : expected) BOOST_TEST((std::ranges::find(all, each) != all.end()), each);
  BOOST_TEST(all.size() == expected.size());
}

BOOST_AUTO_TEST_CASE(duplicates_and_bad_syntax_are_refused_with_their_place) {
  auto twice = complaints("name = \"a\"\nname = \"b\"\n");
  BOOST_REQUIRE(twice.size() == 1);
  BOOST_TEST(twice[0].starts_with("m.toml:2:"));
  BOOST_TEST(complaints("name = \n").size() == 1u);
  BOOST_TEST(complaints("[roles.archive]\n[roles.archive]\n").size() == 1u);
  BOOST_TEST(complaints("roles = 1\n").size() == 1u);
  BOOST_TEST(complaints("data = []\n").front() == "m.toml:1:8: `data`: data is a path");
  BOOST_TEST(complaints("data = [\"a\", \"b\"]\n").front().starts_with("m.toml:1:8: `data`: several paths: "));
  BOOST_TEST(complaints(std::string(manifest_bytes_max + 1, '#')).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_flag_has_the_last_word_then_the_environment_then_the_manifest) {
  auto environment = [](const std::string& name) -> std::optional<std::string> {
    if (name == "HOLDFAST_LIMITS_MEMORY") return "512 MiB";
    if (name == "HOLDFAST_NAME") return "elm";
    return std::nullopt;
  };
  auto c = overlay(parse_manifest(whole, "m.toml"), "/etc/m.toml", environment, {{"name", "ash"}, {"limits.ring-max", "4"}});
  BOOST_TEST(c.settings.name == "ash");
  BOOST_TEST(c.origins.at("name").where == "--name");
  BOOST_TEST(c.settings.memory_bytes == 512ull << 20);
  BOOST_TEST((c.origins.at("limits.memory").from == layer::environment));
  BOOST_TEST(c.origins.at("limits.ring-max").where == "--set limits.ring-max");
  BOOST_TEST((c.origins.at("roles").from == layer::manifest));
  BOOST_TEST(!c.origins.contains("limits.uncommitted"));
  BOOST_TEST(show(c).find("ash") != std::string::npos);
  BOOST_TEST(show_json(c).find("\"where\": \"HOLDFAST_LIMITS_MEMORY\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused) {
  auto check = [](const std::string& text) {
    std::string out;
    for (const auto& each : overlay(parse_manifest(text, "m"), "/m", no_environment, {}).complaints) out += to_string(each) + "\n";
    return out;
  };
  BOOST_TEST(check("").find("`name`: missing") != std::string::npos);
  BOOST_TEST(check("").find("`data`: missing") != std::string::npos);
  const std::string base = "name = \"a\"\ndata = \"d\"\n";
  BOOST_TEST(check(base).empty());
  BOOST_TEST(check(base + "listen = \"0.0.0.0:7400\"\n").find("m:3:10: `listen`: no peer can dial 0.0.0.0:7400") == 0u);
  BOOST_TEST(check(base + "dashboard = \"127.0.0.1:7400\"\n").find("port of its own") != std::string::npos);
  BOOST_TEST(check("name = \"-\"\ndata = \"d\"\n").find("missing") == std::string::npos);  // bad, not missing: complained of once
}

BOOST_AUTO_TEST_CASE(a_file_is_read_and_its_complaints_come_one_a_line) {
  auto path = std::filesystem::temp_directory_path() / "holdfast-manifest-test.toml";
  std::ofstream(path) << "name = 1\nlisten = 2\n";
  auto loaded = load_configuration(path.string(), {});
  BOOST_REQUIRE(!loaded);
  BOOST_TEST(loaded.error().is(tool_errc::bad_manifest));
  BOOST_TEST(std::ranges::count(loaded.error().message(), '\n') == 2);
  std::filesystem::remove(path);
  BOOST_TEST(load_configuration(path.string(), {}).error().is(tool_errc::unreadable));
  BOOST_TEST(load_configuration("/", {}).error().is(tool_errc::unreadable));
}

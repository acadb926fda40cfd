// Local clusters, with a stand-in for the node: what is started, found again, frozen, ended and cleaned up.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/errors/tool_error.hpp"
#include "tools/local/cluster.hpp"
#include "tools/local/cluster_lock.hpp"

using namespace holdfast;
using namespace holdfast::tools;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path = fs::temp_directory_path() / ("holdfast-local-test-" + std::to_string(::getpid()));
  folder() { fs::remove_all(path); }
  ~folder() {
    if (fs::exists(path)) (void)cluster().down(true);
    fs::remove_all(path);
  }
  local_cluster cluster(bool interrupted = false) const {
    return {path, FAKE_NODE, 60s, [](const std::string& line) { BOOST_TEST_MESSAGE(line); }, [interrupted] { return interrupted; }};
  }
};

std::vector<node_state> states(const folder& dir) {
  std::vector<node_state> out;
  const auto all = dir.cluster().status().value();
  for (const auto& n : all) out.push_back(n.state);
  return out;
}

void require(const outcome& o) { BOOST_REQUIRE_MESSAGE(o.has_value(), (o ? "" : o.error().message())); }

using enum node_state;

}  // namespace

BOOST_AUTO_TEST_CASE(a_cluster_lives_through_its_commands) {
  folder dir;
  require(dir.cluster().up({.nodes = 3}));
  BOOST_TEST((states(dir) == std::vector{serving, serving, serving}));
  BOOST_TEST(fs::exists(dir.path / "client.toml"));

  require(dir.cluster().kill("node-2", SIGKILL));
  require(dir.cluster().kill("node-1", SIGSTOP));
  BOOST_TEST((states(dir) == std::vector{frozen, dead, serving}));
  BOOST_TEST(dir.cluster().kill("node-2", SIGKILL).error().is(tool_errc::not_running));
  BOOST_TEST(dir.cluster().kill("node-9", SIGKILL).error().is(tool_errc::no_such_node));

  auto before = dir.cluster().status().value();
  require(dir.cluster().start("node-2"));
  require(dir.cluster().start("node-1"));
  BOOST_TEST((states(dir) == std::vector{serving, serving, serving}));
  BOOST_TEST((dir.cluster().status().value()[1].listen == before[1].listen));  // ports are kept

  BOOST_TEST(dir.cluster().add().value() == "node-4");
  BOOST_TEST(states(dir).size() == 4u);

  auto json = nlohmann::json::parse(show_json(dir.cluster().status().value()));
  BOOST_TEST(json["nodes"][0]["name"] == "node-1");
  BOOST_TEST(json["nodes"][0]["state"] == "serving");
  BOOST_TEST(json["nodes"][0]["pid"].get<int>() > 1);
  BOOST_TEST(json["nodes"][0]["dashboard"].get<std::string>().starts_with("127.0.0.1:"));

  require(dir.cluster().kill("node-4", SIGSTOP));
  require(dir.cluster().kill("node-3", SIGKILL));  // the stand-in that does not heed SIGTERM; ending it by force takes 10 s
  require(dir.cluster().down(false));
  BOOST_TEST((states(dir) == std::vector{dead, dead, dead, dead}));
  require(dir.cluster().up({}));
  require(dir.cluster().kill("node-2", SIGSTOP));
  require(dir.cluster().up({.nodes = 4, .ring_max = 7}));
  BOOST_TEST((states(dir) == std::vector{serving, serving, serving, serving}));
  require(dir.cluster().kill("node-3", SIGKILL));
  require(dir.cluster().down(true));
  BOOST_TEST(!fs::exists(dir.path));
}

BOOST_AUTO_TEST_CASE(a_failed_founding_leaves_nothing_behind) {
  folder dir;
  ::setenv("FAKE_NODE_FAILS", "node-2", 1);
  auto up = dir.cluster().up({.nodes = 2});
  ::unsetenv("FAKE_NODE_FAILS");
  BOOST_REQUIRE(!up);
  BOOST_TEST(up.error().is(tool_errc::process_failed));
  BOOST_TEST(up.error().message().find("this node was told to fail") != std::string::npos);
  BOOST_TEST(!fs::exists(dir.path));
}

BOOST_AUTO_TEST_CASE(an_interrupted_founding_leaves_nothing_behind) {
  folder dir;
  BOOST_TEST(dir.cluster(true).up({.nodes = 2}).error().is(tool_errc::interrupted));
  BOOST_TEST(!fs::exists(dir.path));
}

BOOST_AUTO_TEST_CASE(a_folder_of_somebody_else_is_left_alone) {
  folder dir;
  fs::create_directory(dir.path);
  std::ofstream(dir.path / "thesis.txt") << "ten years";
  BOOST_TEST(dir.cluster().up({.nodes = 1}).error().is(tool_errc::not_a_local_cluster));
  BOOST_TEST(dir.cluster().down(true).error().is(tool_errc::not_a_local_cluster));
  BOOST_TEST(dir.cluster().status().error().is(tool_errc::not_a_local_cluster));
  BOOST_TEST(fs::exists(dir.path / "thesis.txt"));
  fs::remove(dir.path / "thesis.txt");
  BOOST_TEST(dir.cluster().up({.nodes = 3, .ring = 4}).error().is(tool_errc::usage));
  BOOST_TEST(dir.cluster().up({.nodes = 65}).error().is(tool_errc::usage));
}

BOOST_AUTO_TEST_CASE(a_cluster_that_is_there_keeps_its_size) {
  folder dir;
  require(dir.cluster().up({.nodes = 1}));
  auto more = dir.cluster().up({.nodes = 20});
  BOOST_TEST(more.error().is(tool_errc::usage));
  BOOST_TEST(more.error().message().find("holdfast local add") != std::string::npos);
  BOOST_TEST(dir.cluster().up({.ring_max = 4}).error().is(tool_errc::usage));
  require(dir.cluster().up({.ring = 1}));
  BOOST_TEST(states(dir).size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_ring_must_fit_what_is_founded) {
  BOOST_TEST(plan_founding({.nodes = 3, .ring = 4}).error().is(tool_errc::usage));
  BOOST_TEST(plan_founding({.nodes = 7, .ring = 7, .ring_max = 4}).error().is(tool_errc::usage));
  BOOST_TEST(plan_founding({.nodes = 65}).error().is(tool_errc::usage));
  BOOST_TEST(plan_founding({}).value().ring == 4u);
  BOOST_TEST(plan_founding({.nodes = 7, .ring_max = 3}).value().ring == 3u);
  BOOST_TEST(plan_founding({.nodes = 2}).value().ring == 1u);
}

BOOST_AUTO_TEST_CASE(a_node_that_cannot_be_added_leaves_nothing_behind) {
  folder dir;
  require(dir.cluster().up({.nodes = 1}));
  ::setenv("FAKE_NODE_FAILS", "node-2", 1);
  auto added = dir.cluster().add();
  ::unsetenv("FAKE_NODE_FAILS");
  BOOST_TEST(added.error().is(tool_errc::process_failed));
  BOOST_TEST(!fs::exists(dir.path / "node-2"));
  require(dir.cluster().kill("node-1", SIGKILL));
  BOOST_TEST(dir.cluster().add().error().is(tool_errc::none_serving));
  BOOST_TEST(!fs::exists(dir.path / "node-2"));
  require(dir.cluster().up({}));
  BOOST_TEST(dir.cluster().add().value() == "node-2");
}

BOOST_AUTO_TEST_CASE(a_node_that_was_admitted_stays_and_says_what_keeps_it_from_serving) {
  folder dir;
  require(dir.cluster().up({.nodes = 1}));
  ::setenv("FAKE_NODE_TROUBLE", "node-2", 1);
  auto added = dir.cluster().add();
  ::unsetenv("FAKE_NODE_TROUBLE");
  BOOST_TEST(added.error().is(tool_errc::cannot_serve));
  BOOST_TEST(added.error().message().find("it was revoked") != std::string::npos);
  BOOST_TEST(fs::exists(dir.path / "node-2"));
}

BOOST_AUTO_TEST_CASE(one_command_at_a_time_changes_a_cluster) {
  folder dir;
  require(dir.cluster().up({.nodes = 1}));
  auto other = lock_cluster(dir.path / ".holdfast-local", marker_file::must_exist);
  BOOST_REQUIRE(other);
  BOOST_TEST(dir.cluster().kill("node-1", SIGKILL).error().is(tool_errc::busy));
  BOOST_TEST(dir.cluster().up({}).error().is(tool_errc::busy));
  BOOST_TEST((states(dir) == std::vector{serving}));  // looking is for anybody
  other->reset();
  require(dir.cluster().kill("node-1", SIGKILL));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_looked_into_is_an_error) {
  folder dir;
  std::ofstream(dir.path) << "no folder";
  BOOST_TEST(dir.cluster().up({.nodes = 1}).error().is(tool_errc::not_a_local_cluster));
  fs::remove(dir.path);
  fs::create_symlink(dir.path, dir.path);  // a loop, which even root cannot follow
  BOOST_TEST(dir.cluster().up({.nodes = 1}).error().is(tool_errc::file_failed));
  BOOST_TEST(dir.cluster().status().error().is(tool_errc::file_failed));
  fs::remove(dir.path);
}

// What the commands owe a person, whatever goes wrong: his own files, his terminal, and an exit code that tells what happened.
#include "tests/process/shared_cluster.hpp"

using namespace holdfast::testing;

namespace {

struct with_commands : on_shared_cluster {
  std::string with_profile(const std::string& arguments) const {
    return HOLDFAST_PROGRAM " " + arguments + " --profile " + cluster.profile().string();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(manners, with_commands)

BOOST_AUTO_TEST_CASE(an_output_file_keeps_its_mode_its_link_and_its_neighbours) {
  BOOST_REQUIRE(cluster("put " + cluster.write("in", "kept").string() + " output/f").code == 0);
  auto out = cluster.write("out", "old"), link = cluster.file("link"), neighbour = cluster.write("out.part", "mine");
  fs::permissions(out, fs::perms(0640));
  fs::create_symlink("out", link);
  auto get = with_profile("get output/f -o " + link.string());
  BOOST_TEST(run_shell(get + " & " + get + " && wait $!").code == 0);
  BOOST_TEST(fs::is_symlink(link));
  BOOST_TEST((fs::status(out).permissions() == fs::perms(0640)));
  BOOST_TEST(run_shell("cat " + out.string() + " " + neighbour.string()).out == "keptmine");
  BOOST_TEST(run_shell("ls -A " + out.parent_path().string() + " | grep -c '^\\.'").out == "0\n");
}

BOOST_AUTO_TEST_CASE(content_on_a_terminal_is_not_drawn_over) {
  BOOST_REQUIRE(cluster("put " + cluster.write("in", "the secret is 42").string() + " terminal/f").code == 0);
  auto shown = run_shell("script -qec \"" + with_profile("get terminal/f") + "\" /dev/null").out;
  BOOST_TEST(shown.starts_with("the secret is 42\r\n"));
  BOOST_TEST(shown.find("\x1b[K") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(output_that_cannot_be_written_is_a_failure_and_a_closed_pipe_is_none) {
  BOOST_TEST(run_shell(with_profile("ls") + " > /dev/full 2>&1").code == 10);
  BOOST_TEST(run_shell(HOLDFAST_PROGRAM " --help > /dev/full").code == 10);
  BOOST_TEST(run_shell(HOLDFAST_PROGRAM " --help 2>&1 | head -0").out.empty());
  BOOST_TEST(cluster("get output/none -o /dev/full").code == 5);
}

BOOST_AUTO_TEST_CASE(an_interrupt_ends_a_put_at_once) {
  auto put = run_shell("sleep 5 | " + with_profile("put - interrupted/f") + " 2>&1 & p=$!; sleep 1; kill -TERM $p; wait $p");
  BOOST_TEST(put.code == 130);
  BOOST_TEST(put.out.find("holdfast: interrupted") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_command_line_says_so) {
  BOOST_REQUIRE(cluster("put " + cluster.write("in", "x").string() + " wrong/f").code == 0);
  for (auto line : {"get wrong", "put /dev/null wrong", "get wrong/f/g", "get ../f", "profile create --join foo --token x", "put"}) {
    BOOST_TEST(cluster(line).code == 2, line);
  }
  BOOST_TEST(cluster("put --json").out.find("\"id\":\"tools.usage\"") != std::string::npos);
  BOOST_TEST(run_shell(HOLDFAST_PROGRAM " put 2>&1").out.find("`holdfast put --help`") != std::string::npos);
  BOOST_TEST(cluster("rm wrong/f --json").out.find("\"removed\":true") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_token_outlives_a_profile_that_cannot_be_written) {
  auto token = run_shell(HOLDFAST_PROGRAM " invite client --profile " + cluster.dir() + "/node-1/data/operator.toml").out;
  BOOST_REQUIRE(!token.empty());
  token.pop_back();
  auto port = "$(grep -o '127.0.0.1:[0-9]*' " + cluster.profile().string() + " | head -1)";
  auto create = "HOLDFAST_TOKEN=" + token + " " HOLDFAST_PROGRAM " profile create --join " + port + " --profile ";
  BOOST_TEST(run_shell(create + "/proc/p.toml").code == 1);
  BOOST_TEST(run_shell(create + cluster.profile().string()).code == 6);
  BOOST_TEST(run_shell(create + cluster.file("late.toml").string()).code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

// Files kept by a real cluster of one node, through the real program: versions, conditions, streams, folders, time travel.
#include <boost/test/unit_test.hpp>

#include "tests/process/cluster.hpp"

using namespace holdfast::testing;

namespace {

/// One cluster for all cases: each works below a folder of its own.
real_cluster& shared() {
  static real_cluster cluster(1);
  return cluster;
}

struct started {
  real_cluster& cluster = shared();
  started() { BOOST_REQUIRE_MESSAGE(cluster.up().code == 0, cluster.up().out); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, started)

BOOST_AUTO_TEST_CASE(every_size_comes_back_as_it_was) {
  for (std::size_t size : {0u, 1u, 32739u, 32740u, 32741u, 65536u, 1048576u, 1048577u, 5000000u}) {
    auto content = noise(size, static_cast<std::uint32_t>(size) + 7);
    auto path = cluster.write("in", content);
    auto name = "sizes/" + std::to_string(size);
    BOOST_TEST(cluster("put " + path.string() + " " + name).code == 0);
    auto got = cluster("get " + name);
    BOOST_TEST(got.code == 0);
    BOOST_TEST((got.out == content), "size " << size);
  }
}

BOOST_AUTO_TEST_CASE(versions_count_from_one_and_stay) {
  auto one = cluster.write("one", "first"), two = cluster.write("two", "second");
  BOOST_TEST(cluster("put " + one.string() + " versions/f").code == 0);
  BOOST_TEST(cluster("put " + two.string() + " versions/f").code == 0);
  BOOST_TEST(cluster("get versions/f").out == "second");
  BOOST_TEST(cluster("get versions/f --version 1").out == "first");
  BOOST_TEST(cluster("get versions/f --version 3").code == 5);
  BOOST_TEST(cluster("restore versions/f --version 1").code == 0);
  BOOST_TEST(cluster("get versions/f").out == "first");
  auto log = cluster("log versions/f --json").out;
  BOOST_TEST(log.find("\"version\":3") < log.find("\"version\":2"));
  BOOST_TEST(log.find("\"version\":2") < log.find("\"version\":1"));
}

BOOST_AUTO_TEST_CASE(conditions_that_do_not_hold_change_nothing) {
  auto one = cluster.write("one", "first"), two = cluster.write("two", "second");
  BOOST_TEST(cluster("put " + two.string() + " conditions/f --if-version 1").code == 6);
  BOOST_TEST(cluster("put " + one.string() + " conditions/f --if-absent").code == 0);
  BOOST_TEST(cluster("put " + two.string() + " conditions/f --if-absent").code == 6);
  BOOST_TEST(cluster("put " + two.string() + " conditions/f --if-version 2").code == 6);
  BOOST_TEST(cluster("get conditions/f").out == "first");
  BOOST_TEST(cluster("put " + two.string() + " conditions/f --if-version 1").code == 0);
  BOOST_TEST(cluster("get conditions/f").out == "second");
}

BOOST_AUTO_TEST_CASE(streams_pass_through_pipes) {
  auto content = noise(3'000'000, 3);
  auto path = cluster.write("stream", content);
  auto put = run_shell("cat " + path.string() + " | " HOLDFAST_PROGRAM " put - stream/f --profile " + cluster.profile().string());
  BOOST_TEST(put.code == 0);
  BOOST_TEST((cluster("get stream/f -o -").out == content));
  auto out = cluster.file("copy");
  BOOST_TEST(cluster("get stream/f -o " + out.string()).code == 0);
  BOOST_TEST(run_shell("cmp " + path.string() + " " + out.string()).code == 0);
}

BOOST_AUTO_TEST_CASE(a_removed_file_can_be_brought_back) {
  auto path = cluster.write("gone", "still here");
  BOOST_TEST(cluster("put " + path.string() + " removed/f").code == 0);
  BOOST_TEST(cluster("rm removed").code == 6);  // not empty
  BOOST_TEST(cluster("rm removed/f").code == 0);
  BOOST_TEST(cluster("get removed/f").code == 5);
  BOOST_TEST(cluster("ls removed").out.empty());
  BOOST_TEST(cluster("restore removed/f --version 1").code == 0);
  BOOST_TEST(cluster("get removed/f").out == "still here");
}

BOOST_AUTO_TEST_CASE(many_writers_of_one_name_all_get_their_version) {
  constexpr int writers = 6;
  auto path = cluster.write("racer", noise(40'000, 5));
  std::string command;
  for (int i = 0; i < writers; ++i) {
    command += HOLDFAST_PROGRAM " put " + path.string() + " race/deep/f --profile " + cluster.profile().string();
    command += " & p" + std::to_string(i) + "=$!; ";
  }
  for (int i = 0; i < writers; ++i) command += "wait $p" + std::to_string(i) + " || exit 1; ";
  BOOST_TEST(run_shell(command).code == 0);
  BOOST_TEST(cluster("log race/deep/f --json").out.find("\"version\":" + std::to_string(writers)) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(verify_finds_everything_whole) {
  auto path = cluster.write("whole", noise(2'500'000, 9));
  BOOST_TEST(cluster("put " + path.string() + " whole/f").code == 0);
  auto found = cluster("verify whole/f --json");
  BOOST_TEST(found.code == 0);
  BOOST_TEST(found.out.find("\"state\":\"full\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_recovery_file_opens_the_data_on_an_empty_machine) {
  auto path = cluster.write("mine", "only with the keys");
  auto passphrase = cluster.write("passphrase", "correct horse battery staple\n");
  BOOST_TEST(cluster("put " + path.string() + " kept/f").code == 0);
  auto with = "HOLDFAST_PASSPHRASE_FILE=" + passphrase.string() + " " HOLDFAST_PROGRAM " profile ";
  auto recovery = cluster.file("recovery").string(), elsewhere = cluster.file("elsewhere.toml").string();
  BOOST_TEST(run_shell(with + "export " + recovery + " --profile " + cluster.profile().string()).code == 0);
  BOOST_TEST(run_shell(with + "import " + recovery + " --profile " + elsewhere).code == 0);
  BOOST_TEST(real_cluster::run(" get kept/f --profile " + elsewhere).out == "only with the keys");
}

BOOST_AUTO_TEST_CASE(what_was_kept_outlives_a_killed_node) {
  auto content = noise(1'500'000, 11);
  auto path = cluster.write("durable", content);
  BOOST_TEST(cluster("put " + path.string() + " durable/f").code == 0);
  BOOST_TEST(real_cluster::run(" local kill node-1 --dir " + cluster.dir()).code == 0);
  BOOST_TEST(real_cluster::run(" local start node-1 --dir " + cluster.dir()).code == 0);
  BOOST_TEST((cluster("get durable/f").out == content));
}

BOOST_AUTO_TEST_SUITE_END()

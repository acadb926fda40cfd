// Files kept by a real cluster of one node, through the real program: versions, conditions, streams, folders, time travel.
#include <algorithm>

#include "tests/process/shared_cluster.hpp"

using namespace holdfast::testing;

BOOST_FIXTURE_TEST_SUITE(files, on_shared_cluster)

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

BOOST_AUTO_TEST_CASE(the_versions_of_a_removed_file_stay_within_reach) {
  auto one = cluster.write("one", "first").string(), two = cluster.write("two", "second").string();
  BOOST_TEST(cluster("put " + one + " reach/f").code == 0);
  BOOST_TEST(cluster("put " + two + " reach/f").code == 0);
  BOOST_TEST(cluster("rm reach/f 2>&1").out.find("restore reach/f --version 2`") != std::string::npos);
  for (const char* gone : {"get reach/f 2>&1", "verify reach/f 2>&1"}) {
    auto said = cluster(gone);
    BOOST_TEST(said.code == 5, gone);
    BOOST_TEST(said.out.find("`holdfast restore reach/f --version 2`") != std::string::npos, said.out);
  }
  BOOST_TEST(cluster("get reach/f --version 1").out == "first");
  BOOST_TEST(cluster("verify reach/f --version 2").code == 0);
  BOOST_TEST(cluster("log reach/f --json").out.find("\"version\":2") != std::string::npos);
  BOOST_TEST(cluster("ls reach").out.empty());
  BOOST_TEST(cluster("ls reach --removed --json").out.find("\"name\":\"f\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_put_under_a_removed_name_is_its_next_version) {
  auto one = cluster.write("one", "first").string(), two = cluster.write("two", "second").string();
  BOOST_TEST(cluster("put " + one + " next/f").code == 0);
  BOOST_TEST(cluster("rm next/f").code == 0);
  BOOST_TEST(cluster("put " + two + " next/f --if-version 2").code == 6);
  BOOST_TEST(cluster("put " + two + " next/f --if-version 1").code == 0);
  BOOST_TEST(cluster("rm next/f").code == 0);
  BOOST_TEST(cluster("put " + one + " next/f --if-absent").code == 0);
  BOOST_TEST(cluster("put " + one + " next/f --if-absent").code == 6);
  BOOST_TEST(cluster("ls next --removed").out.empty());
  // Nor are they lost with the folder.
  BOOST_TEST(cluster("rm next/f").code == 0);
  BOOST_TEST(cluster("rm next").code == 0);
  BOOST_TEST(cluster("get next/f --version 2").out == "second");
  BOOST_TEST(cluster("put " + two + " next/f --json").out.find("\"version\":4") != std::string::npos);
  BOOST_TEST(cluster("get next/f --version 1").out == "first");
  BOOST_TEST(cluster("get next/f").out == "second");
  BOOST_TEST(cluster("restore next/f --version 1").code == 0);
  BOOST_TEST(cluster("get next/f").out == "first");
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

/// The agreed times of a file's versions, oldest first, as `log --json` gives them.
std::vector<std::string> times_of(const real_cluster& cluster, const std::string& name) {
  auto out = cluster("log " + name + " --json").out;
  std::vector<std::string> times;
  const std::string key = "\"time\":\"";
  for (auto at = out.find(key); at != std::string::npos; at = out.find(key, at + 1)) times.push_back(out.substr(at + key.size(), 24));
  std::reverse(times.begin(), times.end());
  return times;
}

/// The same moment, some milliseconds later or earlier, within its second.
std::string shifted(const std::string& time, int ms) {
  auto value = std::to_string(1000 + std::stoi(time.substr(20, 3)) + ms);
  return time.substr(0, 20) + value.substr(1) + "Z";
}

BOOST_AUTO_TEST_CASE(a_time_finds_the_version_that_was_newest_then) {
  for (const char* text : {"first", "second", "third"}) {
    BOOST_TEST(cluster("put " + cluster.write("v", text).string() + " travel/f").code == 0);
    run_shell("sleep 0.05");  // versions of one millisecond could not be told apart
  }
  const auto times = times_of(cluster, "travel/f");
  BOOST_REQUIRE(times.size() == 3);
  const std::vector<std::string> texts{"first", "second", "third"};
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(cluster("get travel/f --at " + times[i]).out == texts[i], "at " << times[i]);
    if (times[i].substr(20, 3) != "999") BOOST_TEST(cluster("get travel/f --at " + shifted(times[i], 1)).out == texts[i]);
    if (times[i].substr(20, 3) == "000") continue;
    auto before = cluster("get travel/f --at " + shifted(times[i], -1));
    if (i == 0) BOOST_TEST(before.code == 5);
    if (i > 0) BOOST_TEST(before.out == texts[i - 1]);
  }
  BOOST_TEST(cluster("get travel/f --at 2199-01-01").out == "third");
  BOOST_TEST(cluster("get travel/f --at '1d ago'").code == 5);
  BOOST_TEST(cluster("get travel/f --at 1970-01-01").code == 5);
  for (const char* bad : {"yesterday", "''", "2026-13-01", "'25:00'", "'15 ago'"}) {
    auto refused = cluster(std::string("get travel/f 2>&1 --at ") + bad);
    BOOST_TEST(refused.code == 2, bad);
    BOOST_TEST(refused.out.find("15m ago") != std::string::npos, refused.out);  // what would have been right
  }
  BOOST_TEST(cluster("get travel/f --at '1d ago' --version 1").code == 2);
}

BOOST_AUTO_TEST_CASE(a_time_finds_what_was_removed_since_and_a_name_that_meant_another_file) {
  BOOST_TEST(cluster("put " + cluster.write("v", "before").string() + " gone/deep/f").code == 0);
  run_shell("sleep 0.05");
  auto there = times_of(cluster, "gone/deep/f").back();
  // Its name came into the folder a little after its first version.
  BOOST_TEST(cluster("put " + cluster.write("v", "again").string() + " gone/deep/f").code == 0);
  there = times_of(cluster, "gone/deep/f").back();
  run_shell("sleep 0.05");
  BOOST_TEST(cluster("rm gone/deep/f").code == 0);
  BOOST_TEST(cluster("rm gone/deep").code == 0);
  BOOST_TEST(cluster("get gone/deep/f").code == 5);
  BOOST_TEST(cluster("get gone/deep/f --at " + there).out == "again");
  BOOST_TEST(cluster("put " + cluster.write("v", "another").string() + " gone/deep/f").code == 0);
  BOOST_TEST(cluster("get gone/deep/f").out == "another");
  BOOST_TEST(cluster("get gone/deep/f --at " + there).out == "again");
}

BOOST_AUTO_TEST_CASE(exit_codes_are_as_documented) {
  auto path = cluster.write("some", "some").string();
  BOOST_TEST(cluster("put " + path + " codes/f").code == 0);
  for (const char* absent : {"get codes/g", "log codes/g", "ls codes/g", "rm codes/g", "verify codes/g", "get codes/f --version 2",
                             "restore codes/f --version 2", "restore codes/g --version 1"}) {
    BOOST_TEST(cluster(absent).code == 5, absent);
  }
  for (const char* wrong : {"get", "get codes/f --version 0", "get codes/f --version -1", "put", "nonsense", "put x y --if-absent --if-version 1"}) {
    BOOST_TEST(cluster(wrong).code == 2, wrong);
  }
  BOOST_TEST(cluster("put /nonexistent codes/f").code == 1);
  BOOST_TEST(cluster("get codes").code == 2);
  BOOST_TEST(cluster("put " + path + " codes").code == 2);
  BOOST_TEST(cluster("get codes/f -o /nonexistent/f").code == 1);
  BOOST_TEST(real_cluster::run(" get codes/f --profile /nonexistent").code == 2);
  BOOST_TEST(real_cluster::run(" get codes/f --profile " + path).code == 2);
  auto json = cluster("put " + path + " codes/f --if-absent --json");
  BOOST_TEST(json.code == 6);
  BOOST_TEST(json.out.find("\"id\":\"protocols.already_exists\",\"exit\":6") != std::string::npos, json.out);
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_leaves_the_file_that_was_there) {
  auto out = cluster.write("kept-copy", "what was there");
  BOOST_TEST(cluster("get nothing/there -o " + out.string()).code == 5);
  BOOST_TEST(cluster("get nothing/there --json 2>/dev/null").out.empty());  // standard output is for content
  BOOST_TEST(cluster("get nothing/there --json 2>&1").out.find("{\"error\":{\"id\":\"protocols.not_found\"") == 0u);
  BOOST_TEST(run_shell("cat " + out.string()).out == "what was there");
  BOOST_TEST(run_shell("ls " + out.string() + "*").out == out.string() + "\n");  // and nothing beside it
}

BOOST_AUTO_TEST_CASE(a_revoked_profile_is_told_so_at_once) {
  auto operating = " --profile " + cluster.dir() + "/node-1/data/operator.toml", other = " --profile " + cluster.file("revoked.toml").string();
  auto invite = "HOLDFAST_TOKEN=$(" HOLDFAST_PROGRAM " invite client" + operating + ") ";
  auto address = "$(grep -o -m 1 \"127.0.0.1:[0-9]*\" " + cluster.profile().string() + ")";
  auto made = run_shell(invite + HOLDFAST_PROGRAM " profile create --join " + address + other + " 2>&1");
  const std::string before_id = "by this id: ";
  auto at = made.out.find(before_id);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, made.out);
  BOOST_TEST(real_cluster::run(" revoke " + made.out.substr(at + before_id.size(), 64) + " --yes" + operating).code == 0);
  for (const char* command : {" ls", " get late/f", " put /etc/hostname f", " status", " dashboard", " invite client"}) {
    auto told = run_shell("timeout 10 " HOLDFAST_PROGRAM + std::string(command) + other + " 2>&1");
    BOOST_TEST(told.code == 7, command);
    BOOST_TEST(told.out.find("it was revoked") != std::string::npos, told.out);
  }
}

BOOST_AUTO_TEST_CASE(who_is_not_there_is_said_and_nothing_hangs) {
  auto path = cluster.write("late", "late").string();
  BOOST_TEST(cluster("put " + path + " late/f").code == 0);
  BOOST_TEST(real_cluster::run(" local kill node-1 --dir " + cluster.dir()).code == 0);
  BOOST_TEST(cluster("get late/f --timeout 2").code == 8);
  BOOST_TEST(cluster("put " + path + " late/f --timeout 2").code == 8);
  BOOST_TEST(real_cluster::run(" local start node-1 --dir " + cluster.dir()).code == 0);
  BOOST_TEST(cluster("get late/f").out == "late");
}

BOOST_AUTO_TEST_SUITE_END()

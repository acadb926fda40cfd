#include "tests/chaos/test_cluster.hpp"

#include <signal.h>

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iostream>
#include <thread>

#include "tests/chaos/calibration.hpp"
#include "tools/local/http_get.hpp"
#include "tools/profile/profile_file.hpp"

namespace holdfast::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

bool failed_so_far() {
  const auto& test = boost::unit_test::framework::current_test_case();
  return boost::unit_test::results_collector.results(test.p_id).p_assertions_failed > 0 || std::uncaught_exceptions() > 0;
}

bytes read_whole(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

void require(const outcome& o) { BOOST_REQUIRE_MESSAGE(o.has_value(), (o ? "" : o.error().message())); }

bool eventually(std::chrono::seconds time, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(200ms);
  }
  return true;
}

bool file_has(const fs::path& file, std::string_view text) {
  const auto content = read_whole(file);
  return as_text(content).find(text) != std::string_view::npos;
}

test_cluster::test_cluster(const std::string& name, std::uint32_t nodes, std::uint32_t ring_max)
    : directory_(fs::absolute("proc") / (name + "-" + std::to_string(::getpid()))) {
  fs::create_directories(directory_.parent_path());
  slowness();
  require(local().up({.nodes = nodes, .ring_max = ring_max}));
}

test_cluster::~test_cluster() {
  const bool keep = failed_so_far();
  (void)local().down(!keep);
  if (keep) std::cout << "kept, with logs and histories: " << directory_.string() << std::endl;
}

tools::local_cluster test_cluster::local() const {
  return {directory_, HOLDFAST_PROGRAM, within(60s), [](const std::string& line) { BOOST_TEST_MESSAGE(line); }, [] { return false; }};
}

std::vector<std::string> test_cluster::names() const {
  std::vector<std::string> all;
  const auto status = require(local().status());
  for (const auto& n : status) all.push_back(n.name);
  return all;
}

tools::address test_cluster::address_of(const std::string& node) const {
  const auto status = require(local().status());
  return std::ranges::find(status, node, &tools::node_status::name)->listen;
}

pid_t test_cluster::pid_of(const std::string& node) const {
  const auto status = require(local().status());
  return std::ranges::find(status, node, &tools::node_status::name)->pid;
}

void test_cluster::kill(const std::string& node) { require(local().kill(node, SIGKILL)); }
void test_cluster::freeze(const std::string& node) { require(local().kill(node, SIGSTOP)); }
void test_cluster::start(const std::string& node) {
  mark_log(node);
  require(local().start(node));
}

// `local start` waits for the node to serve; in a process of its own it is waited for by nobody.
void test_cluster::launch(const std::string& node) {
  mark_log(node);
  require(tools::spawn({HOLDFAST_PROGRAM, "local", "start", node, "--dir", directory_.string()}, {}, directory_ / "launch.log"));
}

bool test_cluster::serves_within(const std::string& node, std::chrono::seconds time) const {
  return eventually(time, [&] {
    const auto status = require(local().status());
    return std::ranges::find(status, node, &tools::node_status::name)->state == tools::node_state::serving;
  });
}

void test_cluster::mark_log(const std::string& node) {
  std::error_code none_yet;
  const auto size = fs::file_size(log_of(node), none_yet);
  marks_[node] = none_yet ? 0 : static_cast<std::streamoff>(size);
}

bool test_cluster::says(const std::string& node, const std::string& text) const {
  std::ifstream log(log_of(node));
  if (const auto mark = marks_.find(node); mark != marks_.end()) log.seekg(mark->second);
  for (std::string line; std::getline(log, line);) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

void test_cluster::restart_all() {
  require(local().down(false));
  require(local().up({}));
}

identity::profile test_cluster::profile() const { return require(tools::load_profile(local().client_profile())); }

actors::client test_cluster::open_client() const { return require(actors::client::open(profile())); }

nlohmann::json test_cluster::status() const {
  // Its exit code is the cluster's health, which here is not the question.
  const auto text = require(tools::run_and_read({"/bin/sh", "-c", "\"$@\" || true", "sh", HOLDFAST_PROGRAM, "status", "--json", "--profile",
                                                 local().client_profile().string()}, {}, within(30s)));
  return nlohmann::json::parse(text, nullptr, false);
}

std::uint64_t test_cluster::metric(const std::string& node, const std::string& series) const {
  const auto status = require(local().status());
  const auto page = tools::http_get(std::ranges::find(status, node, &tools::node_status::name)->dashboard, "/metrics", within(10s));
  BOOST_REQUIRE_MESSAGE(page && page->status == 200, node << " answers no metrics");
  const auto at = page->body.find("\n" + series + " ");
  return at == std::string::npos ? 0 : std::stoull(page->body.substr(at + series.size() + 2));
}

result<std::string> test_cluster::command(std::vector<std::string> arguments, const tools::environment_change& changes) const {
  arguments.insert(arguments.begin(), HOLDFAST_PROGRAM);
  return tools::run_and_read(arguments, changes, within(60s));
}

std::string test_cluster::primary() const {
  std::string most;
  const bool known = eventually(within(30s), [&] {
    std::map<std::string, int> votes;
    const auto view = status();
    if (!view.is_object()) return false;
    for (const auto& node : view.value("nodes", nlohmann::json::array())) {
      for (const auto& ring : node.value("rings", nlohmann::json::array())) {
        if (ring.value("label", "") == "object") ++votes[ring.value("primary", "")];
      }
    }
    if (!votes.empty()) most = std::ranges::max_element(votes, {}, [](const auto& vote) { return vote.second; })->first;
    return !most.empty();
  });
  BOOST_REQUIRE_MESSAGE(known, "no node shows a primary");
  return most;
}

bool test_cluster::in_ring(const std::string& node) const { return fs::exists(data_of(node) / "log-object"); }

}  // namespace holdfast::test

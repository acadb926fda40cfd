// A cluster of real processes for a test program, and `holdfast` commands against it, each with a deadline.
#pragma once

#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

namespace holdfast::testing {

namespace fs = std::filesystem;

struct ended {
  int code = -1;
  std::string out;  ///< standard output
};

/// In single quotes, for the shell.
inline std::string quoted(const std::string& text) {
  std::string q = "'";
  for (char c : text) q += c == '\'' ? "'\\''" : std::string(1, c);
  return q + "'";
}

/// Runs a shell command; one that takes longer than 120 s is killed and gives code 124.
inline ended run_shell(const std::string& command) {
  ended e;
  auto* pipe = ::popen(("timeout -k 5 120 sh -c " + quoted(command)).c_str(), "r");
  if (pipe == nullptr) return e;
  std::array<char, 65536> buffer;
  for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) e.out.append(buffer.data(), n);
  auto status = ::pclose(pipe);
  e.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return e;
}

/// In the case that runs, or, between cases, in any.
inline bool something_failed() {
  namespace unit_test = boost::unit_test;
  auto running = unit_test::framework::current_test_case_id();
  auto asked = running == unit_test::INV_TEST_UNIT_ID ? unit_test::framework::master_test_suite().p_id.get() : running;
  return !unit_test::results_collector.results(asked).passed();
}

/// `holdfast local up` in a folder of its own; ended with the test, and removed unless a test failed meanwhile.
class real_cluster {
 public:
  explicit real_cluster(int nodes, const std::string& more = {}) {
    std::string pattern = (fs::temp_directory_path() / "holdfast-test-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    up_ = run(" local up --nodes " + std::to_string(nodes) + " --dir " + dir() + " " + more + " 2>&1");
  }
  ~real_cluster() {
    run(" local down --dir " + dir() + " 2>/dev/null");
    if (something_failed()) {
      std::cout << "kept, with logs: " << root_.string() << std::endl;
      return;
    }
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  real_cluster(const real_cluster&) = delete;

  const ended& up() const { return up_; }
  std::string dir() const { return (root_ / "cluster").string(); }
  fs::path file(const std::string& name) const { return root_ / name; }
  fs::path profile() const { return fs::path(dir()) / "client.toml"; }

  /// A `holdfast` command as the client.
  ended operator()(const std::string& arguments) const { return run(" " + arguments + " --profile " + profile().string()); }
  static ended run(const std::string& arguments) { return run_shell(HOLDFAST_PROGRAM + arguments); }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }

 private:
  fs::path root_;
  ended up_;
};

/// Bytes that look random and are the same in each run.
inline std::string noise(std::size_t size, std::uint32_t seed) {
  std::string text(size, '\0');
  for (auto& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}

}  // namespace holdfast::testing

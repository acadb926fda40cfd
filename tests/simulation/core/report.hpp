// What came of one run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace holdfast::simulation {

struct run_report {
  std::vector<std::string> violations;  ///< empty: the run passed. The first `violations_max`, one sentence each
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::map<std::string, std::uint64_t> counts;  ///< what was exercised: requests, view changes, crashes, ...

  static constexpr std::size_t violations_max = 8;
  static constexpr std::uint64_t events_max = 1'000'000;  ///< a run has some ten thousand: more is a storm of messages

  void violation(std::string sentence) {
    if (violations.size() < violations_max) violations.push_back(std::move(sentence));
  }
};

}  // namespace holdfast::simulation

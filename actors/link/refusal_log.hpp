// Refused and broken connections in the log: at most one line a second for each remote address and reason, with the count of
// those in between; so a flood costs a line a second, not a disk.
#pragma once

#include <map>
#include <string>

#include "protocols/base/time.hpp"
#include "protocols/link/hello.hpp"

namespace holdfast::actors {

class refusal_log {
 public:
  void note(instant now, const std::string& address, link::refusal_reason reason, const std::string& text, bool by_peer);

  /// To be called now and then: prints what was counted since the last line of each, once its second is over.
  void settle(instant now);

 private:
  struct entry {
    instant printed{};
    std::uint64_t unprinted = 0;
    std::string text;
    bool by_peer = false;
  };
  static constexpr auto line_interval = std::chrono::seconds(1);
  static constexpr std::size_t entries_max = 1024;  ///< addresses and reasons remembered; the oldest half goes when it is full
  using key = std::pair<std::string, link::refusal_reason>;  ///< remote address and reason
  void make_room();
  static void print(instant now, const key& about, entry& e);

  std::map<key, entry> entries_;
  instant settled_{};
};

}  // namespace holdfast::actors

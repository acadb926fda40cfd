// Processes of this machine that outlive the program that started them.
//
// A process is named by pid and start time together (and the boot they belong to), so that a pid that was given to somebody else
// since is never signalled. Signals and waits go through a pidfd, which stays with the process it was opened for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "protocols/base/error.hpp"

namespace holdfast::tools {

struct process_name {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< since boot, from /proc/PID/stat
  std::string boot;               ///< the kernel's boot id
  bool operator==(const process_name&) const = default;
};

/// As recorded in a file: "PID START BOOT".
std::string print(const process_name& p);
std::optional<process_name> parse_process_name(std::string_view text);

enum class process_state : std::uint8_t { running, stopped, gone };
process_state state_of(const process_name& p);

using environment_change = std::map<std::string, std::optional<std::string>>;  ///< nothing as value: the variable is taken away

/// Starts a program in a session of its own, its output appended to `log`. The process lives on when we end.
result<process_name> spawn(const std::vector<std::string>& command, const environment_change& changes, const std::filesystem::path& log);

/// True if the signal went to that very process.
bool send_signal(const process_name& p, int signal);

/// Waits until the process is gone, or the time is over; true if it is gone.
bool gone_within(const process_name& p, std::chrono::milliseconds time);

/// Runs a program to its end and gives its standard output, without the last newline. The first line of its standard error is in the error.
result<std::string> run_and_read(const std::vector<std::string>& command, const environment_change& changes, std::chrono::milliseconds time);

/// "KILL", "SIGKILL", "kill" or "9".
std::optional<int> parse_signal(std::string_view text);

/// This very program's file.
std::filesystem::path own_program();

}  // namespace holdfast::tools

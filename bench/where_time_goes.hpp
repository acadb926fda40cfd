// Where the processor's time goes while a local cluster works: per operation, by process and kind of thread, as the kernel accounts it.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace holdfast::bench {

/// What a thread is for, by the name it was given.
enum class work : std::uint8_t { actors, agreement_log, stores, database, compute, timers, other };
constexpr std::size_t work_count = 7;

/// Nanoseconds on a processor by kind of work, of one process.
using cpu_times = std::array<std::uint64_t, work_count>;

class cpu_account {
 public:
  /// This process, and the nodes of the local cluster whose client's profile this is, if it is one.
  explicit cpu_account(const std::filesystem::path& profile);

  /// The account begins (anew) here.
  void begin() { before_ = read(); }

  /// A table of microseconds for each of so many `unit`s since `begin`: the client, the ring's members (they write the agreement log), other
  /// nodes.
  void print(double operations, const char* unit) const;

 private:
  std::map<pid_t, cpu_times> read() const;

  std::vector<pid_t> nodes_;
  std::map<pid_t, cpu_times> before_;
};

/// What an update cannot do without, measured here and now on one thread: signing it, checking the signature, hashing and appending its bytes.
void print_unit_costs(std::size_t update_bytes);

}  // namespace holdfast::bench

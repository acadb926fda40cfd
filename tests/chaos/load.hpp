// One client that writes and one that reads, without pause, until they are told to end.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "tests/chaos/recorded_client.hpp"
#include "tests/chaos/test_cluster.hpp"

namespace holdfast::test {

class load {
 public:
  static constexpr std::uint32_t writer = 1, reader = 2;

  /// Makes the objects, then begins.
  explicit load(const test_cluster& cluster);
  ~load() { end(); }

  void end();

  const history_record& record() const { return record_; }
  recorded_client& idle_writer() { return *writer_; }  ///< after the end

  /// Half of them small enough to ride in updates; the others' content is in the archive.
  static const std::vector<std::string>& paths();

  /// True once `count` writes and `count` reads that began after `since_us` were acknowledged.
  bool goes_on(std::int64_t since_us, std::size_t count = 3) const;

 private:
  void write_next(std::uint64_t turn);

  history_record record_;
  std::optional<recorded_client> writer_, reader_;
  std::atomic<bool> ending_ = false;
  std::thread writing_, reading_;
};

}  // namespace holdfast::test

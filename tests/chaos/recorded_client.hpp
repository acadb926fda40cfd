// A client whose every operation is recorded for the history checkers, on disk as it happens.
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>

#include "actors/client/client.hpp"
#include "tests/history/history.hpp"

namespace holdfast::test {

/// All clients' operations, in one file and in memory. Safe to use from any thread.
class history_record {
 public:
  explicit history_record(const std::filesystem::path& file) : file_(file) {}

  void add(const history::operation& op, const std::string& why_not);
  std::vector<history::operation> operations() const;

  /// The longest time between two acknowledged puts of one client that overlaps the time from `begin_us` to `end_us`; the end of the
  /// record counts as an acknowledgement.
  std::int64_t longest_pause_us(std::uint32_t client, std::int64_t begin_us, std::int64_t end_us) const;

  /// Acknowledged operations that began after a time.
  std::size_t acknowledged_since(history::operation_kind kind, std::int64_t begin_us) const;

 private:
  mutable std::mutex mutex_;
  std::ofstream file_;
  std::vector<history::operation> all_;
};

/// Microseconds of the one clock of all histories of this process.
std::int64_t now_us();

class recorded_client {
 public:
  recorded_client(std::uint32_t number, actors::client client, history_record& record)
      : number_(number), client_(std::move(client)), record_(record) {}

  /// Keeps `content`; true if it was acknowledged.
  bool put(const std::string& path, bytes_view content);
  /// Reads the newest version, or one by number.
  bool get(const std::string& path);
  /// The content's hash as the history has it. Not recorded.
  result<std::string> hash_of_version(const std::string& path, std::uint64_t version);

  actors::client& raw() { return client_; }

 private:
  std::uint32_t number_;
  actors::client client_;
  history_record& record_;
};

/// Bytes that differ for each seed.
bytes content_of(std::uint64_t seed, std::size_t size);

std::string hash_text(bytes_view content);

result<bytes> read_bytes(actors::client& from, const std::string& path, object::version_walk::target wanted = object::version_walk::newest{});
result<actors::version_info> put_bytes(actors::client& to, const std::string& path, bytes_view content);

}  // namespace holdfast::test

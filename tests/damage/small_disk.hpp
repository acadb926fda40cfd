// A node's data on a small file system of its own, which can be filled up and made read-only.
#pragma once

#include <filesystem>

#include "tests/chaos/test_cluster.hpp"

namespace holdfast::test {

class small_disk {
 public:
  /// Whether this machine lets us mount one: root may.
  static bool possible();

  /// Moves a node's data there; the node is killed and started again.
  small_disk(test_cluster& cluster, std::string node, std::uint64_t bytes);
  /// Kills the node and takes the disk away, with all that is on it.
  ~small_disk();
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  /// Takes all the space there is but `left_bytes`; gives it back.
  void fill(std::uint64_t left_bytes);
  void clear();

  /// While the node is not running.
  void set_read_only(bool read_only);

 private:
  void change(unsigned long flags, const std::string& options);

  test_cluster& cluster_;
  const std::string node_;
  const std::filesystem::path place_, before_;
};

}  // namespace holdfast::test

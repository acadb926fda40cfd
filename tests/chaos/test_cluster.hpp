// A cluster of real processes for one test. A test that fails keeps the cluster's directory with its logs, and says where it is.
#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "actors/client/client.hpp"
#include "tools/local/cluster.hpp"

namespace holdfast::test {

class test_cluster {
 public:
  /// Founded and serving when the constructor returns; throws if it does not come to that.
  test_cluster(const std::string& name, std::uint32_t nodes, std::uint32_t ring_max = 4);
  ~test_cluster();
  test_cluster(const test_cluster&) = delete;
  test_cluster& operator=(const test_cluster&) = delete;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path data_of(const std::string& node) const { return directory_ / node / "data"; }
  std::filesystem::path log_of(const std::string& node) const { return directory_ / node / "node.log"; }
  std::vector<std::string> names() const;
  tools::address address_of(const std::string& node) const;
  pid_t pid_of(const std::string& node) const;  ///< 0: it is dead

  void kill(const std::string& node);
  void freeze(const std::string& node);
  /// Starts or wakes; returns when the node serves and has caught up.
  void start(const std::string& node);
  /// Starts and returns at once; whether it then comes to serve.
  void launch(const std::string& node);
  bool serves_within(const std::string& node, std::chrono::seconds time) const;
  /// Whether a line of its log has this text since its process was started last.
  bool says(const std::string& node, const std::string& text) const;
  /// Ends all nodes in order and starts them again.
  void restart_all();

  identity::profile profile() const;
  actors::client open_client() const;

  /// What `holdfast status --json` shows; the node that is primary of the object ring, by the word of most members; and whether a node
  /// is a member of it.
  nlohmann::json status() const;
  /// A figure of the node's /metrics by its series, labels included; 0 if there is none.
  std::uint64_t metric(const std::string& node, const std::string& series) const;
  /// `holdfast ARGUMENTS...`: its standard output, or why it failed.
  result<std::string> command(std::vector<std::string> arguments, const tools::environment_change& changes = {}) const;
  std::filesystem::path operator_profile() const { return data_of("node-1") / "operator.toml"; }
  std::string primary() const;
  bool in_ring(const std::string& node) const;

 private:
  tools::local_cluster local() const;
  void mark_log(const std::string& node);

  std::filesystem::path directory_;
  std::map<std::string, std::streamoff> marks_;  ///< where each node's log began when it was started last
};

/// Ends the test case if something that must succeed did not.
void require(const outcome& o);
template <class T>
T require(result<T> r) {
  require(r ? outcome() : outcome(fail(r.error())));
  return std::move(*r);
}

/// Asks again and again until it holds; false if the time is over first.
bool eventually(std::chrono::seconds time, const std::function<bool()>& holds);

/// Whether a file's bytes hold the text.
bool file_has(const std::filesystem::path& file, std::string_view text);

}  // namespace holdfast::test

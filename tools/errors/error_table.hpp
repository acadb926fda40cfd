// The one table of errors (`tools/errors.toml`, embedded in the program): what an error is called in scripts, which exit code
// it gives, and what a person can do about it.
#pragma once

#include <map>
#include <set>

#include "protocols/base/error.hpp"

namespace holdfast::tools {

/// What a person was doing: the same error is mended in another way by whoever keeps files, runs a node, or operates a cluster.
enum class situation : std::uint8_t { keeping, running_node, operating };

struct error_row {
  std::string id;        ///< "protocols.not_found": stable, for scripts
  int exit_code = 1;
  std::string sentence;  ///< what it means, for any cause
  std::string remedy;    ///< what to do
  std::map<situation, std::string> special;  ///< what to do instead, in some situations

  const std::string& remedy_in(situation s) const {
    auto found = special.find(s);
    return found == special.end() ? remedy : found->second;
  }
};

class error_table {
 public:
  /// The embedded table, read once.
  static const error_table& instance();

  /// The row of this error; nothing if the table lacks it (a test sees to it that it does not).
  const error_row* find(const error& e) const;

  const std::map<int, std::string>& exit_codes() const { return exit_codes_; }

  /// "Exit codes:" and a line for each, as --help ends; all of them unless told which.
  std::string exit_codes_help(const std::set<int>& only = {}) const;

 private:
  error_table();

  std::map<std::pair<std::string, std::uint16_t>, error_row, std::less<>> rows_;
  std::map<int, std::string> exit_codes_;
};

int exit_code(const error& e);

/// Two lines for a terminal: what happened, and what to do.
std::string describe(const error& e, situation where = situation::keeping);

/// {"error":{"id":...,"exit":...,"message":...,"remedy":...}} on one line.
std::string describe_json(const error& e, situation where = situation::keeping);

}  // namespace holdfast::tools

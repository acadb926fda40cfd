// What the tools themselves can fail with. Every code has a row in `tools/errors.toml`, as those of the other rooms have.
#pragma once

#include "protocols/base/error.hpp"

namespace holdfast::tools {

enum class tool_errc : std::uint16_t {
  usage = 1,            ///< a flag or argument that is not known or makes no sense
  bad_manifest,         ///< a manifest that was refused; the complaints carry file, line and column
  bad_profile,          ///< a profile that does not read as one
  no_profile,           ///< no profile where one was looked for
  wrong_passphrase,     ///< the passphrase does not open the file
  file_failed,          ///< the operating system refused a file operation
  process_failed,       ///< a process could not be started, or died too early
  no_such_node,         ///< a local cluster has no node of that name
  not_a_local_cluster,  ///< a directory that `holdfast local up` did not make
  not_in_time,          ///< something awaited did not come within its deadline
  degraded,             ///< readable, with less redundancy than it should have
  damaged,              ///< not readable in full
  interrupted,          ///< a person pressed Ctrl-C, or the like
  disk_full,            ///< a local file cannot take more
  unreadable,           ///< a profile, manifest or passphrase file that the system does not let be read
  file_exists,          ///< a profile or recovery file would have to replace another
  bad_token,            ///< what was given as a token is none
  bad_address,          ///< what was given as an address is none
  not_running,          ///< a node that was to be signalled has no process
  none_serving,         ///< no node of a local cluster serves, where one was to be asked
  busy,                 ///< another command works on the same local cluster
  cannot_serve,         ///< a node runs and says that it will not serve
};

std::string_view to_string(tool_errc code);

}  // namespace holdfast::tools

namespace holdfast {

template <>
struct error_room<tools::tool_errc> {
  static constexpr std::string_view name = "tools";
};

}  // namespace holdfast

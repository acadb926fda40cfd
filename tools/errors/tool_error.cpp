#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

std::string_view to_string(tool_errc code) {
  switch (code) {
    case tool_errc::usage: return "usage";
    case tool_errc::bad_manifest: return "bad_manifest";
    case tool_errc::bad_profile: return "bad_profile";
    case tool_errc::no_profile: return "no_profile";
    case tool_errc::wrong_passphrase: return "wrong_passphrase";
    case tool_errc::file_failed: return "file_failed";
    case tool_errc::process_failed: return "process_failed";
    case tool_errc::no_such_node: return "no_such_node";
    case tool_errc::not_a_local_cluster: return "not_a_local_cluster";
    case tool_errc::not_in_time: return "not_in_time";
    case tool_errc::degraded: return "degraded";
    case tool_errc::damaged: return "damaged";
    case tool_errc::interrupted: return "interrupted";
    case tool_errc::disk_full: return "disk_full";
    case tool_errc::unreadable: return "unreadable";
    case tool_errc::file_exists: return "file_exists";
    case tool_errc::bad_token: return "bad_token";
    case tool_errc::bad_address: return "bad_address";
    case tool_errc::not_running: return "not_running";
    case tool_errc::none_serving: return "none_serving";
    case tool_errc::busy: return "busy";
    case tool_errc::cannot_serve: return "cannot_serve";
  }
  return "unknown";
}

}  // namespace holdfast::tools

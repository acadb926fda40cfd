// What the operating system says when a file cannot be had, as an error: a full disk is told from all else.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "tools/errors/tool_error.hpp"

namespace holdfast::tools {

/// `what` was to be done to `subject`: "cannot write to notes.txt: No space left on device". `why` is an errno.
inline error file_error(const std::string& what, const std::string& subject, int why = errno) {
  auto code = why == ENOSPC || why == EDQUOT ? tool_errc::disk_full : tool_errc::file_failed;
  return {code, "cannot " + what + " " + subject + ": " + std::strerror(why)};
}

}  // namespace holdfast::tools

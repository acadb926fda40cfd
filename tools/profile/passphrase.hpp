// Where a passphrase comes from: the file that HOLDFAST_PASSPHRASE_FILE names, or the terminal, without echo.
#pragma once

#include "protocols/base/error.hpp"

namespace holdfast::tools {

/// For opening. Asks `prompt` on the terminal itself, so that standard input and output may be pipes. Fails with `tool_errc::usage` where
/// there is neither file nor terminal.
result<std::string> ask_passphrase(const std::string& prompt);

/// For sealing: asked twice on a terminal, and not empty.
result<std::string> ask_new_passphrase(const std::string& what_for);

}  // namespace holdfast::tools

// What the help and flags of several commands have in common.
#pragma once

#include <set>

#include "tools/command_line/options.hpp"

namespace holdfast::tools {

void declare_identity(CLI::App& c, identity_options& o);

/// How a command's help ends: what is to be known about it, and the exit codes that its caller may meet.
void end_help(CLI::App& c, const std::string& text, const std::set<int>& exit_codes);

}  // namespace holdfast::tools

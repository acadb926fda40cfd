// The flags that every command of a client or operator has.
#pragma once

#include "tools/command_line/options.hpp"

namespace holdfast::tools {

void declare_identity(CLI::App& c, identity_options& o);

}  // namespace holdfast::tools

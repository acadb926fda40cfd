// Every command is a function from its options to an exit code. What it prints for programs goes to standard output, all else to
// standard error.
#pragma once

#include "protocols/base/error.hpp"
#include "tools/command_line/options.hpp"
#include "tools/errors/error_table.hpp"

namespace holdfast::tools {

/// Prints what went wrong and what to do, as text on standard error or as JSON on standard output; gives the exit code.
int report(const error& e, bool json = false, situation where = situation::keeping);

int run(const node_options& o);
int run(const invite_options& o);
int run(const members_options& o);
int run(const revoke_options& o);
int run(const status_options& o);
int run(const dashboard_options& o);
int run(const put_options& o);
int run(const get_options& o);
int run(const ls_options& o);
int run(const log_options& o);
int run(const rm_options& o);
int run(const restore_options& o);
int run(const verify_options& o);
int run(const repair_options& o);
int run(const profile_create_options& o);
int run(const profile_export_options& o);
int run(const profile_import_options& o);
int run(const local_up_options& o);
int run(const local_status_options& o);
int run(const local_add_options& o);
int run(const local_kill_options& o);
int run(const local_start_options& o);
int run(const local_down_options& o);

}  // namespace holdfast::tools

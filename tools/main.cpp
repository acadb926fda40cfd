// holdfast: the one program. Builds the tree of commands, runs the one that was named, and is the last border for what goes wrong.
#include <algorithm>
#include <iostream>

#include "actors/base/log.hpp"
#include "tools/command_line/help_format.hpp"
#include "tools/command_line/standard_output.hpp"
#include "tools/commands/commands.hpp"
#include "tools/errors/error_table.hpp"
#include "tools/errors/tool_error.hpp"

namespace {

using namespace holdfast::tools;

class command_tree {
 public:
  command_tree() : app_("Holdfast: storage that looks after itself.", "holdfast") {
    app_.require_subcommand(1);
    app_.formatter(std::make_shared<help_format>());
    app_.set_version_flag("--version", "holdfast " HOLDFAST_VERSION);
    app_.footer("`holdfast COMMAND --help` says more.\n\n" + error_table::instance().exit_codes_help());
    data_commands();
    cluster_commands();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& e) {  // --help, --version
      return app_.exit(e);
    } catch (const CLI::ParseError& e) {
      return report_usage(e.what(), argc, argv);
    }
    return chosen_();
  }

 private:
  /// The words that name a command, or were to and name none.
  struct named_command {
    std::string words;
    bool known = true;
  };
  named_command named(int argc, char** argv) const {
    const CLI::App* at = &app_;
    named_command found;
    for (int i = 1; i < argc && argv[i][0] != '-' && !at->get_subcommands({}).empty(); ++i) {
      found.words += " " + std::string(argv[i]);
      auto all = at->get_subcommands({});
      auto next = std::find_if(all.begin(), all.end(), [&](const CLI::App* c) { return c->check_name(argv[i]); });
      if (next == all.end()) return {found.words, false};
      at = *next;
    }
    return found;
  }

  /// The help that is pointed to is that of the command that was meant.
  int report_usage(const std::string& why, int argc, char** argv) const {
    auto meant = named(argc, argv);
    holdfast::error wrong(tool_errc::usage, meant.known ? why : "there is no command \"" + meant.words.substr(1) + "\"");
    bool json = std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
    if (json) return report(wrong, true);
    std::cerr << "holdfast: " << wrong.message() << "\n  `holdfast" << (meant.known ? meant.words : "") << " --help` shows what there is.\n";
    return exit_code(wrong);
  }

  template <class Options>
  void add(CLI::App& to, const std::string& name, const std::string& summary) {
    auto options = std::make_shared<Options>();
    auto* command = to.add_subcommand(name, summary);
    declare(*command, *options);
    command->callback([this, options] { chosen_ = [options] { return holdfast::tools::run(*options); }; });
  }

  CLI::App& group(const std::string& name, const std::string& summary) {
    auto* commands = app_.add_subcommand(name, summary);
    commands->require_subcommand(1);
    commands->footer("`holdfast " + name + " COMMAND --help` says more.\n");
    return *commands;
  }

  void data_commands() {
    add<put_options>(app_, "put", "keep a file, or standard input, as the next version of a name");
    add<get_options>(app_, "get", "read a file, now or as it was");
    add<ls_options>(app_, "ls", "what is in a folder");
    add<log_options>(app_, "log", "the versions of a file");
    add<rm_options>(app_, "rm", "take a name away; its versions stay");
    add<restore_options>(app_, "restore", "make an earlier version the newest again");
    add<verify_options>(app_, "verify", "fetch every fragment of a file and check it");
    add<repair_options>(app_, "repair", "have a file's missing or bad fragments mended, and wait for it");
    auto& profile = group("profile", "your keys: make them, bring them to safety, and back");
    add<profile_create_options>(profile, "create", "join a cluster as a client, with a token");
    add<profile_export_options>(profile, "export", "write a recovery file, under a passphrase");
    add<profile_import_options>(profile, "import", "restore a profile from a recovery file");
  }

  void cluster_commands() {
    add<node_options>(app_, "node", "run one node with the roles of its manifest");
    add<status_options>(app_, "status", "how the cluster does, and what is wrong");
    add<invite_options>(app_, "invite", "make a token that lets one node, client or operator join");
    add<members_options>(app_, "members", "who is admitted: nodes, clients and operators, with their ids");
    add<revoke_options>(app_, "revoke", "take an admission back, for good");
    add<dashboard_options>(app_, "dashboard", "print the link that signs a browser in to the dashboard");
    auto& local = group("local", "a cluster of real processes on this machine");
    add<local_up_options>(local, "up", "found a cluster, or start what is dead of one; returns when every node serves");
    add<local_status_options>(local, "status", "how each node does: starting, serving, catching-up, frozen or dead");
    add<local_add_options>(local, "add", "one more node; returns when it serves");
    add<local_kill_options>(local, "kill", "kill a node, or send it another signal");
    add<local_start_options>(local, "start", "start a dead node, or wake a frozen one; returns when it has caught up");
    add<local_down_options>(local, "down", "end every node; the data stays");
  }

  CLI::App app_;
  std::function<int()> chosen_;
};

/// Nothing aborts: what was not foreseen is told like all else.
int run_command(int argc, char** argv) {
  try {
    return command_tree().run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "holdfast: " << e.what() << "\n";
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  // Commands speak for themselves; a node sets its own log up.
  holdfast::actors::log::options quiet;
  quiet.least = holdfast::actors::log::level::error;
  holdfast::actors::log::configure(quiet);
  standard_output output;
  auto code = run_command(argc, argv);
  auto written = output.finish();
  if (written) return code;
  auto failed = report(written.error());
  return code == 0 ? failed : code;
}

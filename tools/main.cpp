// holdfast: the one program. Builds the tree of commands, and runs the one that was named.
#include <algorithm>
#include <iostream>

#include "actors/base/log.hpp"
#include "tools/command_line/help_format.hpp"
#include "tools/commands/commands.hpp"
#include "tools/errors/error_table.hpp"

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
      auto unknown = unknown_command(argc, argv);
      std::cerr << "holdfast: " << (unknown.empty() ? e.what() : "there is no command \"" + unknown + "\"")
                << "\n  `holdfast --help` and `holdfast COMMAND --help` show what there is.\n";
      return 2;
    }
    return chosen_();
  }

 private:
  /// The words that were to name a command and name none; empty if they do.
  std::string unknown_command(int argc, char** argv) const {
    const CLI::App* at = &app_;
    std::string words;
    for (int i = 1; i < argc && argv[i][0] != '-' && !at->get_subcommands({}).empty(); ++i) {
      words += (words.empty() ? "" : " ") + std::string(argv[i]);
      auto all = at->get_subcommands({});
      auto named = std::find_if(all.begin(), all.end(), [&](const CLI::App* c) { return c->check_name(argv[i]); });
      if (named == all.end()) return words;
      at = *named;
    }
    return {};
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

}  // namespace

int main(int argc, char** argv) {
  // Commands speak for themselves; a node sets its own log up.
  holdfast::actors::log::options quiet;
  quiet.least = holdfast::actors::log::level::error;
  holdfast::actors::log::configure(quiet);
  return command_tree().run(argc, argv);
}

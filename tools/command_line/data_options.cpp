// The flags of the commands that keep data, and of those that keep the keys to it.
#include <chrono>

#include "tools/command_line/identity_flags.hpp"
#include "tools/command_line/times.hpp"

namespace holdfast::tools {

namespace {

void declare_name(CLI::App& c, std::string& name, const char* meaning = "path of the file in the cluster, such as letters/2026/june.txt") {
  c.add_option("name", name, meaning)->required();
}

/// As text, so that any number of digits gets the same answer.
std::string not_a_version(const std::string& text) {
  bool digits = !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && text.find_first_not_of('0') != std::string::npos ? "" : "\"" + text + "\" is no version: they count from 1";
}

std::string not_a_time(const std::string& text) {
  if (parse_time(text, {})) return "";
  return "\"" + text + "\" is no time: 2026-11-21, \"2026-11-21 10:30\", 2026-11-21T10:30:05Z, 2026-11-21T10:30:05.250Z, or \"15m ago\"";
}

}  // namespace

void declare(CLI::App& c, put_options& o) {
  c.add_option("file", o.file, "file to keep; - for standard input")->required();
  declare_name(c, o.name);
  auto* version = c.add_option("--if-version", o.if_version, "only if the newest version is this one")->check(not_a_version)->option_text("N");
  c.add_flag("--if-absent", o.if_absent, "only if there is nothing of that name")->excludes(version);
  declare_identity(c, o.as);
  end_help(c, "Every put makes a new version; earlier ones stay. Folders on the way are made.", {0, 1, 2, 6, 7, 8, 9, 10, 130});
}

void declare(CLI::App& c, get_options& o) {
  declare_name(c, o.name);
  c.add_option("-o,--output", o.output, "file to write; - for standard output")->capture_default_str()->option_text("FILE");
  auto* version = c.add_option("--version", o.version, "this version instead of the newest; they count from 1")
                      ->check(not_a_version)->option_text("N");
  c.add_option("--at", o.at, "the version that was newest then: \"15m ago\", or at the end of that day or minute: 2026-11-21, \"2026-11-21 10:30\"")
      ->excludes(version)->check(not_a_time)->option_text("TIME");
  declare_identity(c, o.as);
  end_help(c, "A file appears under its name when it is whole, and not before. What is said of it goes to standard error.",
           {0, 1, 2, 4, 5, 7, 8, 10, 130});
}

void declare(CLI::App& c, ls_options& o) {
  c.add_option("name", o.name, "folder or file in the cluster (default: everything at the top)");
  c.add_flag("--removed", o.removed, "what was removed from the folder and can be brought back");
  declare_identity(c, o.as);
  end_help(c, "Bytes, time and name of each; a folder's name ends in a slash.", {0, 1, 2, 5, 7, 8});
}

void declare(CLI::App& c, log_options& o) {
  declare_name(c, o.name);
  declare_identity(c, o.as);
  end_help(c, "The newest first. `holdfast get NAME --version N` reads one.", {0, 1, 2, 5, 7, 8});
}

void declare(CLI::App& c, rm_options& o) {
  declare_name(c, o.name);
  declare_identity(c, o.as);
  end_help(c,
           "Its versions stay: `holdfast log NAME` shows them, `holdfast restore NAME --version N` brings one back, and what is put under\n"
           "the name becomes the next. A folder must be empty.",
           {0, 1, 2, 5, 6, 7, 8, 9});
}

void declare(CLI::App& c, restore_options& o) {
  declare_name(c, o.name);
  c.add_option("--version", o.version, "the version that becomes the newest again, as a new version")
      ->required()->check(not_a_version)->option_text("N");
  declare_identity(c, o.as);
  end_help(c, "`holdfast log NAME` lists the versions. A name that was removed is put back first.", {0, 1, 2, 5, 6, 7, 8, 9});
}

void declare(CLI::App& c, repair_options& o) {
  declare_name(c, o.name);
  declare_identity(c, o.as);
  end_help(c, "Looks at every fragment, so that servers notice what is missing or bad and make it anew from the others; looks again until all is\n"
           "well or --timeout is over.",
           {0, 1, 2, 3, 4, 5, 7, 8});
}

void declare(CLI::App& c, verify_options& o) {
  declare_name(c, o.name);
  c.add_option("--version", o.version, "this version instead of the newest; they count from 1")->check(not_a_version)->option_text("N");
  declare_identity(c, o.as);
  end_help(c, "Fetches everything and checks every hash and signature. Exit code 0 stands for full redundancy.", {0, 1, 2, 3, 4, 5, 7, 8});
}

void declare(CLI::App& c, profile_create_options& o) {
  c.add_option("--join", o.join, "any member of the cluster")->required()->option_text("HOST:PORT");
  c.add_option("--token", o.token, "leave to join, from `holdfast invite client`; better in HOLDFAST_TOKEN, where ps does not show it")
      ->required()->envname("HOLDFAST_TOKEN")->option_text("TOKEN");
  c.add_flag("--passphrase", o.passphrase, "seal the profile; asked for, or read from the file HOLDFAST_PASSPHRASE_FILE names");
  declare_identity(c, o.as);
  end_help(c, "The profile holds your keys. Without it nobody can recover your data: not the operators, not the servers, not us.\n"
           "Make a recovery file at once: `holdfast profile export FILE`.",
           {0, 1, 2, 6, 7, 8, 9, 10});
}

void declare(CLI::App& c, profile_export_options& o) {
  c.add_option("file", o.file, "recovery file to write")->required();
  declare_identity(c, o.as);
  end_help(c, "The recovery file always has a passphrase. With both, `holdfast profile import FILE` restores your access on an empty machine.",
           {0, 1, 2, 6, 7, 10});
}

void declare(CLI::App& c, profile_import_options& o) {
  c.add_option("file", o.file, "recovery file to read")->required();
  c.add_flag("--passphrase", o.passphrase, "keep the restored profile under the same passphrase");
  declare_identity(c, o.as);
  end_help(c, "Asks for the recovery file's passphrase, or reads it from the file HOLDFAST_PASSPHRASE_FILE names.", {0, 1, 2, 6, 7, 10, 11});
}

}  // namespace holdfast::tools

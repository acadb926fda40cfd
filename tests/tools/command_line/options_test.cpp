// Command lines: what is understood, and what is refused before anything happens.
#include <boost/test/unit_test.hpp>

#include "tools/command_line/options.hpp"

using namespace holdfast::tools;

namespace {

template <class Options>
std::optional<Options> parse(std::string line) {
  CLI::App app;
  Options options;
  declare(app, options);
  try {
    app.parse(line);
    return options;
  } catch (const CLI::ParseError&) {
    return std::nullopt;
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(put_takes_a_file_a_name_and_one_condition) {
  auto o = parse<put_options>("notes.txt letters/notes.txt --if-version 3").value();
  BOOST_TEST(o.file == "notes.txt");
  BOOST_TEST(o.name == "letters/notes.txt");
  BOOST_TEST(o.if_version.value() == 3u);
  BOOST_TEST(parse<put_options>("- name").value().file == "-");
  BOOST_TEST(!parse<put_options>("notes.txt"));
  BOOST_TEST(!parse<put_options>("a b --if-version 3 --if-absent"));
  BOOST_TEST(!parse<put_options>("a b --if-version 0"));
  BOOST_TEST(!parse<put_options>("a b c"));
}

BOOST_AUTO_TEST_CASE(get_travels_by_version_or_by_time) {
  BOOST_TEST(parse<get_options>("a").value().output == "-");
  BOOST_TEST(parse<get_options>("a -o out --version 2").value().version.value() == 2u);
  BOOST_TEST(parse<get_options>("a --at 2026-11-21T10:30").value().at == "2026-11-21T10:30");
  BOOST_TEST(!parse<get_options>("a --at yesterday"));
  BOOST_TEST(!parse<get_options>("a --version 1 --at 2026-11-21"));
}

BOOST_AUTO_TEST_CASE(a_node_founds_or_joins) {
  auto o = parse<node_options>("--manifest m.toml --found --ring 4 --listen a:1 --set limits.memory=1GiB").value();
  BOOST_TEST(o.ring == 4u);
  BOOST_TEST(o.settings.at("listen") == "a:1");
  BOOST_TEST(o.settings.at("limits.memory") == "1GiB");
  BOOST_TEST(!parse<node_options>("--manifest m.toml --found --join a:1"));
  BOOST_TEST(!parse<node_options>("--manifest m.toml --ring 4"));
  BOOST_TEST(!parse<node_options>("--manifest m.toml --found --ring 5"));
  BOOST_TEST(!parse<node_options>("--manifest m.toml --set limits.memry=1"));
  BOOST_TEST(!parse<node_options>("--found"));
}

BOOST_AUTO_TEST_CASE(local_commands_want_their_folder) {
  BOOST_TEST(parse<local_kill_options>("node-2 --dir d --signal SIGSTOP").value().signal == "SIGSTOP");
  BOOST_TEST(parse<local_kill_options>("node-2 --dir d").value().signal == "KILL");
  BOOST_TEST(!parse<local_kill_options>("node-2 --dir d --signal NOSUCH"));
  BOOST_TEST(!parse<local_up_options>("--nodes 4"));
  BOOST_TEST(parse<local_up_options>("--nodes 7 --dir d --ring 4 --ring-max 4").value().ring.value() == 4u);
  BOOST_TEST(!parse<local_up_options>("--nodes 65 --dir d"));
}

BOOST_AUTO_TEST_CASE(invitations_have_a_kind_and_a_time) {
  BOOST_TEST(parse<invite_options>("node --ttl 15m").value().ttl == "15m");
  BOOST_TEST(!parse<invite_options>("guest"));
  BOOST_TEST(!parse<invite_options>("node --ttl soon"));
  BOOST_TEST(!parse<restore_options>("a"));
  BOOST_TEST(parse<restore_options>("a --version 3").value().version == 3u);
}

BOOST_AUTO_TEST_CASE(help_ends_with_the_exit_codes_of_the_command) {
  CLI::App app;
  get_options options;
  declare(app, options);
  BOOST_TEST(app.get_footer().find("  130  interrupted\n") != std::string::npos);
  BOOST_TEST(app.get_footer().find("   74  ") == std::string::npos);
}

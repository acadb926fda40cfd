// Profiles come back from disk as they went, under their passphrase alone, and are never readable by others or overwritten.
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tools/errors/tool_error.hpp"
#include "tools/files/private_file.hpp"
#include "tools/profile/profile_file.hpp"

using namespace holdfast;
using namespace holdfast::tools;
namespace fs = std::filesystem;

namespace {

constexpr identity::stretching cheap{64, 1};

identity::profile example() {
  identity::profile p;
  p.members = {"127.0.0.1:7400", "[::1]:7401"};
  seeded_random random(5);
  p.secrets.cluster.raw = random.array<32>();
  p.secrets.identity_seed = crypto::secret<32>(random.array<32>());
  p.secrets.tls_key = to_bytes(as_bytes_view("a private key"));
  p.secrets.root_directory = to_bytes(as_bytes_view("a capability"));
  p.secrets.admission = bytes(700, 7);
  return p;
}

bool same(const identity::profile& a, const identity::profile& b) {
  return a.members == b.members && codec::encode(a.secrets) == codec::encode(b.secrets);
}

struct folder {
  fs::path path = fs::temp_directory_path() / ("holdfast-profile-test-" + std::to_string(::getpid()));
  folder() { fs::create_directory(path); }
  ~folder() { fs::remove_all(path); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_profile_comes_back_with_and_without_a_passphrase) {
  seeded_random random(1);
  auto open = print_profile(example(), std::nullopt, cheap, random).value();
  BOOST_TEST(!is_sealed(open).value());
  BOOST_TEST(same(parse_profile(open, std::nullopt).value(), example()));

  auto sealed = print_profile(example(), "correct horse", cheap, random).value();
  BOOST_TEST(is_sealed(sealed).value());
  BOOST_TEST(same(parse_profile(sealed, "correct horse").value(), example()));
  BOOST_TEST(parse_profile(sealed, "wrong").error().is(tool_errc::wrong_passphrase));
  BOOST_TEST(parse_profile(sealed, std::nullopt).error().is(tool_errc::wrong_passphrase));
}

BOOST_AUTO_TEST_CASE(what_is_no_profile_is_refused) {
  seeded_random random(1);
  auto text = print_profile(example(), std::nullopt, cheap, random).value();
  auto with = [&](const std::string& from, const std::string& to) {
    auto copy = text;
    copy.replace(copy.find(from), from.size(), to);
    return parse_profile(copy, std::nullopt);
  };
  BOOST_TEST(with("format = 1", "format = 2").error().is(errc::unsupported));
  BOOST_TEST(with("format = 1", "format = 0").error().is(tool_errc::bad_profile));
  BOOST_TEST(with("[::1]:7401", "nowhere").error().is(tool_errc::bad_profile));
  BOOST_TEST(with("members", "member").error().is(tool_errc::bad_profile));
  BOOST_TEST(with("\"\"\"\n", "\"\"\"\nm").error().is(tool_errc::bad_profile));
  BOOST_TEST(parse_profile("", std::nullopt).error().is(tool_errc::bad_profile));
  BOOST_TEST(parse_profile("= 3", std::nullopt).error().is(tool_errc::bad_profile));
}

BOOST_AUTO_TEST_CASE(a_profile_on_disk_is_private_and_not_overwritten) {
  folder dir;
  auto path = dir.path / "deep" / "profile.toml";
  BOOST_REQUIRE(save_profile(path, example(), std::nullopt, cheap, false).has_value());
  BOOST_TEST(!readable_by_others(path));
  BOOST_TEST(!readable_by_others(path.parent_path()));
  BOOST_TEST(same(load_profile(path).value(), example()));
  BOOST_TEST(save_profile(path, example(), std::nullopt, cheap, false).error().is(tool_errc::file_exists));
  fs::permissions(path, fs::perms::others_read, fs::perm_options::add);
  BOOST_TEST(load_profile(path).error().is(tool_errc::bad_profile));
  BOOST_TEST(load_profile(dir.path / "none").error().is(tool_errc::no_profile));
  BOOST_TEST(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()) == 1);
}

BOOST_AUTO_TEST_CASE(the_passphrase_may_come_from_a_file) {
  folder dir;
  auto path = dir.path / "profile.toml";
  BOOST_REQUIRE(save_profile(path, example(), "correct horse", cheap, false).has_value());
  std::ofstream(dir.path / "words") << "correct horse\n";
  ::setenv("HOLDFAST_PASSPHRASE_FILE", (dir.path / "words").c_str(), 1);
  BOOST_TEST(same(load_profile(path).value(), example()));
  std::ofstream(dir.path / "words") << "\n";
  BOOST_TEST(load_profile(path).error().is(tool_errc::usage));
  ::unsetenv("HOLDFAST_PASSPHRASE_FILE");
}

BOOST_AUTO_TEST_CASE(what_an_empty_variable_names_is_nothing) {
  ::setenv("HOLDFAST_PROFILE", "", 1);
  BOOST_TEST(profile_path("").filename() == "profile.toml");
  ::unsetenv("HOLDFAST_PROFILE");
}

BOOST_AUTO_TEST_CASE(keys_that_were_damaged_are_told_from_those_of_a_newer_program) {
  seeded_random random(1);
  auto text = print_profile(example(), "correct horse", cheap, random).value();
  auto first_line = text.find("\"\"\"\n") + 4;
  auto damaged = text;
  damaged[first_line] = damaged[first_line] == 'c' ? 'd' : 'c';
  BOOST_TEST(parse_profile(damaged, "correct horse").error().is(tool_errc::bad_profile));
  damaged = text;
  damaged.erase(first_line, damaged.find('\n', first_line) + 1 - first_line);
  BOOST_TEST(parse_profile(damaged, "correct horse").error().is(tool_errc::bad_profile));
}

BOOST_AUTO_TEST_CASE(where_a_profile_cannot_be_written_is_known_before) {
  folder dir;
  BOOST_TEST(expect_writable(dir.path / "new" / "profile.toml").has_value());
  BOOST_TEST(fs::is_empty(dir.path / "new"));
  BOOST_TEST(!expect_writable("/proc/profile.toml").has_value());
  BOOST_TEST(expect_free(dir.path / "profile.toml", "").has_value());
  std::ofstream(dir.path / "profile.toml") << "mine";
  BOOST_TEST(expect_free(dir.path / "profile.toml", "").error().is(tool_errc::file_exists));
}
